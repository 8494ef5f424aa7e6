"""Finding saved episodes, and counting what there is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from fsl_demo.core.episodes import class_key
from fsl_demo.store.connection import plain

THUMBNAILS = 6
PAGE = 100


@dataclass(frozen=True)
class EpisodeSummary:
    """A saved episode in a list.

    Attributes:
        id, title: of the episode.
        created_at, updated_at: ISO 8601, UTC.
        classes: names, in order.
        support, queries, labelled: how many pictures, queries, and labels on them.
        methods: ids of the methods that it has scores of.
        runs: the different (method, hash of its weights) of all runs that it ever had.
        thumbnails: hashes of its first support pictures, then queries.
    """

    id: str
    title: str
    created_at: str
    updated_at: str
    classes: tuple[str, ...]
    support: int
    queries: int
    labelled: int
    methods: tuple[str, ...]
    thumbnails: tuple[str, ...]
    runs: tuple[tuple[str, str], ...]


_SUMMARIES = f"""
WITH wanted (wanted, place) AS (SELECT value, key FROM json_each(:ids))
SELECT id, title, created_at, updated_at,
  (SELECT json_group_array(name) FROM
    (SELECT name FROM episode_classes WHERE episode = episodes.id ORDER BY position)),
  (SELECT count(*) FROM episode_items WHERE episode = episodes.id AND role = 'support' AND position IS NOT NULL),
  (SELECT count(*) FROM episode_items WHERE episode = episodes.id AND role = 'query' AND position IS NOT NULL),
  (SELECT count(*) FROM current_labels JOIN episode_items ON episode_items.id = item
    WHERE episode = episodes.id AND position IS NOT NULL),
  (SELECT json_group_array(method) FROM
    (SELECT method FROM runs WHERE episode = episodes.id AND position IS NOT NULL
     GROUP BY method ORDER BY min(position))),
  (SELECT json_group_array(picture) FROM
    (SELECT picture FROM episode_items WHERE episode = episodes.id AND position IS NOT NULL
     ORDER BY role DESC, position LIMIT {THUMBNAILS})),
  (SELECT json_group_array(json_array(method, checkpoint)) FROM
    (SELECT DISTINCT method, checkpoint FROM runs WHERE episode = episodes.id ORDER BY method, checkpoint))
FROM wanted CROSS JOIN episodes ON id = wanted ORDER BY place
"""

_KEYS = """
SELECT id FROM episodes
WHERE (deleted_at IS NOT NULL) = :deleted
  AND (:text = '' OR instr(fold(title), :text)
    OR EXISTS (SELECT 1 FROM episode_classes WHERE episode = episodes.id
               AND (instr(fold(name), :text) OR instr(fold(descriptions), :text)))
    OR EXISTS (SELECT 1 FROM episode_items WHERE episode = episodes.id AND position IS NOT NULL
               AND instr(fold(name), :text))
    OR EXISTS (SELECT 1 FROM current_regions JOIN episode_items ON episode_items.id = item
               WHERE episode = episodes.id AND position IS NOT NULL AND instr(fold(current_regions.name), :text)))
  AND (:class = '' OR EXISTS (SELECT 1 FROM episode_classes JOIN classes ON classes.id = class
                              WHERE episode = episodes.id AND key = :class))
  AND (:method = '' OR EXISTS (SELECT 1 FROM runs
                               WHERE episode = episodes.id AND method = :method AND position IS NOT NULL))
  AND substr(updated_at, 1, length(:since)) >= :since
  AND substr(updated_at, 1, length(:until)) <= :until
