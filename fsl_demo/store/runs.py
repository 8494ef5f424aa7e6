"""Runs and their predictions: added, never changed."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlite_utils import Database

from fsl_demo.core.episodes import Run, Scores
from fsl_demo.store.connection import now
from fsl_demo.store.vector_rows import pack, unpack


def save(
    db: Database, episode_id: str, runs: Sequence[Run], query_items: Sequence[int], classes: Sequence[int]
) -> None:
    """Make these the runs of the episode; one that is already stored is not stored again.

    Args:
        query_items: row ids of the queries, in order.
        classes: row ids of the classes, in order.
    """
    db.execute("UPDATE runs SET position = NULL WHERE episode = ?", (episode_id,))
    for position, run in enumerate(runs):
        digest = _digest(run)
        known = db.execute(
            "UPDATE runs SET position = ? WHERE episode = ? AND digest = ? RETURNING id", (position, episode_id, digest)
        ).fetchall()
        if not known:
            owner = {"episode": episode_id, "position": position, "digest": digest}
            _insert(db, owner, run, query_items=query_items, classes=classes)


@dataclass(frozen=True)
class StoredRuns:
    """The runs of an episode as they were last saved.

    Attributes:
        unreadable: those that cannot be read: which, and why.
    """

    runs: tuple[Run, ...]
    unreadable: tuple[str, ...]


def load(db: Database, episode_id: str, support: int) -> StoredRuns:
    """The runs of the episode, which has so many support pictures."""
    rows = db.query("SELECT * FROM runs WHERE episode = ? AND position IS NOT NULL ORDER BY position", [episode_id])
    stored: list[Run] = []
    unreadable: list[str] = []
    for row in list(rows):
        try:
            stored.append(Run(_scores(db, row, support), row["device"]))
        except (ValueError, TypeError, RecursionError) as error:
            unreadable.append(f"{row['method']}: {error}")
    return StoredRuns(tuple(stored), tuple(unreadable))


def _insert(
    db: Database, owner: Mapping[str, object], run: Run, query_items: Sequence[int], classes: Sequence[int]
) -> None:
    """Add a run with its predictions; `owner` holds the columns that say whose it is."""
    scores = run.scores
    queries, columns = scores.similarities.shape
    if queries > len(query_items) or columns != len(classes):
        raise ValueError(
            f"{scores.method}: scores of {queries} x {columns}, {len(query_items)} x {len(classes)} in all"
        )
    row = {
        **owner,
        "method": scores.method,
        "checkpoint": scores.checkpoint,
        "settings": _settings(scores),
        "note": json.dumps(dict(scores.note), ensure_ascii=False),
        "device": run.device,
        "seconds": scores.seconds,
        "none_below": None if math.isnan(scores.none_below) else float(scores.none_below),
        "queries": queries,
        "classes": columns,
        "pairs": None if scores.pairs is None else pack(scores.pairs),
        "created_at": now(),
    }
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    run_id = db.execute(f"INSERT INTO runs ({names}) VALUES ({marks})", list(row.values())).lastrowid
    similarities, probabilities = scores.similarities.tolist(), scores.probabilities.tolist()
    db.conn.executemany(
        "INSERT INTO predictions (run, query, option, item, class, similarity, probability)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (run_id, query, option, query_items[query], classes[option], similarity, probabilities[query][option])
            for query, similarity_row in enumerate(similarities)
            for option, similarity in enumerate(similarity_row)
        ),
    )


def _scores(db: Database, row: Mapping[str, Any], support: int) -> Scores:
    values = db.execute(
        "SELECT similarity, probability FROM predictions WHERE run = ? ORDER BY query, option", (row["id"],)
    ).fetchall()
    both = np.array(values, dtype=np.float32).reshape(row["queries"], row["classes"], 2)
    pairs = None
    if row["pairs"] is not None:
        pairs = unpack(row["pairs"]).reshape(row["queries"], support)
    return Scores(
        method=row["method"],
        checkpoint=row["checkpoint"],
        settings=dict(json.loads(row["settings"])),
        seconds=row["seconds"],
        similarities=np.ascontiguousarray(both[..., 0]),
        probabilities=np.ascontiguousarray(both[..., 1]),
        none_below=math.nan if row["none_below"] is None else row["none_below"],
        pairs=pairs,
        note=dict(json.loads(row["note"])),
    )


def _digest(run: Run) -> str:
    scores = run.scores
    head = [scores.method, scores.checkpoint, _settings(scores), run.device, scores.seconds, float(scores.none_below)]
    digest = hashlib.sha256(json.dumps(head).encode())
    for values in (scores.similarities, scores.probabilities, scores.pairs):
        if values is not None:
            digest.update(repr(values.shape).encode())
            digest.update(pack(values))
    return digest.hexdigest()


def _settings(scores: Scores) -> str:
    return json.dumps(dict(scores.settings), sort_keys=True, ensure_ascii=False)
