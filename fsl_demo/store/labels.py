"""Labels: an append-only history for each query. The newest row counts; taking back is a row as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

from fsl_demo.core.episodes import Label
from fsl_demo.store.connection import Connections, now, plain


@dataclass(frozen=True)
class LabelRecord:
    """One row of a query's label history.

    Attributes:
        id: of the row.
        kind: "class", "none" (none of these) or "cleared" (taken back).
        class_name: the class, "" unless `kind` is "class".
        annotator: who said it.
        source: "blind", "accepted", "corrected" or "bulk"; "" when cleared.
        suggestion: name of the class that was suggested, or "".
        seconds: how long the query was on view.
        supersedes: id of the row that this one replaces.
        created_at: ISO 8601, UTC.
    """

    id: int
    kind: Literal["class", "none", "cleared"]
    class_name: str
    annotator: str
    source: str
    suggestion: str
    seconds: float
    supersedes: int | None
    created_at: str


@dataclass(frozen=True)
class EpisodeWord:
    """What somebody said of a query of a saved episode, whether it still counts or not.

    Attributes:
        item: id of the query.
        class_name: None is "none of these".
        source: "blind", "accepted", "corrected" or "bulk".
        suggestion: the class that was on view as one; None where none was.
        created_at: ISO 8601, UTC.
    """

    item: int
    class_name: str | None
    annotator: str
    source: str
    suggestion: str | None
    created_at: str


def put(db: Database, item: int, label: Label | None, classes: Sequence[int]) -> None:
    """Append what is new about a query; None takes its label back.

    Args:
        item: row id of the query.
        classes: row ids of the episode's classes, in order.
    """
    newest = db.execute("SELECT max(id) FROM labels WHERE item = ?", (item,)).fetchone()[0]
    values = _values(label, classes)
    before = (
        ("cleared", None, "", None, None, 0.0)
        if newest is None
        else db.execute(
            "SELECT kind, class, annotator, source, suggestion, seconds FROM labels WHERE id = ?", (newest,)
        ).fetchone()
    )
    if values != before:
        db.execute(
            "INSERT INTO labels (item, kind, class, annotator, source, suggestion, seconds, supersedes, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (item, *values, newest, now()),
        )


@dataclass(frozen=True)
class CurrentLabels:
    """The labels of an episode's queries that count now.

    Attributes:
        labels: by position of the query.
        times: when each was given, ISO 8601, UTC.
    """

    labels: dict[int, Label]
    times: dict[int, str]


def load(db: Database, episode_id: str, classes: Sequence[int]) -> CurrentLabels:
    """The current label of every labelled query."""
    rows = db.execute(
        "SELECT position, current_labels.class, annotator, source, suggestion, seconds, created_at FROM current_labels"
        " JOIN episode_items ON episode_items.id = item WHERE episode = ? AND position IS NOT NULL ORDER BY position",
        (episode_id,),
    )
    index: Mapping[int | None, int] = {row_id: position for position, row_id in enumerate(classes)}
    current = CurrentLabels({}, {})
    for position, class_id, annotator, source, suggestion, seconds, created_at in rows:
        current.labels[position] = Label(
            class_index=index.get(class_id),
            annotator=annotator,
            source=source,
            suggestion=index.get(suggestion),
            seconds=seconds,
        )
        current.times[position] = created_at
    return current


def history(db: Database, item: int) -> list[LabelRecord]:
    """Everything that was said about a query, oldest first."""
    rows = db.execute(
        "SELECT labels.id, kind, coalesce(given.name, ''), annotator, coalesce(source, ''), coalesce(shown.name, ''),"
        " seconds, supersedes, created_at FROM labels LEFT JOIN classes AS given ON given.id = labels.class"
        " LEFT JOIN classes AS shown ON shown.id = suggestion WHERE item = ? ORDER BY labels.id",
        (item,),
    )
    return [LabelRecord(*row) for row in rows]


class WordStore:
    """What people said about saved episodes, whatever the episode."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def of_episodes(self) -> list[EpisodeWord]:
        """Everything that was said about queries of episodes that are not deleted, oldest first."""
        with self._connections.read() as db:
            return [EpisodeWord(*row) for row in db.execute(_WORDS)]


_WORDS = """
SELECT item, given.name, annotator, source, shown.name, labels.created_at
FROM labels JOIN episode_items ON episode_items.id = item JOIN episodes ON episodes.id = episode_items.episode
LEFT JOIN classes AS given ON given.id = labels.class LEFT JOIN classes AS shown ON shown.id = suggestion
WHERE kind <> 'cleared' AND position IS NOT NULL AND deleted_at IS NULL ORDER BY labels.id
"""


def _values(label: Label | None, classes: Sequence[int]) -> tuple[object, ...]:
    if label is None:
        return "cleared", None, "", None, None, 0.0
    kind, class_id = ("none", None) if label.class_index is None else ("class", classes[label.class_index])
    suggestion = None if label.suggestion is None else classes[label.suggestion]
    return kind, class_id, plain(label.annotator), label.source, suggestion, float(label.seconds)
