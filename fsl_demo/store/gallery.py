"""The gallery: every picture that can be searched, of a saved episode or added for searching; counted as it changes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from fsl_demo.core.class_names import class_key
from fsl_demo.core.pictures import Picture
from fsl_demo.store import words
from fsl_demo.store.blobs import Blobs
from fsl_demo.store.connection import Connections, now, plain
from fsl_demo.store.gallery_rows import refresh

PAGE = 500
LATEST = 2**62


@dataclass(frozen=True)
class CollectionPicture:
    """A picture of the gallery, and where it is used.

    Attributes:
        picture: under the name that it was first stored with.
        classes: names of the classes that it supports or was labelled with, each once.
        episodes: ids of the episodes that it is in, last saved first.
        added: it was added for searching.
    """

    picture: Picture
    classes: tuple[str, ...]
    episodes: tuple[str, ...]
    added: bool


@dataclass(frozen=True)
class GalleryFilter:
    """Which pictures of the gallery: all, those that have a class, or those `without_class`."""

    class_name: str = ""
    without_class: bool = False

    @property
    def narrows(self) -> bool:
        return bool(self.class_name) or self.without_class


@dataclass(frozen=True)
class GalleryPage:
    """A part of the gallery, the latest first.

    Attributes:
        before: what to ask for next; None at the end.
    """

    pictures: tuple[CollectionPicture, ...]
    before: int | None


@dataclass(frozen=True)
class GalleryCounts:
    """How many pictures the gallery has.

    Attributes:
        by_class: of each class that any has, by name; in alphabetical order.
    """

    pictures: int
    without_class: int
    by_class: Mapping[str, int]

    def of(self, wanted: GalleryFilter) -> int:
        """How many match."""
        if wanted.without_class:
            return self.without_class
        if not wanted.class_name:
            return self.pictures
        key = class_key(plain(wanted.class_name))
        return sum(count for name, count in self.by_class.items() if class_key(name) == key)


class GalleryStore:
    """The gallery of a workspace. No method but `all` takes longer for more pictures."""

    def __init__(self, connections: Connections, blobs: Blobs) -> None:
        self._connections, self._blobs = connections, blobs

    def page(self, wanted: GalleryFilter | None = None, before: int | None = None, limit: int = PAGE) -> GalleryPage:
        """The pictures that match and came before those of the page before; the latest first."""
        with self._connections.read() as db:
            rows = _keys(db, wanted or GalleryFilter(), before=before or LATEST, limit=limit + 1)
            members = _members(db, self._blobs, [sha256 for _, sha256 in rows[:limit]])
        return GalleryPage(tuple(members.values()), rows[limit - 1][0] if len(rows) > limit else None)

    def all(self, wanted: GalleryFilter | None = None) -> Iterator[CollectionPicture]:
        """Every picture that matches, the latest first, read page by page."""
        page = self.page(wanted)
        yield from page.pictures
        while page.before is not None:
            page = self.page(wanted, page.before)
            yield from page.pictures

    def members(self, hashes: Sequence[str]) -> dict[str, CollectionPicture]:
        """Those of the pictures that are in the gallery, by hash, in the order that is given."""
        with self._connections.read() as db:
            return _members(db, self._blobs, hashes)

    def counts(self) -> GalleryCounts:
        """How many pictures there are, kept as they come and go."""
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT gallery_counts.class, name, pictures FROM gallery_counts"
                " LEFT JOIN classes ON classes.id = gallery_counts.class WHERE pictures > 0 ORDER BY name"
            ).fetchall()
        by_id = {key: count for key, _, count in rows}
        return GalleryCounts(by_id.get(-1, 0), by_id.get(0, 0), {name: count for key, name, count in rows if key > 0})

    def described(self, captioner: str) -> int:
        """How many of the pictures a captioner has described."""
        with self._connections.read() as db:
            row = db.execute("SELECT pictures FROM gallery_described WHERE captioner = ?", (captioner,)).fetchone()
        return int(row[0]) if row else 0

    def undescribed(self, captioner: str, weights: str, before: int | None, limit: int) -> list[tuple[int, str]]:
        """Keys and hashes of the next pictures that these weights have not described, the latest first.

        Args:
            before: the key of the last one that was given.
        """
        asked = {"captioner": captioner, "weights": weights, "before": before or LATEST, "limit": limit}
        with self._connections.read() as db:
            return db.execute(
                f"SELECT id, picture FROM gallery WHERE id < :before AND NOT EXISTS ({_DESCRIBED})"
                " ORDER BY id DESC LIMIT :limit",
                asked,
            ).fetchall()

    def count_undescribed(self, captioner: str, weights: str) -> int:
        """How many pictures these weights have not described."""
        with self._connections.read() as db:
            (described,) = db.execute(
                "SELECT count(*) FROM captions JOIN gallery USING (picture)"
                " WHERE captioner = ? AND weights = ? AND rank = 0",
                (captioner, weights),
            ).fetchone()
        return self.counts().pictures - int(described)

    def with_words(self, text: str, limit: int, wanted: GalleryFilter | None = None) -> words.WordMatches:
        """Pictures whose caption or file name has all these words, at most `limit`.

        Args:
            text: whatever a person types. A word also stands for its other endings, and from three letters on for
                words that begin so; without a word nothing is found.
        """
        wanted = wanted or GalleryFilter()
        with self._connections.read() as db:
            return words.search(db, text, limit=limit, class_id=class_id(db, wanted) if wanted.narrows else None)

    def add(self, hashes: Sequence[str]) -> None:
        """Make stored pictures searchable; those that were not added before come first."""
        time = now()
        with self._connections.write() as db:
            new = [
                sha256
                for sha256 in dict.fromkeys(hashes)
                if db.execute(
                    "INSERT OR IGNORE INTO searchable (picture, created_at) VALUES (?, ?)", (sha256, time)
                ).rowcount
            ]
            refresh(db, new, to_front=True)

    def remove(self, hashes: Sequence[str]) -> None:
        """Take back what `add` did; pictures of saved episodes stay."""
        with self._connections.write() as db:
            db.conn.executemany("DELETE FROM searchable WHERE picture = ?", [(sha256,) for sha256 in hashes])
            refresh(db, hashes)


_DESCRIBED = (
    "SELECT 1 FROM captions"
    " WHERE captions.picture = gallery.picture AND captioner = :captioner AND weights = :weights AND rank = 0"
)


def class_id(db: Database, wanted: GalleryFilter) -> int:
    """Row id of the class that is wanted, 0 for none; -2, which no picture has, for one that is not known."""
    if wanted.without_class:
        return 0
    row = db.execute("SELECT id FROM classes WHERE key = ?", (class_key(plain(wanted.class_name)),)).fetchone()
    return int(row[0]) if row else -2


def _keys(db: Database, wanted: GalleryFilter, before: int, limit: int) -> list[tuple[int, str]]:
    if not wanted.narrows:
        sql = "SELECT id, picture FROM gallery WHERE id < :before ORDER BY id DESC LIMIT :limit"
        return db.execute(sql, {"before": before, "limit": limit}).fetchall()
    return db.execute(
        "SELECT item, picture FROM gallery_classes JOIN gallery ON gallery.id = item"
        " WHERE class = :class AND item < :before ORDER BY item DESC LIMIT :limit",
        {"class": class_id(db, wanted), "before": before, "limit": limit},
    ).fetchall()


_MEMBERS = """
SELECT value, width, height, pictures.name, original_sha256,
  EXISTS (SELECT 1 FROM searchable WHERE searchable.picture = value)
