"""What can be diagnosed: class folders, saved episodes, collections and frozen versions of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fsl_demo.core.class_names import class_key
from fsl_demo.core.collections import CollectedPicture, parse_reference
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
        return of_members(workspace.collections.pictures(name))
    frozen = workspace.collections.version(name, number)
    learned = [(member.picture, member.class_name) for member in frozen.part("train")]
    tested = [(member.picture, member.class_name) for member in (*frozen.part("validation"), *frozen.part("test"))]
    return _subject(learned, tested)


def of_members(members: Iterable[CollectedPicture]) -> Subject:
    """The pictures of a collection that have a class by the newest word on them, all to learn from."""
    named = [(member.picture, member.label.class_name) for member in members if member.label]
    return _subject([(picture, class_name) for picture, class_name in named if class_name is not None], [])


def _subject(learned: Sequence[tuple[Picture, str]], tested: Sequence[tuple[Picture, str]]) -> Subject:
    names: dict[str, str] = {}
    for _, name in (*learned, *tested):
        names.setdefault(class_key(name), name)
    place = {key: index for index, key in enumerate(names)}
    episode = Episode(
        tuple(map(ClassSpec, names.values())),
        tuple(Example(picture, place[class_key(name)]) for picture, name in learned),
        tuple(picture for picture, _ in tested),
    )
    return Subject(episode, tuple(place[class_key(name)] for _, name in tested))
