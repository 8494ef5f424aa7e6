"""Pictures with a class each, as classification formats hold them: to be written, and as they are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from fsl_demo.core.class_names import class_key
from fsl_demo.core.collections import PARTS
from fsl_demo.core.episodes import ClassSpec, LabelledEpisode, check_texts
from fsl_demo.core.errors import UserError
from fsl_demo.core.file_names import folder_name, plain
from fsl_demo.core.pictures import Picture
from fsl_demo.datasets.file_source import FileSource
from fsl_demo.store.exchange.annotations import AnnotationFiles, Annotations, file_of
from fsl_demo.store.exchange.format import Format

_HASH = re.compile("(?:.*-)?([0-9a-f]{12})|([0-9a-f]{64})", re.DOTALL)
NONE = "(none of these)"
"""The class of a picture that a person said is of none."""


@dataclass(frozen=True)
class ClassifiedPicture:
    """A picture to write.

    Attributes:
        label: its class, NONE, or "" where nobody has said one.
        part: "train", "validation" or "test".
        role: "support" or "query" of the episode of that id; both are "" in a collection.
        group: of near-duplicates; "" in an episode.
    """

    picture: Picture
    label: str
    part: str
    role: str = ""
    episode: str = ""
    group: str = ""

    @property
    def stem(self) -> str:
        """A name for its file: without spaces, and with the beginning of its hash."""
        stem = "_".join(folder_name(PurePosixPath(self.picture.name).stem).split())
        return f"{stem}-{self.picture.sha256[:12]}"

    @property
    def about(self) -> dict[str, str]:
        """What other tools have no place for."""
        of_episode = {"role": self.role, "episode": self.episode} if self.episode else {}
        return {"name": self.picture.name, "sha256": self.picture.sha256, "group": self.group, **of_episode}


Ingest = Callable[[bytes, str], Picture]
"""Makes a picture of the bytes of a file and its name."""


@dataclass(frozen=True)
class ReadLabel:
    """A word on a picture, as a file has it.

    Attributes:
        name: of the picture's file.
        label: a class, NONE, or "".
        picture: reads it; None where the file does not hold it.
        sha256: of the picture, or the beginning of it; "" where the file does not say.
        annotator: who said it, where the tool knows.
        role, episode: as of `ClassifiedPicture`.
    """

    name: str
    label: str
    picture: Callable[[Ingest], Picture] | None
    sha256: str = ""
    annotator: str = ""
    role: str = ""
    episode: str = ""

    @classmethod
    def of(
        cls, files: AnnotationFiles, file: str, label: str, about: Mapping[str, Any] | None = None, annotator: str = ""
    ) -> ReadLabel:
        """The word on a picture that is named by its path or address.

        Args:
            about: what else the file says of it, under the names of `about`.
        """
        texts = {key: value for key, value in (about or {}).items() if isinstance(value, str)}
        place = PurePosixPath(file_of(file))
        return cls(
            texts.get("name") or place.name or file,
            label,
            in_source(files.source, files.find(file)),
            sha256=texts.get("sha256") or hash_in(place.stem),
            annotator=annotator,
            role=texts.get("role", ""),
            episode=texts.get("episode", ""),
        )


WritePictures = Callable[[Sequence[ClassifiedPicture], Path], None]
ReadLabels = Callable[[AnnotationFiles], Iterator[ReadLabel] | None]


ReadBoxes = Callable[[AnnotationFiles], Annotations | None]


def format_of(id: str, title: str, write: WritePictures, read: ReadLabels, boxes: ReadBoxes | None = None) -> Format:
    """The format that writes and reads classified pictures, and maybe reads boxes."""
    return Format(
        id,
        title=title,
        suffix=".zip",
        pixels=True,
        write=lambda episodes, path: write(of_episodes(episodes), path),
        write_pictures=write,
        read_labels=read,
        read_annotations=boxes,
    )


def of_episodes(episodes: Iterable[tuple[str, LabelledEpisode]]) -> list[ClassifiedPicture]:
    """The pictures of episodes, as (id, episode): support to train on, queries to test on."""
    classified = []
    for episode_id, labelled in episodes:
        episode = labelled.episode
        names = [spec.name for spec in episode.classes]
        for example in episode.support:
            label = names[example.class_index]
            classified.append(ClassifiedPicture(example.picture, label, "train", role="support", episode=episode_id))
        for position, picture in enumerate(episode.queries):
            given = labelled.labels.get(position)
            label = "" if given is None else NONE if given.class_index is None else names[given.class_index]
            classified.append(ClassifiedPicture(picture, label, "test", role="query", episode=episode_id))
    return classified


def class_names(pictures: Iterable[ClassifiedPicture]) -> list[str]:
    """The names of the classes, in order of first appearance, each in its first spelling."""
    names: dict[str, str] = {}
    for classified in pictures:
        if classified.label:
            names.setdefault(class_key(classified.label), classified.label)
    return list(names.values())


def places(names: Iterable[str]) -> dict[str, int]:
    """The place of each class, by its key."""
    return {class_key(name): place for place, name in enumerate(names)}


def unique_stems(pictures: Sequence[ClassifiedPicture]) -> list[str]:
    """A name for each file, without dots; a picture that is there twice has two."""
    given: set[str] = set()
    stems = []
    for entry in pictures:
        name, number = entry.stem.replace(".", "_"), 1
        stem = name
        while stem.casefold() in given:
            number += 1
            start, _, end = name.rpartition("-")
            stem = f"{start}-{number}-{end}"
        given.add(stem.casefold())
        stems.append(stem)
    return stems


def in_source(source: FileSource, path: PurePosixPath | None) -> Callable[[Ingest], Picture] | None:
    """What reads the picture of a file of a folder or zip; None without one."""
    return None if path is None else partial(source.picture, path)


def of_bytes(source: FileSource, data: bytes, name: str) -> Callable[[Ingest], Picture]:
    """What reads the picture of a file that lies inside another."""
    return partial(source.decoded, data, name)


def hash_in(stem: str) -> str:
    """The beginning of a hash that ends the name of a file, or the hash that is its name; "" where there is none."""
    match = _HASH.fullmatch(stem)
    return (match[1] or match[2]) if match else ""


def check_label(label: str) -> None:
    """Raise `class_name_empty` or `class_name_long` unless a class can be called so; "" is no class."""
    if label and label != NONE:
        if not class_key(plain(label)):
            raise UserError("class_name_empty", position=1)
        check_texts(ClassSpec(label))


def by_part(shards: Iterable[PurePosixPath]) -> list[PurePosixPath]:
    """The files in the order of the parts that their paths name; others come last."""
    return sorted(shards, key=lambda path: (*(part not in _words(path) for part in PARTS), path))


def _words(path: PurePosixPath) -> list[str]:
    return re.split("[^a-z]+", str(path).lower())