FROM json_each(:hashes) CROSS JOIN gallery ON gallery.picture = value CROSS JOIN pictures ON sha256 = value
ORDER BY json_each.key
"""
_USES = """
SELECT value, episode, classes.name FROM json_each(:hashes)
CROSS JOIN episode_items AS item ON item.picture = value JOIN episodes ON episodes.id = episode
LEFT JOIN current_labels AS label ON label.item = item.id
LEFT JOIN classes ON classes.id = coalesce(item.class, label.class)
WHERE deleted_at IS NULL AND position IS NOT NULL ORDER BY updated_at DESC, episode, role DESC, position
"""


def _members(db: Database, blobs: Blobs, hashes: Sequence[str]) -> dict[str, CollectionPicture]:
    wanted = {"hashes": json.dumps(list(dict.fromkeys(hashes)))}
    classes: dict[str, dict[str, None]] = {}
    episodes: dict[str, dict[str, None]] = {}
    for sha256, episode, class_name in db.execute(_USES, wanted):
        episodes.setdefault(sha256, {})[episode] = None
        if class_name is not None:
            classes.setdefault(sha256, {})[class_name] = None
    return {
        row[0]: CollectionPicture(
            blobs.picture(*row[:5]),
            classes=tuple(classes.get(row[0], ())),
            episodes=tuple(episodes.get(row[0], ())),
            added=bool(row[5]),
        )
        for row in db.execute(_MEMBERS, wanted).fetchall()
    }
