"""Regions that people marked on the pictures of episodes: an append-only history for each picture, as for labels.

A row says that a region is marked, or that it is withdrawn. It may supersede an earlier row of the same picture, and of
such a chain the newest row counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

from fsl_demo.core.regions import Box, RegionLabel, RegionSource
from fsl_demo.store.connection import now, plain


@dataclass(frozen=True)
class RegionRecord:
    """One row of a picture's history of regions.

    Attributes:
        id: of the row.
        kind: "marked", or "withdrawn" (taken back).
        box: fractions of the picture.
        name: what is there; "" on a support picture, whose class says it.
        annotator: who said it.
        source: "drawn", "accepted" or "imported".
        supersedes: id of the row that this one replaces.
        created_at: ISO 8601, UTC.
    """

    id: int
    kind: Literal["marked", "withdrawn"]
    box: Box
    name: str
    annotator: str
    source: RegionSource
    supersedes: int | None
    created_at: str


@dataclass(frozen=True)
class _Mark:
    """What a row says of a box."""

    box: Box
    name: str = ""
    annotator: str = ""
    source: RegionSource = "drawn"


def put_labels(db: Database, item: int, labels: Iterable[RegionLabel]) -> None:
    """Append what is new about the regions of a query; those that are not among `labels` are withdrawn.

    Args:
        item: row id of the query.
    """
    _put(
        db,
        item,
        [
            _Mark(label.box, plain(label.name), annotator=plain(label.annotator), source=label.source)
            for label in labels
        ],
    )


def put_boxes(db: Database, item: int, boxes: Iterable[Box], annotator: str) -> None:
    """Append what is new about the boxes on a support picture; one that was there keeps who drew it.

    Args:
        item: row id of the support picture.
    """
    known = {record.box: _mark(record) for record in newest(db, item)}
    _put(db, item, [known.get(box, _Mark(box, annotator=plain(annotator))) for box in boxes])


def labels(db: Database, item: int) -> tuple[RegionLabel, ...]:
    """The regions of a query that count now, in the order in which they were first marked."""
    return tuple(
        RegionLabel(record.box, record.name, annotator=record.annotator, source=record.source)
        for record in newest(db, item)
    )


def boxes(db: Database, item: int) -> tuple[Box, ...]:
    """The boxes of a support picture that count now, in the order in which they were first drawn."""
    return tuple(record.box for record in newest(db, item))


def newest(db: Database, item: int) -> list[RegionRecord]:
    """The rows that count now, in the order in which each region was first marked."""
    return [record for record in _chains(db, item) if record.kind == "marked"]


def history(db: Database, item: int) -> list[RegionRecord]:
    """Everything that was marked on a picture and taken back, oldest first."""
    rows = db.execute(
        'SELECT id, kind, "left", top, "right", bottom, name, annotator, source, supersedes, created_at FROM regions'
        " WHERE item = ? ORDER BY id",
        (item,),
    )
    return [
        RegionRecord(
            id,
            kind,
            box=(left, top, right, bottom),
            name=name,
            annotator=annotator,
            source=source,
            supersedes=supersedes,
            created_at=created_at,
        )
        for id, kind, left, top, right, bottom, name, annotator, source, supersedes, created_at in rows
    ]


def _chains(db: Database, item: int) -> list[RegionRecord]:
    """The newest row of each chain, in the order of their first rows."""
    chains: list[RegionRecord] = []
    places: dict[int, int] = {}
    for record in history(db, item):
        place = len(chains) if record.supersedes is None else places[record.supersedes]
        chains[place : place + 1] = [record]
        places[record.id] = place
    return chains


def _put(db: Database, item: int, wanted: Sequence[_Mark]) -> None:
    """Append rows, until the marks are those that are wanted.

    A new mark with the box of one that is not wanted any more, or was withdrawn, supersedes it.
    """
    new, others = list(wanted), list[RegionRecord]()
    for record in _chains(db, item):
        if record.kind == "marked" and _mark(record) in new:
            new.remove(_mark(record))
        else:
            others.append(record)
    for record in others:
        mark = next((mark for mark in new if mark.box == record.box), None)
        if mark is not None:
            new.remove(mark)
            _append(db, item, kind="marked", mark=mark, supersedes=record.id)
        elif record.kind == "marked":
            _append(db, item, kind="withdrawn", mark=_mark(record), supersedes=record.id)
    for mark in new:
        _append(db, item, kind="marked", mark=mark, supersedes=None)


def _append(db: Database, item: int, kind: Literal["marked", "withdrawn"], mark: _Mark, supersedes: int | None) -> None:
    db.execute(
        'INSERT INTO regions (item, kind, "left", top, "right", bottom, name, annotator, source, supersedes,'
        " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (item, kind, *mark.box, mark.name, mark.annotator, mark.source, supersedes, now()),
    )


def _mark(record: RegionRecord) -> _Mark:
    return _Mark(record.box, record.name, annotator=record.annotator, source=record.source)
