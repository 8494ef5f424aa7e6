"""Captions of pictures: described once by the same weights."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlite_utils import Database

from fsl_demo.core.episodes import Caption, Described
from fsl_demo.store.connection import now, plain


def add(db: Database, picture: str, described: Described) -> None:
    """Keep what a captioner said of a stored picture, unless the same weights have described it already."""
    key = (picture, described.captioner, described.weights)
    if db.execute("SELECT 1 FROM captions WHERE picture = ? AND captioner = ? AND weights = ?", key).fetchone():
        return
    time = now()
    db.conn.executemany(
        "INSERT INTO captions (picture, captioner, weights, rank, text, score, fit, doubtful, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (*key, rank, _printable(caption.text), caption.score, caption.fit, caption.doubtful, time)
            for rank, caption in enumerate(described.captions)
        ],
    )


def load(db: Database, pictures: Sequence[str]) -> dict[str, tuple[Described, ...]]:
    """What was said of those pictures that were described, the latest first."""
    rows = db.execute(
        "SELECT picture, captioner, weights, text, score, fit, doubtful FROM captions"
        " WHERE picture IN (SELECT value FROM json_each(?)) ORDER BY created_at DESC, captioner, weights, rank",
        (json.dumps(list(pictures)),),
    )
    candidates: dict[str, dict[tuple[str, str], list[Caption]]] = {}
    for picture, captioner, weights, *caption in rows:
        candidates.setdefault(picture, {}).setdefault((captioner, weights), []).append(_caption(*caption))
    return {
        picture: tuple(
            Described(captioner, weights, tuple(captions)) for (captioner, weights), captions in by_captioner.items()
        )
        for picture, by_captioner in candidates.items()
    }


def described(db: Database, captioner: str, weights: str, among: Sequence[str]) -> set[str]:
    """Those of the hashes whose pictures a captioner with these weights has described."""
    rows = db.execute(
        "SELECT value FROM json_each(?) CROSS JOIN captions ON picture = value"
        " WHERE captioner = ? AND weights = ? AND rank = 0",
        (json.dumps(list(among)), captioner, weights),
    )
    return {row[0] for row in rows}


def _caption(text: str, score: float, fit: float, doubtful: int) -> Caption:
    return Caption(text, score=score, fit=fit, doubtful=bool(doubtful))


def _printable(text: str) -> str:
    """The text single-spaced, without control characters."""
    return "".join(letter for letter in " ".join(plain(text).split()) if letter.isprintable())
