"""Captions of pictures: described once by the same weights, found by their words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from fsl_demo.core.episodes import Caption, Described
from fsl_demo.store.connection import now, plain

MOST_WORDS = 50
"""No caption says as many different words."""
BEGINNING = 3
"""Letters that may be the beginning of a longer word."""
_BEGIN, _END = "\x02", "\x03"


@dataclass(frozen=True)
class CaptionMatch:
    """A picture whose caption says what was asked for.

    Attributes:
        picture: its hash.
        caption: the best of its captions that say it.
        parts: the caption's text in parts, each with whether it was asked for.
    """

    picture: str
    caption: Caption
    parts: tuple[tuple[str, bool], ...]


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


def pictures(db: Database, captioner: str, weights: str | None) -> set[str]:
    """Hashes of the pictures that a captioner has described, with these weights or any."""
    rows = db.execute(
        "SELECT DISTINCT picture FROM captions WHERE captioner = ? AND weights = coalesce(?, weights)",
        (captioner, weights),
    )
    return {row[0] for row in rows}


def search(db: Database, words: str) -> list[CaptionMatch]:
    """The pictures with a caption that says every word, or one that begins so; those that say them best first."""
    terms = list(dict.fromkeys(re.findall(r"\w+", plain(words).casefold())))
    if not 0 < len(terms) <= MOST_WORDS:
        return []
    rows = db.execute(
        "SELECT picture, captions.rank, captions.text, score, fit, doubtful, highlight(captions_fts, 0, ?, ?)"
        " FROM captions_fts JOIN captions ON captions.id = captions_fts.rowid"
        " WHERE captions_fts MATCH ? ORDER BY bm25(captions_fts), captions.id DESC",
        (_BEGIN, _END, " AND ".join(map(_term, terms))),
    )
    matches: dict[str, CaptionMatch] = {}
    ranks: dict[str, int] = {}
    for picture, rank, *caption, marked in rows:
        if picture not in ranks or rank < ranks[picture]:
            ranks[picture] = rank
            matches[picture] = CaptionMatch(picture, _caption(*caption), tuple(_parts(marked)))
    return list(matches.values())


def _term(word: str) -> str:
    return f'("{word}" OR "{word}" *)' if len(word) >= BEGINNING else f'"{word}"'


def _caption(text: str, score: float, fit: float, doubtful: int) -> Caption:
    return Caption(text, score=score, fit=fit, doubtful=bool(doubtful))


def _parts(marked: str) -> Iterable[tuple[str, bool]]:
    for part in re.split(f"({_BEGIN}[^{_END}]*{_END})", marked):
        if part:
            yield part.strip(_BEGIN + _END), part.startswith(_BEGIN)


def _printable(text: str) -> str:
    """The text single-spaced, without control characters."""
    return "".join(letter for letter in " ".join(plain(text).split()) if letter.isprintable())
