"""What programs are told of collections and their frozen versions, as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict

from fsl_demo.core.collections import Changes, CollectionSummary, Difference, FrozenCollection, FrozenPicture


class CountDocument(TypedDict):
    name: str
    pictures: int


class SummaryDocument(TypedDict):
    name: str
    created_at: str
    updated_at: str
    pictures: int
    classes: list[CountDocument]
    unlabelled: int
    none: int
    disputed: int
    versions: int


FrozenPictureDocument = TypedDict(
    "FrozenPictureDocument", {"file": str, "sha256": str, "class": str, "part": str, "group": str}
)


class VersionDocument(TypedDict):
    version: str
    sha256: str
    created_at: str
    classes: list[str]
    pictures: list[FrozenPictureDocument]


class FrozenDocument(VersionDocument):
    """`notices` say what was left out."""

    notices: list[str]


class CollectedDocument(TypedDict):
    """How many pictures came in, and of those that were there, how many have another label, a first or the same one.

    `notices` say what was left out.
    """

    added: int
    differ: int
    labelled: int
    same: int
    notices: list[str]


def summary(of: CollectionSummary) -> SummaryDocument:
    """A collection in a list."""
    return {
        "name": of.name,
        "created_at": of.created_at,
        "updated_at": of.updated_at,
        "pictures": of.pictures,
        "classes": [{"name": counted.name, "pictures": counted.pictures} for counted in of.classes],
        "unlabelled": of.unlabelled,
        "none": of.none,
        "disputed": of.disputed,
        "versions": of.versions,
    }


def collected(changes: Changes, notices: Sequence[object]) -> CollectedDocument:
    """What pictures that came into a collection changed there."""
    return {
        "added": changes.new,
        "differ": changes.differ,
        "labelled": changes.labelled,
        "same": changes.same,
        "notices": list(map(str, notices)),
    }


def frozen_picture(frozen: FrozenPicture) -> FrozenPictureDocument:
    """A picture of a frozen version."""
    return {
        "file": frozen.picture.name,
        "sha256": frozen.picture.sha256,
        "class": frozen.class_name,
        "part": frozen.part,
        "group": frozen.group,
    }


def version(frozen: FrozenCollection) -> VersionDocument:
    """A frozen version."""
    return {
        "version": str(frozen),
        "sha256": frozen.digest,
        "created_at": frozen.created_at,
        "classes": list(frozen.classes),
        "pictures": [frozen_picture(picture) for picture in frozen.pictures],
    }


def changes(of: Difference) -> dict[str, object]:
    """What differs between two frozen versions; "before" is the class or the part that a picture had."""
    return {
        "before": str(of.before),
        "after": str(of.after),
        "added": [frozen_picture(frozen) for frozen in of.added],
        "removed": [frozen_picture(frozen) for frozen in of.removed],
        "relabelled": [{**frozen_picture(new), "before": old.class_name} for old, new in of.relabelled],
        "moved": [{**frozen_picture(new), "before": old.part} for old, new in of.moved],
    }
