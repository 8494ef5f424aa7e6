"""A page's document as the episode that is saved, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fsl_demo.core.episodes import Episode, Label, LabelledEpisode, Run
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Box, RegionLabel
from fsl_demo.ui import marks
from fsl_demo.ui.document import NONE, ClassRow, Document, GivenLabel, Unreadable
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
        regions={places[sha]: regions for sha, regions in document.regions.items() if sha in places},
    )


def from_episode(labelled: LabelledEpisode, episode_id: str = "", unreadable: Sequence[str] = ()) -> Document:
    """The page of a saved episode.

    Args:
        unreadable: what of it cannot be shown.
    """
    episode = labelled.episode
    rows = [ClassRow(spec.name, "\n".join(spec.descriptions)) for spec in episode.classes]
    boxes: dict[str, tuple[Box, ...]] = {}
    regions: dict[str, tuple[RegionLabel, ...]] = {}
    for example in episode.support:
        rows[example.class_index].pictures.append(example.picture.sha256)
        marks.add(boxes, example.picture.sha256, example.boxes)
    for position, labels in labelled.regions.items():
        marks.add(regions, episode.queries[position].sha256, labels)
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
        boxes=boxes,
        regions=regions,
        use_region=any(run.scores.note.get("region") is True for run in labelled.runs),
        episode_id=episode_id,
        unreadable=[Unreadable("results", reason, None) for reason in unreadable],
    )
    document.scored = document.evidence()
    return document


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
        boxes={example.picture.sha256: example.boxes for example in episode.support if example.boxes},
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
