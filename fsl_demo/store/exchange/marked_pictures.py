"""Pictures with their boxes, as detection formats hold them: one zip of pictures, annotations and documents.

A support picture's boxes are named like its class, a query's like its regions. The documents say everything else, so
that what is written here comes back whole, with the boxes as another tool has left them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath

from fsl_demo.core.class_names import class_key
from fsl_demo.core.episodes import LabelledEpisode
from fsl_demo.core.exports import replacing
from fsl_demo.core.file_names import folder_name
from fsl_demo.core.pictures import Picture
from fsl_demo.store.exchange import document
from fsl_demo.store.exchange.annotations import Mark
from fsl_demo.store.exchange.files import ZipWriter

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class MarkedPicture:
    """A picture of an episode, its file's name, and its boxes in pixels."""

    file: str
    picture: Picture
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class MarkedPictures:
    """What is to be annotated.

    Attributes:
        categories: a name each: of the classes in order, and of what else boxes are called.
    """

    categories: tuple[str, ...]
    pictures: tuple[MarkedPicture, ...]

    def category(self, name: str) -> int:
        """The place of the category that a box belongs to."""
        return self._places[class_key(name)]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {class_key(name): place for place, name in enumerate(self.categories)}


Texts = Callable[[MarkedPictures], Mapping[str, str]]
"""Gives the annotations: texts by the names of their files."""


def write(episodes: Sequence[tuple[str, LabelledEpisode]], path: Path, folder: str, texts: Texts) -> None:
    """Write episodes, as (id, episode), to one zip, with the pictures in a folder of it."""
    with replacing(path) as file, ZipWriter(file) as zip_file:
        names = _Names()
        pictures: list[MarkedPicture] = []
        for episode_id, labelled in episodes:
            marked = _marked(labelled, names)
            pictures += marked
            files = [zip_file.picture(f"{folder}/{entry.file}", entry.picture) for entry in marked]
            support = len(labelled.episode.support)
            dumped = document.dump(episode_id, labelled, support_files=files[:support], query_files=files[support:])
            zip_file.text(document.file_name(episode_id), dumped)
        for name, text in texts(MarkedPictures(_categories(episodes, pictures), tuple(pictures))).items():
            zip_file.text(name, text)


def spelled(name: str) -> str:
    """A name as every format can hold it: on one line, without characters that XML has not."""
    return " ".join(_NOT_IN_XML.sub("\ufffd", name).split())


def marks(labelled: LabelledEpisode) -> list[tuple[Mark, ...]]:
    """The boxes of the support pictures, then of the queries, in fractions."""
    episode = labelled.episode
    names = [spec.name for spec in episode.classes]
    support = [tuple(Mark(names[example.class_index], box) for box in example.boxes) for example in episode.support]
    queries = [
        tuple(Mark(label.name, label.box, label.annotator) for label in labelled.regions.get(position, ()))
        for position in range(len(episode.queries))
    ]
    return [*support, *queries]


class _Names:
    """Names of files, each given once."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def give(self, picture: Picture) -> str:
        stem = f"{folder_name(PurePosixPath(picture.name).stem)}-{picture.sha256[:12]}"
        name, number = stem, 1
        while name.casefold() in self._given:
            number += 1
            name = f"{stem}-{number}"
        self._given.add(name.casefold())
        return f"{name}.png"


def _marked(labelled: LabelledEpisode, names: _Names) -> list[MarkedPicture]:
    """The pictures of an episode, support first: one that is there twice has a file for each, with boxes of its own."""
    episode = labelled.episode
    pictures = [*(example.picture for example in episode.support), *episode.queries]
    return [
        MarkedPicture(names.give(picture), picture, tuple(_spelled(in_pixels(mark, picture)) for mark in of_picture))
        for picture, of_picture in zip(pictures, marks(labelled), strict=True)
    ]


def _spelled(mark: Mark) -> Mark:
    return replace(mark, name=spelled(mark.name))


def in_pixels(mark: Mark, picture: Picture) -> Mark:
    """A box whose edges are fractions, in pixels."""
    left, top, right, bottom = mark.edges
    width, height = picture.width, picture.height
    return Mark(mark.name, (left * width, top * height, right * width, bottom * height), mark.annotator)


def _categories(episodes: Sequence[tuple[str, LabelledEpisode]], pictures: Sequence[MarkedPicture]) -> tuple[str, ...]:
    classes = [spelled(spec.name) for _, labelled in episodes for spec in labelled.episode.classes]
    others = [mark.name for entry in pictures for mark in entry.marks]
    first: dict[str, str] = {}
    for name in (*classes, *others):
        first.setdefault(class_key(name), name)
    return tuple(first.values())
