"""Reading named collections: by key, page by page, and by hash."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

from fsl_demo.core.class_names import class_key
from fsl_demo.core.collections import CollectedPicture, CollectionLabel, CollectionSummary
from fsl_demo.core.errors import UserError
from fsl_demo.store import collection_list
from fsl_demo.store.blobs import Blobs
from fsl_demo.store.connection import Connections, plain
from fsl_demo.store.stored_pictures import StoredPictures

State = Literal["", "unlabelled", "labelled", "none", "disputed"]
PAGE = 200


@dataclass(frozen=True)
class CollectionFilter:
    """Which pictures of a collection to list: those that match everything given.

    Attributes:
        class_name: what their newest word says.
        state: "unlabelled", "labelled" (or said to be none), "none" (of these) or "disputed".
    """

    class_name: str = ""
    state: State = ""


@dataclass(frozen=True)
class CollectionPage:
    """A part of a collection.

    Attributes:
        after: what to ask for next; None at the end.
    """

    pictures: tuple[CollectedPicture, ...]
    after: int | None


_STATES: dict[State, str] = {
    "": "",
    "unlabelled": " AND word IS NULL",
    "labelled": " AND word IS NOT NULL",
    "none": " AND word IS NOT NULL AND class IS NULL",
    "disputed": " AND disputed",
}


class CollectionReader:
    """What named collections hold. Every method that names one may raise `collection_missing`."""

    def __init__(self, connections: Connections, blobs: Blobs) -> None:
        self._connections, self._blobs = connections, blobs

    def summaries(self) -> list[CollectionSummary]:
        """The collections, those changed last first."""
        with self._connections.read() as db:
            return collection_list.summaries(db)

    def summary(self, name: str) -> CollectionSummary:
        """A collection as it is in the list."""
        with self._connections.read() as db:
            return collection_list.summaries(db, only=id_of(db, name))[0]

    def pictures(self, name: str, wanted: CollectionFilter | None = None) -> tuple[CollectedPicture, ...]:
        """Every picture that matches, with its labels, in the order in which they came."""
        return self.page(name, wanted, limit=-1).pictures

    def page(
        self, name: str, wanted: CollectionFilter | None = None, after: int = 0, limit: int = PAGE
    ) -> CollectionPage:
        """The pictures that match and come after those of the page before; all where `limit` is -1."""
        wanted = wanted or CollectionFilter()
        of_class = " AND class = (SELECT id FROM classes WHERE key = :key)" if wanted.class_name else ""
        with self._connections.read() as db:
            collection = id_of(db, name)
            rows = db.execute(
                f"{_ITEMS} WHERE collection = :collection AND removed_at IS NULL AND item.id > :after"
                f"{of_class}{_STATES[wanted.state]} ORDER BY item.id LIMIT :limit",
                {
                    "collection": collection,
                    "after": after,
                    "key": class_key(plain(wanted.class_name)),
                    "limit": limit + 1 if limit > 0 else -1,
                },
            ).fetchall()
            shown = rows[:limit] if limit > 0 else rows
            pictures = _collected(db, self._blobs, collection=collection, rows=shown)
        return CollectionPage(pictures, shown[-1][0] if len(rows) > len(shown) else None)

    def pages(self, name: str) -> Iterator[tuple[CollectedPicture, ...]]:
        """Every picture, in the order in which they came, page by page."""
        page = self.page(name)
        yield page.pictures
        while page.after is not None:
            page = self.page(name, after=page.after)
            yield page.pictures

    def stored(self, hashes: Sequence[str]) -> StoredPictures:
        """Stored pictures, read as they are asked for."""
        return StoredPictures(self._connections, self._blobs, hashes)

    def members(self, name: str, hashes: Sequence[str]) -> tuple[CollectedPicture, ...]:
        """Those of the pictures that are in a collection, in the order that is given."""
        with self._connections.read() as db:
            collection = id_of(db, name)
            rows = db.execute(
                f"{_ITEMS} JOIN json_each(:hashes) AS given ON given.value = picture"
                " WHERE collection = :collection AND removed_at IS NULL ORDER BY given.key",
                {"collection": collection, "hashes": json.dumps(list(dict.fromkeys(hashes)))},
            ).fetchall()
            return _collected(db, self._blobs, collection=collection, rows=rows)

    def shuffled(self, name: str, state: State, after: str, limit: int) -> tuple[CollectedPicture, ...]:
        """The next pictures after a hash, in the order of their hashes, which is that of chance."""
        with self._connections.read() as db:
            collection = id_of(db, name)
            rows = db.execute(
                f"{_ITEMS} WHERE collection = :collection AND removed_at IS NULL AND picture > :after{_STATES[state]}"
                " ORDER BY picture LIMIT :limit",
                {"collection": collection, "after": after, "limit": limit},
            ).fetchall()
            return _collected(db, self._blobs, collection=collection, rows=rows)

    def labelled_by(self, name: str, annotator: str) -> int:
        """How many pictures an annotator has said something of that counts."""
        with self._connections.read() as db:
            row = db.execute(
                "SELECT count(DISTINCT item) FROM current_collection_labels AS label"
                " JOIN collection_items AS item ON item.id = label.item"
                " WHERE annotator = ? AND collection = ? AND removed_at IS NULL",
                (plain(annotator), id_of(db, name)),
            ).fetchone()
        return int(row[0])

    def classes(self, name: str) -> list[tuple[str, int]]:
        """The classes of the labels that count, and how many pictures each has as the newest word."""
        with self._connections.read() as db:
            return db.execute(_CLASSES, (id_of(db, name),)).fetchall()


def find(db: Database, name: str) -> int | None:
    """Row id of a collection that is not deleted."""
    row = db.execute(
        "SELECT id FROM collections WHERE key = ? AND deleted_at IS NULL", (class_key(plain(name)),)
    ).fetchone()
    return row and int(row[0])


def id_of(db: Database, name: str) -> int:
    collection = find(db, name)
    if collection is None:
        raise UserError("collection_missing", name=name)
    return collection


_CLASSES = """
SELECT named.name, coalesce(pictures, 0) FROM collection_classes AS named
LEFT JOIN collection_counts AS counted ON counted.collection = named.collection AND kind = named.class
WHERE named.collection = ? AND (pictures > 0 OR EXISTS
  (SELECT 1 FROM current_collection_labels AS label JOIN collection_items AS item ON item.id = label.item
   WHERE label.class = named.class AND item.collection = named.collection AND removed_at IS NULL))
