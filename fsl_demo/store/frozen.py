"""Frozen versions of named collections: numbered, and never changed."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from sqlite_utils import Database

from fsl_demo.core.collections import (
    PARTS,
    FrozenCollection,
    FrozenPicture,
    Part,
    VersionSummary,
    digest,
)
from fsl_demo.core.errors import UserError
from fsl_demo.store.blobs import Blobs
from fsl_demo.store.connection import now, plain

Places = Mapping[str, tuple[Part, str]]
"""By hash of a picture: its part, and its group."""


def freeze(db: Database, blobs: Blobs, collection: int, places: Places) -> int:
    """Keep the pictures that have a place, as they are labelled now; gives the number of the version.

    The same content again is the version that is there.

    Raises:
        UserError: `collection_changed` for a picture that is not in the collection any more, has no class or is
            disputed, or was put into another part meanwhile; `freeze_nothing`.
        ValueError: for near-duplicates in two parts.
    """
    if len({group for _, group in places.values()}) != len(set(places.values())):
        raise ValueError("near-duplicates are in two parts")
    if not places:
        raise UserError("freeze_nothing")
    pictures = _frozen(db, blobs, collection=collection, places=places)
    known = parts(db, collection)
    if len(pictures) != len(places) or any(
        known.get(frozen.picture.sha256, frozen.part) != frozen.part for frozen in pictures
    ):
        raise UserError("collection_changed")
    hashed = digest(pictures)
    row = db.execute(
        "SELECT number FROM collection_versions WHERE collection = ? AND digest = ?", (collection, hashed)
    ).fetchone()
    return int(row[0]) if row else _keep(db, collection, pictures=pictures, hashed=hashed)


def _frozen(db: Database, blobs: Blobs, collection: int, places: Places) -> list[FrozenPicture]:
    rows = db.execute(
        "SELECT sha256, width, height, item.name, original_sha256, named.name FROM collection_items AS item"
        " JOIN pictures ON sha256 = picture"
        " JOIN collection_classes AS named ON named.collection = item.collection AND named.class = item.class"
        " WHERE item.collection = ? AND removed_at IS NULL AND NOT disputed ORDER BY item.id",
        (collection,),
    )
    return [
        FrozenPicture(blobs.picture(*row[:5]), row[5], part=places[row[0]][0], group=places[row[0]][1])
        for row in rows
        if row[0] in places
    ]


def _keep(db: Database, collection: int, pictures: list[FrozenPicture], hashed: str) -> int:
    number = db.execute(
        "SELECT coalesce(max(number), 0) + 1 FROM collection_versions WHERE collection = ?", (collection,)
    ).fetchone()[0]
    version = db.execute(
        "INSERT INTO collection_versions (collection, number, digest, created_at) VALUES (?, ?, ?, ?)",
        (collection, number, hashed, now()),
    ).lastrowid
    db.conn.executemany(
        "INSERT INTO frozen_items (version, position, picture, name, class, part, near) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                version,
                position,
                frozen.picture.sha256,
                plain(frozen.picture.name),
                frozen.class_name,
                frozen.part,
                frozen.group,
            )
            for position, frozen in enumerate(pictures)
        ],
    )
    return int(number)


def parts(db: Database, collection: int) -> dict[str, Part]:
    """The part of every picture that any version has, by hash, the first frozen first."""
    rows = db.execute(
        "SELECT picture, part FROM frozen_items JOIN collection_versions ON id = version"
        " WHERE collection = ? GROUP BY picture ORDER BY min(id), min(position)",
        (collection,),
    )
    return dict(rows.fetchall())


def versions(db: Database, collection: int) -> list[VersionSummary]:
    """The versions of a collection, the newest first."""
    rows = db.execute(
        "SELECT number, digest, created_at, part, count(*) FROM collection_versions JOIN frozen_items ON version = id"
        " WHERE collection = ? GROUP BY number, part ORDER BY number DESC",
        (collection,),
    )
    summaries = []
    for (number, hashed, created_at), counted in groupby(rows, key=lambda row: row[:3]):
        counts: dict[Part, int] = {part: count for *_, part, count in counted}
        train, validation, test = (counts.get(part, 0) for part in PARTS)
        summaries.append(VersionSummary(number, hashed, created_at=created_at, parts=(train, validation, test)))
    return summaries


def load(db: Database, blobs: Blobs, collection: int, number: int | None) -> FrozenCollection:
    """A version, or the newest.

    Raises:
        UserError: `frozen_missing`, `never_frozen`.
    """
    name, newest = db.execute(
        "SELECT name, (SELECT max(number) FROM collection_versions WHERE collection = collections.id)"
        " FROM collections WHERE id = ?",
        (collection,),
    ).fetchone()
    if newest is None:
        raise UserError("never_frozen", name=name)
    row = db.execute(
        "SELECT id, number, digest, created_at FROM collection_versions WHERE collection = ? AND number = ?",
        (collection, newest if number is None else number),
    ).fetchone()
    if row is None:
        raise UserError("frozen_missing", name=name, number=number, newest=newest)
    rows = db.execute(
        "SELECT sha256, width, height, frozen_items.name, original_sha256, class, part, near FROM frozen_items"
        " JOIN pictures ON sha256 = picture WHERE version = ? ORDER BY position",
        (row[0],),
    )
    frozen = tuple(
        FrozenPicture(blobs.picture(*each[:5]), each[5], part=each[6], group=each[7]) for each in rows.fetchall()
    )
    return FrozenCollection(name, row[1], digest=row[2], created_at=row[3], pictures=frozen)
