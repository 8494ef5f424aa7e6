"""The collection: every picture of a saved episode, and pictures that were added for searching only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database

from fsl_demo.core.pictures import Picture
from fsl_demo.store.blobs import Blobs
from fsl_demo.store.connection import now

Stamp = tuple[int, ...]


@dataclass(frozen=True)
class CollectionPicture:
    """A picture of the collection, and where it is used.

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


_PICTURES = """
WITH used (picture, episode, class, added, time, role, position) AS (
  SELECT picture, NULL, NULL, 1, created_at, '', id FROM searchable
  UNION ALL
  SELECT picture, episode, coalesce(episode_items.class, current_labels.class), 0, updated_at, role, position
  FROM episode_items JOIN episodes ON episodes.id = episode
  LEFT JOIN current_labels ON item = episode_items.id
  WHERE deleted_at IS NULL AND position IS NOT NULL
)
SELECT sha256, width, height, pictures.name, original_sha256, episode, classes.name, added
FROM used JOIN pictures ON sha256 = picture LEFT JOIN classes ON classes.id = class
ORDER BY time DESC, episode, role DESC, position
"""

_STAMP = """
SELECT (SELECT coalesce(max(id), 0) FROM events), (SELECT coalesce(max(id), 0) FROM labels),
  (SELECT coalesce(max(id), 0) FROM searchable), (SELECT count(*) FROM searchable)
"""


def stamp(db: Database) -> Stamp:
    """Numbers that change when the collection does: episodes and labels leave a row for all that happens to them."""
    return tuple(db.execute(_STAMP).fetchone())


def load(db: Database, blobs: Blobs) -> tuple[CollectionPicture, ...]:
    """Every picture of the collection once, those saved or added last first."""
    pictures: dict[str, Picture] = {}
    classes: dict[str, dict[str, None]] = {}
    episodes: dict[str, dict[str, None]] = {}
    added = set()
    for sha256, width, height, name, original, episode, class_name, for_searching in db.execute(_PICTURES):
        if sha256 not in pictures:
            pictures[sha256] = blobs.picture(sha256, width=width, height=height, name=name, original_sha256=original)
            classes[sha256], episodes[sha256] = {}, {}
        if class_name is not None:
            classes[sha256][class_name] = None
        if episode is not None:
            episodes[sha256][episode] = None
        if for_searching:
            added.add(sha256)
    return tuple(
        CollectionPicture(
            picture,
            classes=tuple(classes[sha256]),
            episodes=tuple(episodes[sha256]),
            added=sha256 in added,
        )
        for sha256, picture in pictures.items()
    )


def add(db: Database, pictures: Iterable[str]) -> None:
    """Make stored pictures searchable, by hash."""
    time = now()
    rows = [(sha256, time) for sha256 in pictures]
    db.conn.executemany("INSERT OR IGNORE INTO searchable (picture, created_at) VALUES (?, ?)", rows)


def remove(db: Database, pictures: Iterable[str]) -> None:
    """Take back what `add` did; pictures of saved episodes stay in the collection."""
    db.conn.executemany("DELETE FROM searchable WHERE picture = ?", [(sha256,) for sha256 in pictures])