ORDER BY updated_at DESC, id LIMIT :limit
"""


@dataclass(frozen=True)
class EpisodeFilter:
    """Which episodes to list: those that match everything given.

    Attributes:
        text: a part of the title, a class name, a description, a file name, or the name of a region.
        class_name: a whole class name.
        method: the id of a method that it has scores of.
        since, until: beginnings of ISO 8601 times in UTC ("2026-11", "2026-11-23"), both included.
        deleted: list the deleted ones instead.
    """

    text: str = ""
    class_name: str = ""
    method: str = ""
    since: str = ""
    until: str = ""
    deleted: bool = False


@dataclass(frozen=True)
class EpisodePage:
    """The beginning of the list, last saved first.

    Attributes:
        more: whether there are others.
    """

    episodes: list[EpisodeSummary]
    more: bool


def page(db: Database, wanted: EpisodeFilter, limit: int) -> EpisodePage:
    """The first episodes that match; all of them where `limit` is -1."""
    rows = db.execute(
        _KEYS,
        {
            "text": class_key(plain(wanted.text)),
            "class": class_key(plain(wanted.class_name)),
            "method": wanted.method,
            "since": wanted.since,
            "until": wanted.until,
            "deleted": wanted.deleted,
            "limit": limit + 1 if limit > 0 else -1,
        },
    ).fetchall()
    shown = rows[:limit] if limit > 0 else rows
    ids = json.dumps([row[0] for row in shown])
    summaries = [_summary(row) for row in db.execute(_SUMMARIES, {"ids": ids})]
    return EpisodePage(summaries, len(rows) > len(shown))


@dataclass(frozen=True)
class EpisodeChoices:
    """What episodes can be filtered by.

    Attributes:
        episodes: how many there are that are not deleted.
        classes, methods: names, and ids, in alphabetical order.
    """

    episodes: int
    classes: list[str]
    methods: list[str]


def choices(db: Database) -> EpisodeChoices:
    """What there is to filter by."""
    alive = "JOIN episodes ON episodes.id = episode WHERE deleted_at IS NULL"
    return EpisodeChoices(
        db.execute("SELECT count(*) FROM episodes WHERE deleted_at IS NULL").fetchone()[0],
        [row[0] for row in db.execute(f"SELECT DISTINCT name FROM episode_classes {alive} ORDER BY name")],
        [
            row[0]
            for row in db.execute(f"SELECT DISTINCT method FROM runs {alive} AND position IS NOT NULL ORDER BY method")
        ],
    )


def _summary(row: Sequence[Any]) -> EpisodeSummary:
    id, title, created, updated, classes, support, queries, labelled, methods, thumbnails, runs = row
    return EpisodeSummary(
        id=id,
        title=title,
        created_at=created,
        updated_at=updated,
        classes=tuple(json.loads(classes)),
        support=support,
        queries=queries,
        labelled=labelled,
        methods=tuple(json.loads(methods)),
        thumbnails=tuple(json.loads(thumbnails)),
        runs=tuple((method, weights) for method, weights in json.loads(runs)),
    )


@dataclass(frozen=True)
class Statistics:
    """What the workspace holds, deleted episodes left out.

    Attributes:
        episodes, pictures, classes, labels: how many; labels are those that count now.
        boxes: on support pictures and queries, those that count now.
        bytes: size on disk of the picture files and the database.
        by_annotator, by_source: labels of each.
        agreement: share of the labels given with a suggestion in view that accept it; None without any.
    """

    episodes: int
    pictures: int
    classes: int
    labels: int
    boxes: int
    bytes: int
    by_annotator: dict[str, int]
    by_source: dict[str, int]
    agreement: float | None


_STAMP = """
SELECT (SELECT max(id) FROM events), (SELECT max(id) FROM labels), (SELECT max(id) FROM regions),
  (SELECT max(rowid) FROM pictures)
"""


class KnownStatistics:
    """Statistics that are counted again where something has changed: whatever happens to episodes leaves a row."""

    def __init__(self) -> None:
        self._known: tuple[tuple[int, ...], Statistics] | None = None

    def of(self, db: Database, database_bytes: int) -> Statistics:
        """What `db` holds now; the database itself has `database_bytes` on disk."""
        stamp = *db.execute(_STAMP).fetchone(), database_bytes
        if self._known is None or self._known[0] != stamp:
            self._known = stamp, _statistics(db, database_bytes)
        return self._known[1]


def _statistics(db: Database, database_bytes: int) -> Statistics:
    alive = "FROM episodes JOIN {} ON episode = episodes.id WHERE deleted_at IS NULL"
    items = alive.format("episode_items") + " AND position IS NOT NULL"
    labels = f"FROM current_labels WHERE item IN (SELECT episode_items.id {items})"

    def count(sql: str) -> int:
        return int(db.execute(f"SELECT count({sql}").fetchone()[0])

    by_source = dict(db.execute(f"SELECT source, count(*) {labels} GROUP BY source ORDER BY source").fetchall())
    shown = by_source.get("accepted", 0) + by_source.get("corrected", 0)
    return Statistics(
        episodes=count("*) FROM episodes WHERE deleted_at IS NULL"),
        pictures=count(f"DISTINCT picture) {items}"),
        classes=count(f"DISTINCT class) {alive.format('episode_classes')}"),
        labels=count(f"*) {labels}"),
        boxes=count(f"*) FROM current_regions WHERE item IN (SELECT episode_items.id {items})"),
        bytes=database_bytes + db.execute("SELECT coalesce(sum(bytes), 0) FROM pictures").fetchone()[0],
        by_annotator=dict(
            db.execute(f"SELECT annotator, count(*) {labels} GROUP BY annotator ORDER BY 2 DESC").fetchall()
        ),
        by_source=by_source,
        agreement=by_source.get("accepted", 0) / shown if shown else None,
    )
