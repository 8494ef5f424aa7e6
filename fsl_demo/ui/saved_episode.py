"""A page's document as the episode that is saved, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fsl_demo.core.episodes import Episode, Label, LabelledEpisode, Run, class_key
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import RegionLabel
from fsl_demo.ui.document import NONE, ClassRow, Document, GivenLabel, Unreadable
from fsl_demo.ui.given_regions import GivenRegion, Regions
from fsl_demo.ui.result import Result


def to_episode(document: Document, picture: Callable[[str], Picture]) -> LabelledEpisode:
    """The episode with results and labels, as it is saved. Results that are out of date are left out."""
    index = {row.key: position for position, row in enumerate(document.rows())}
    places = {sha: position for position, sha in enumerate(document.queries)}
    labels = {
        places[sha]: Label(
            class_index=index.get(given.answer),
            annotator=given.annotator,
            source=given.source,
            suggestion=index.get(given.suggestion),
            seconds=given.seconds,
        )
        for sha, given in document.labels.items()
        if sha in places and (given.answer == NONE or given.answer in index)
    }
    current = [] if document.outdated else [result for result in document.results if result.queries == document.queries]
    return LabelledEpisode(
        episode=document.episode(picture),
        title=document.title.strip(),
        runs=tuple(Run(result.scores, result.device) for result in current),
        labels=labels,
        regions=_regions(document, places),
    )


def _regions(document: Document, places: Mapping[str, int]) -> dict[int, tuple[RegionLabel, ...]]:
    """What people said is where on the queries, by their index; a box that has no name yet says nothing."""
    names = document.class_names()
    labels = {
        places[sha]: tuple(
            RegionLabel(region.box, name=name, annotator=region.annotator, source=region.source)
            for region in given.values()
            if (name := names.get(region.answer, region.name).strip())
        )
        for sha, given in document.regions.items()
        if sha in places
    }
    return {place: given for place, given in labels.items() if given}


def from_episode(labelled: LabelledEpisode, episode_id: str = "", unreadable: Sequence[str] = ()) -> Document:
    """The page of a saved episode.

    Args:
        unreadable: what of it cannot be shown.
    """
    episode = labelled.episode
    rows = [ClassRow(spec.name, "\n".join(spec.descriptions)) for spec in episode.classes]
    for example in episode.support:
        rows[example.class_index].pictures.append(example.picture.sha256)
    keys = [row.key for row in rows]
    document = Document(
        title=labelled.title,
        classes=rows or [ClassRow(), ClassRow()],
        queries=list(dict.fromkeys(query.sha256 for query in episode.queries)),
        methods=[run.scores.method for run in labelled.runs] or None,
        settings={
            run.scores.method: chosen
            for run in labelled.runs
            if (chosen := {name: value for name, value in run.scores.settings.items() if value is not None})
        },
        results=[_result(run, rows, episode) for run in labelled.runs],
        labels={
            episode.queries[position].sha256: _given(label, keys)
            for position, label in labelled.labels.items()
            if position < len(episode.queries)
        },
        regions=_given_regions(labelled, rows),
        episode_id=episode_id,
        unreadable=[Unreadable("results", reason, None) for reason in unreadable],
    )
    document.scored = document.evidence()
    return document


def _given_regions(labelled: LabelledEpisode, rows: Sequence[ClassRow]) -> Regions:
    """What people said is where on queries, and where the things of support pictures are, by hash."""
    episode, keys = labelled.episode, {class_key(row.name): row.key for row in rows}
    given: dict[str, list[GivenRegion]] = {}
    for place, labels in labelled.regions.items():
        if place < len(episode.queries):
            given.setdefault(episode.queries[place].sha256, []).extend(
                GivenRegion(
                    box=region.box,
                    answer=(answer := keys.get(class_key(region.name), "")),
                    name="" if answer else region.name,
                    source=region.source,
                    annotator=region.annotator,
                )
                for region in labels
            )
    for example in episode.support:
        regions = given.setdefault(example.picture.sha256, [])
        known = {region.box for region in regions}  # of one that is a query, too
        regions += [GivenRegion(box) for box in example.boxes if box not in known]
    return {
        sha: {f"{number:x}": region for number, region in enumerate(regions)}
        for sha, regions in given.items()
        if regions
    }


def _result(run: Run, rows: list[ClassRow], episode: Episode) -> Result:
    """The result of a run; a query that is there twice counts once."""
    scored = [query.sha256 for query in episode.queries[: len(run.scores.probabilities)]]
    first = [scored.index(sha) for sha in dict.fromkeys(scored)]
    return Result(
        scores=run.scores if len(first) == len(scored) else run.scores.rows(first),
        classes=[row.key for row in rows],
        queries=[scored[place] for place in first],
        support=[example.picture.sha256 for example in episode.support],
        device=run.device,
        names=[row.name for row in rows],
        descriptions=[row.description for row in rows],
        boxes={example.picture.sha256: list(example.boxes) for example in episode.support if example.boxes},
    )


def _given(label: Label, keys: list[str]) -> GivenLabel:
    def key(index: int | None, absent: str) -> str:
        return absent if index is None else keys[index]

    return GivenLabel(
        answer=key(label.class_index, NONE),
        suggestion="" if label.source == "blind" else key(label.suggestion, NONE),
        source=label.source,
        annotator=label.annotator,
        seconds=label.seconds,
    )
