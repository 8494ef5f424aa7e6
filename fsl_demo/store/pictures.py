"""Rows of pictures and their thumbnails."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlite_utils import Database

from fsl_demo.core.episodes import ordered_unique
from fsl_demo.core.pictures import Picture
from fsl_demo.store.blobs import Blobs, Written
from fsl_demo.store.connection import now, plain


def missing(db: Database, pictures: Sequence[Picture]) -> list[Picture]:
    """The pictures that have no row yet, each once."""
    wanted = ordered_unique(pictures)
    listed = json.dumps([picture.sha256 for picture in wanted])
    rows = db.execute("SELECT sha256 FROM pictures WHERE sha256 IN (SELECT value FROM json_each(?))", (listed,))
    known = {row[0] for row in rows}
    return [picture for picture in wanted if picture.sha256 not in known]


def insert(db: Database, written: Mapping[Picture, Written]) -> None:
    """Add rows for pictures whose files are there; another writer may have been quicker."""
    for picture, (size, webp) in written.items():
        db.execute(
            "INSERT OR IGNORE INTO pictures (sha256, width, height, name, original_sha256, bytes, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                picture.sha256,
                picture.width,
                picture.height,
                plain(picture.name),
                picture.original_sha256,
                size,
                now(),
            ),
        )
        db.execute("INSERT OR IGNORE INTO thumbnails (picture, webp) VALUES (?, ?)", (picture.sha256, webp))


def find(db: Database, blobs: Blobs, sha256: str) -> Picture | None:
    """The picture, or None."""
    row = db.execute(
        "SELECT sha256, width, height, name, original_sha256 FROM pictures WHERE sha256 = ?", (sha256,)
    ).fetchone()
    return row and blobs.picture(*row)


def thumbnail(db: Database, sha256: str) -> bytes | None:
    """The WebP of a stored picture, or None."""
    row = db.execute("SELECT webp FROM thumbnails WHERE picture = ?", (sha256,)).fetchone()
    return None if row is None else bytes(row[0])


def hashes(db: Database) -> list[str]:
    """Of every picture, the first stored first."""
    return [row[0] for row in db.execute("SELECT sha256 FROM pictures ORDER BY created_at")]


def names(db: Database, wanted: Sequence[str]) -> dict[str, str]:
    """The names of those pictures that are stored, by hash."""
    rows = db.execute(
        "SELECT sha256, name FROM pictures WHERE sha256 IN (SELECT value FROM json_each(?))",
        (json.dumps(list(wanted)),),
    )
    return dict(rows.fetchall())


def files(db: Database, wanted: Sequence[str]) -> dict[str, tuple[str, int]]:
    """The names of those pictures that are stored, and the bytes of their files, by hash."""
    rows = db.execute(
        "SELECT sha256, name, bytes FROM pictures WHERE sha256 IN (SELECT value FROM json_each(?))",
        (json.dumps(list(wanted)),),
    )
    return {sha256: (name, size) for sha256, name, size in rows}
