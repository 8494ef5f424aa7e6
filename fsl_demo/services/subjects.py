"""What can be diagnosed: class folders, saved episodes, collections and frozen versions of them."""

from __future__ import annotations

from collections.abc import Iterable

from fsl_demo.core.class_names import class_key
from fsl_demo.core.collections import parse_reference
from fsl_demo.core.episodes import ClassSpec, Episode, Example, LabelledEpisode
from fsl_demo.core.pictures import Picture
from fsl_demo.services.diagnosis import Subject
from fsl_demo.store import Workspace


def of_support(episode: Episode) -> Subject:
    """A support set; nobody knows what its queries are."""
    return Subject(episode, (None,) * len(episode.queries))


def of_episode(labelled: LabelledEpisode) -> Subject:
    """A saved episode, with the labels of its queries."""
    queries = range(len(labelled.episode.queries))
    labels = [labelled.labels.get(query) for query in queries]
    return Subject(labelled.episode, tuple(label.class_index if label else None for label in labels))


def of_collection(workspace: Workspace, reference: str) -> Subject:
    """A collection as it is now, all that is labelled to learn from; or, as NAME@VERSION, a frozen version, whose parts
    for validation and test are queries.

    Raises:
        UserError: `collection_missing`, `never_frozen`, `frozen_missing`.
    """
    name, number = parse_reference(reference)
    if number is None:
        labelled = [(member.picture, member.label) for member in workspace.collections.pictures(name)]
        return _subject([(picture, label.class_name) for picture, label in labelled if label and label.class_name], [])
    frozen = workspace.collections.version(name, number)
    learned, tested = (
        [(member.picture, member.class_name) for part in parts for member in frozen.part(part)]
        for parts in (("train",), ("validation", "test"))
    )
    return _subject(learned, tested)


def _subject(learned: Iterable[tuple[Picture, str | None]], tested: Iterable[tuple[Picture, str | None]]) -> Subject:
    learned, tested = list(learned), list(tested)
    names: dict[str, str] = {}
    for _, name in (*learned, *tested):
        names.setdefault(class_key(name or ""), name or "")
    place = {key: index for index, key in enumerate(names)}
    episode = Episode(
        tuple(map(ClassSpec, names.values())),
        tuple(Example(picture, place[class_key(name or "")]) for picture, name in learned),
        tuple(picture for picture, _ in tested),
    )
    return Subject(episode, tuple(place[class_key(name or "")] for _, name in tested))
