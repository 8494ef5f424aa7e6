"""Collections: named sets of pictures with labels of their own; frozen, one is a numbered version that never changes.

Each part of a frozen version is for one thing: to learn from, to choose with, to be tested on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from fsl_demo.core.class_names import class_key
from fsl_demo.core.episodes import LabelSource
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")

CollectionSource = LabelSource | Literal["imported", "episode", "settled"]


@dataclass(frozen=True)
class CollectionLabel:
    """A person's word on a picture of a collection.

    Attributes:
        class_name: the class, or None for "none of these" (an unlabelled picture has no label).
        annotator: who said it.
        source: as of a label of an episode, or "imported" (a folder said it), "episode" (its support picture), or
            "settled" (it ends a dispute).
        suggestion: name of the class that was suggested at that time, on view unless the source is "blind"; None for
            "none of these", and where nothing was.
        seconds: how long the picture was on view before the answer.
        created_at: ISO 8601, UTC; "" before it is stored.
    """

    class_name: str | None
    annotator: str = ""
    source: CollectionSource = "blind"
    suggestion: str | None = None
    seconds: float = 0.0
    created_at: str = ""

    @property
    def key(self) -> str | None:
        """What makes two labels say the same."""
        return None if self.class_name is None else class_key(self.class_name)


@dataclass(frozen=True)
class CollectedPicture:
    """A picture of a collection, with what people said of it.

    Attributes:
        labels: those that count, each annotator's newest word and what they said before it; the newest first. Words
            that were taken back are not among them; without any, the picture is unlabelled.
    """

    picture: Picture
    labels: tuple[CollectionLabel, ...] = ()

    @property
    def label(self) -> CollectionLabel | None:
        """The newest word on the picture."""
        return self.labels[0] if self.labels else None

    @property
    def disputed(self) -> bool:
        """Whether the newest words of two annotators differ; what was said before the last settled word is settled."""
        newest: dict[str, str | None] = {}
        for label in self.labels:
            newest.setdefault(label.annotator, label.key)
            if label.source == "settled":
                break
        return len(set(newest.values())) > 1


@dataclass(frozen=True)
class MarkedRight:
    """Who marked a finding of the doctor as right, and when (ISO 8601, UTC)."""

    annotator: str
    created_at: str


@dataclass(frozen=True)
class FrozenPicture:
    """A picture of a frozen version.

    Attributes:
        group: the least hash of its near-duplicates in this version, itself among them; they are all in one part.
    """

    picture: Picture
    class_name: str
    part: Part
    group: str


@dataclass(frozen=True)
class FrozenCollection:
    """A frozen version of a collection. It never changes.

    Attributes:
        number: from 1 on.
        digest: SHA-256 of which pictures there are, and their classes, parts and groups.
        created_at: ISO 8601, UTC.
        pictures: in the order in which they came into the collection.
    """

    name: str
    number: int
    digest: str
    created_at: str
    pictures: tuple[FrozenPicture, ...] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.name}@{self.number}"

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in order of first appearance."""
        return tuple(dict.fromkeys(frozen.class_name for frozen in self.pictures))

    def part(self, part: Part) -> tuple[FrozenPicture, ...]:
        """The pictures of a part."""
        return tuple(frozen for frozen in self.pictures if frozen.part == part)


def parse_reference(text: str) -> tuple[str, int | None]:
    """The name of a collection and the number of a version from NAME or NAME@NUMBER.

    Raises:
        UserError: `collection_reference`.
    """
    name, at, number = text.partition("@")
    if not at:
        return name, None
    if not (number.isascii() and number.isdecimal()) or len(number) > 9:
        raise UserError("collection_reference", text=text)
    return name, int(number)


def digest(pictures: Iterable[FrozenPicture]) -> str:
    """SHA-256 of what a frozen version holds: canonical JSON, sorted, so that no order counts."""
    rows = sorted((frozen.picture.sha256, frozen.class_name, frozen.part, frozen.group) for frozen in pictures)
    hashed = hashlib.sha256()
    for number, row in enumerate(rows):
        hashed.update(b"," if number else b"[")
        hashed.update(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode())
    hashed.update(b"]" if rows else b"[]")
    return hashed.hexdigest()


@dataclass(frozen=True)
class Difference:
    """What differs between two frozen versions, from `before` to `after`; each sorted by the order of its version.

    Attributes:
        added, removed: pictures that only `after`, or only `before`, has.
        relabelled, moved: pictures that both have in another class, or in another part, as (before, after).
    """

    before: FrozenCollection
    after: FrozenCollection
    added: tuple[FrozenPicture, ...]
    removed: tuple[FrozenPicture, ...]
    relabelled: tuple[tuple[FrozenPicture, FrozenPicture], ...]
    moved: tuple[tuple[FrozenPicture, FrozenPicture], ...]


def difference(before: FrozenCollection, after: FrozenCollection) -> Difference:
    """What changed from one frozen version to another."""
    old = {frozen.picture: frozen for frozen in before.pictures}
    new = {frozen.picture: frozen for frozen in after.pictures}
    both = [(old[picture], frozen) for picture, frozen in new.items() if picture in old]
    return Difference(
        before=before,
        after=after,
        added=tuple(frozen for picture, frozen in new.items() if picture not in old),
        removed=tuple(frozen for picture, frozen in old.items() if picture not in new),
        relabelled=tuple(pair for pair in both if class_key(pair[0].class_name) != class_key(pair[1].class_name)),
        moved=tuple(pair for pair in both if pair[0].part != pair[1].part),
    )


@dataclass(frozen=True)
class ClassCount:
    """How many pictures of a collection have a class as their newest word."""

    name: str
    pictures: int


@dataclass(frozen=True)
class CollectionSummary:
    """A collection in a list.

    Attributes:
        updated_at: when its pictures or labels last changed, ISO 8601, UTC.
        classes: with their pictures, in order of first appearance.
        unlabelled, none, disputed: pictures without a word, with "none of these" as the newest one, and those that
            are disputed.
        versions: how many frozen ones there are.
        thumbnails: hashes of its first pictures.
    """

    name: str
    created_at: str
    updated_at: str
    pictures: int
    classes: tuple[ClassCount, ...]
    unlabelled: int
    none: int
    disputed: int
    versions: int
    thumbnails: tuple[str, ...]


@dataclass(frozen=True)
class VersionSummary:
    """A frozen version in a list.

    Attributes:
        parts: how many pictures each part has, in the order of `PARTS`.
    """

    number: int
    digest: str
    created_at: str
    parts: tuple[int, int, int]


@dataclass(frozen=True)
class Changes:
    """What came into a collection.

    Attributes:
        new: pictures that were not in it.
        differ: pictures whose label is another than the one that they had.
        labelled: pictures that had no label, and have one now.
        same: pictures whose label is the one that they had.
    """

    new: int = 0
    differ: int = 0
    labelled: int = 0
    same: int = 0