ORDER BY named.id
"""
_ITEMS = (
    "SELECT item.id, sha256, width, height, item.name, original_sha256 FROM collection_items AS item"
    " JOIN pictures ON sha256 = picture"
)


def _collected(
    db: Database, blobs: Blobs, collection: int, rows: Sequence[tuple[int, str, int, int, str, str]]
) -> tuple[CollectedPicture, ...]:
    words = _words(db, collection, [row[0] for row in rows])
    return tuple(CollectedPicture(blobs.picture(*row[1:]), tuple(words[row[0]])) for row in rows)


def _words(db: Database, collection: int, items: Sequence[int]) -> dict[int, list[CollectionLabel]]:
    rows = db.execute(
        "SELECT item, given.name, annotator, source, coalesce(shown.name, classes.name), seconds, created_at"
        " FROM json_each(:items) CROSS JOIN current_collection_labels AS label ON label.item = json_each.value"
        " LEFT JOIN collection_classes AS given ON given.collection = :collection AND given.class = label.class"
        " LEFT JOIN collection_classes AS shown ON shown.collection = :collection AND shown.class = suggestion"
        " LEFT JOIN classes ON classes.id = suggestion ORDER BY label.id DESC",
        {"items": json.dumps(list(items)), "collection": collection},
    )
    words: dict[int, list[CollectionLabel]] = defaultdict(list)
    for item, name, annotator, source, suggestion, seconds, created_at in rows:
        words[item].append(
            CollectionLabel(
                name,
                annotator=annotator,
                source=source,
                suggestion=suggestion,
                seconds=seconds,
                created_at=created_at,
            )
        )
    return words
