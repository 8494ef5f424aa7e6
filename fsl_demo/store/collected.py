"""Rows of the pictures of named collections, and of what people said of them: an append-only history for each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from fsl_demo.core.class_names import class_key
from fsl_demo.core.collections import CollectionLabel
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.store.connection import now, plain


def add(db: Database, collection: int, wanted: Mapping[Picture, Sequence[CollectionLabel]]) -> int:
    """Put stored pictures into a collection, with labels, the newest first; gives how many were not in it."""
    before = _count(db, collection)
    db.conn.executemany(
        "INSERT INTO collection_items (collection, picture, name) VALUES (?, ?, ?)"
        " ON CONFLICT (collection, picture) DO UPDATE SET removed_at = NULL",
        [(collection, picture.sha256, plain(picture.name)) for picture in wanted],
    )
    items = _items(db, collection, [picture.sha256 for picture in wanted])
    for picture, labels in wanted.items():
        for label in reversed(labels):
            _put(db, collection, item=items[picture.sha256], label=label)
    return _count(db, collection) - before


def remove(db: Database, collection: int, hashes: Iterable[str]) -> None:
    """Take pictures out; `add` brings them back with all that was said of them."""
    time = now()
    db.conn.executemany(
        "UPDATE collection_items SET removed_at = ? WHERE collection = ? AND picture = ? AND removed_at IS NULL",
        [(time, collection, sha256) for sha256 in hashes],
    )


def label(db: Database, collection: int, labels: Mapping[str, CollectionLabel]) -> tuple[str, ...]:
    """Append words, by hash; gives the pictures on which it is a new one.

    Raises:
        UserError: `collection_picture_gone`.
    """
    items = _items(db, collection, list(labels))
    if gone := [sha256 for sha256 in labels if sha256 not in items]:
        raise UserError("collection_picture_gone", count=len(gone))
    return tuple(
        sha256 for sha256, word in labels.items() if _put(db, collection, item=items[sha256], label=word) is not None
    )


def take_back(db: Database, collection: int, hashes: Sequence[str], annotator: str) -> tuple[str, ...]:
    """Take back an annotator's newest word on each picture, so that the one before counts again.

    Returns:
        The pictures on which there was one.
    """
    taken = []
    for sha256, item in _items(db, collection, hashes).items():
        word = _newest(db, item, plain(annotator))
        if word is not None:
            db.execute(
                "INSERT INTO collection_labels (item, kind, annotator, seconds, takes_back, created_at)"
                " VALUES (?, 'cleared', ?, 0, ?, ?)",
                (item, plain(annotator), word.id, now()),
            )
            taken.append(sha256)
    return tuple(taken)


@dataclass(frozen=True)
class _Word:
    """A word that counts; `settled` where a later one has ended the dispute that it was a part of."""

    id: int
    class_id: int | None
    source: str
    settled: bool


def _newest(db: Database, item: int, annotator: str) -> _Word | None:
    """An annotator's newest word that counts."""
    row = db.execute(
        "SELECT id, class, source, EXISTS (SELECT 1 FROM current_collection_labels AS later"
        " WHERE later.item = word.item AND later.id > word.id AND later.source = 'settled')"
        " FROM current_collection_labels AS word WHERE item = ? AND annotator = ? ORDER BY id DESC LIMIT 1",
        (item, annotator),
    ).fetchone()
    return row and _Word(row[0], row[1], source=row[2], settled=bool(row[3]))


def _put(db: Database, collection: int, item: int, label: CollectionLabel) -> int | None:
    """Append a word; None where the annotator has said the same last, or this very word is there already."""
    annotator, class_id = plain(label.annotator), _class_id(db, collection, label.class_name)
    newest = _newest(db, item, annotator)
    if newest is not None and (newest.class_id, newest.source, newest.settled) == (class_id, label.source, False):
        return None
    if label.created_at and _is_there(db, item, class_id=class_id, annotator=annotator, label=label):
        return None
    return db.execute(
        "INSERT INTO collection_labels (item, kind, class, annotator, source, suggestion, seconds, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            item,
            "none" if class_id is None else "class",
            class_id,
            annotator,
            label.source,
            None if label.suggestion is None else _known_class(db, label.suggestion),
            float(label.seconds),
            label.created_at or now(),
        ),
    ).lastrowid


def _is_there(db: Database, item: int, class_id: int | None, annotator: str, label: CollectionLabel) -> bool:
    row = db.execute(
        "SELECT 1 FROM collection_labels WHERE item = ? AND class IS ? AND annotator = ? AND created_at = ?"
        " AND source = ?",
        (item, class_id, annotator, label.created_at, label.source),
    ).fetchone()
    return row is not None


def _class_id(db: Database, collection: int, name: str | None) -> int | None:
    """Row id of a class, which is then one of the collection's."""
    if name is None:
        return None
    class_id = _known_class(db, name)
    db.execute(
        "INSERT OR IGNORE INTO collection_classes (collection, class, name) VALUES (?, ?, ?)",
        (collection, class_id, " ".join(plain(name).split())),
    )
    return class_id


def _known_class(db: Database, name: str) -> int:
    name = " ".join(plain(name).split())
    db.execute("INSERT OR IGNORE INTO classes (key, name) VALUES (?, ?)", (class_key(name), name))
    return int(db.execute("SELECT id FROM classes WHERE key = ?", (class_key(name),)).fetchone()[0])


def _items(db: Database, collection: int, hashes: Sequence[str]) -> dict[str, int]:
    """Row ids of those of the pictures that are in a collection, by hash."""
    rows = db.execute(
        "SELECT picture, collection_items.id FROM json_each(?) CROSS JOIN collection_items ON picture = value"
        " WHERE collection = ? AND removed_at IS NULL",
        (json.dumps(list(hashes)), collection),
    )
    return dict(rows.fetchall())


def _count(db: Database, collection: int) -> int:
    row = db.execute(
        "SELECT coalesce(sum(pictures), 0) FROM collection_counts WHERE collection = ? AND kind >= -1", (collection,)
    ).fetchone()
    return int(row[0])
