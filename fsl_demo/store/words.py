"""Pictures of the gallery found by the words of their captions and file names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from fsl_demo.core.episodes import Caption
from fsl_demo.store.connection import plain

MOST_WORDS = 50
"""No caption says as many different words."""
BEGINNING = 3
"""Letters that may be the beginning of a longer word."""
RANKED = 2_000
"""Up to so many matches are put in order, the best first; of more, the latest come first."""
_BEGIN, _END = "\x02", "\x03"


@dataclass(frozen=True)
class WordMatch:
    """A picture whose caption or file name has what was asked for.

    Attributes:
        picture: its hash.
        caption: the best of its captions that says it; None where the file name has it.
        parts: the text in parts, each with whether it was asked for.
    """

    picture: str
    caption: Caption | None
    parts: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class WordMatches:
    """Pictures whose captions say what was asked for, then those whose file names do.

    Attributes:
        count: how many there are; where there are more than `RANKED`, this number.
    """

    matches: tuple[WordMatch, ...] = ()
    count: int = 0


@dataclass(frozen=True)
class _Source:
    """A full-text table whose rows belong to pictures; `rank` puts the rows of one picture in order."""

    table: str
    rows: str
    picture: str
    rank: str
    column: int


_CAPTIONS = _Source(
    "captions_fts",
    "captions_fts JOIN captions ON captions.id = captions_fts.rowid",
    picture="captions.picture",
    rank="captions.rank",
    column=0,
)
_NAMES = _Source("names_fts", "names_fts", picture="names_fts.picture", rank="0", column=1)


def search(db: Database, text: str, limit: int, class_id: int | None = None) -> WordMatches:
    """The pictures of the gallery with a caption or a name that has every word, or one that begins so.

    Args:
        class_id: row id of the class that they have, 0 for those without any; None for all.
    """
    terms = list(dict.fromkeys(re.findall(r"\w+", plain(text).casefold())))
    if not 0 < len(terms) <= MOST_WORDS:
        return WordMatches()
    asked = {"match": " AND ".join(map(_term, terms)), "class": class_id}
    hits: dict[str, tuple[_Source, int]] = {}
    count = 0
    for source in (_CAPTIONS, _NAMES):
        many, best = _many(db, source, asked), dict[str, tuple[int, int]]()
        for picture, rank, row in _rows(db, source, asked=asked, latest=many):
            if picture not in hits and (picture not in best or rank < best[picture][0]):
                best[picture] = rank, row
            if len(hits) + len(best) >= (limit if many else RANKED):
                break
        hits |= {picture: (source, row) for picture, (_, row) in best.items()}
        count = RANKED if many and len(hits) >= limit else max(count, min(RANKED, len(hits)))
    shown = list(hits.items())[:limit]
    texts = {
        source: _texts(db, source, rows=[row for _, (of, row) in shown if of is source], asked=asked)
        for source in (_CAPTIONS, _NAMES)
    }
    captions = _captions(db, list(texts[_CAPTIONS]))
    matches = [
        WordMatch(picture, captions[row] if source is _CAPTIONS else None, parts=texts[source][row])
        for picture, (source, row) in shown
    ]
    return WordMatches(tuple(matches), count)


def _many(db: Database, source: _Source, asked: dict[str, Any]) -> bool:
    """Whether so much matches that it is not put in order."""
    matching = f"SELECT 1 FROM {source.table} WHERE {source.table} MATCH :match LIMIT {RANKED + 1}"
    return bool(db.execute(f"SELECT count(*) FROM ({matching})", asked).fetchone()[0] > RANKED)


def _rows(db: Database, source: _Source, asked: dict[str, Any], latest: bool) -> Iterator[tuple[str, int, int]]:
    """Picture, rank and row of what matches: the best first, or the latest."""
    order = f"{source.table}.rowid DESC" if latest else f"bm25({source.table}), {source.table}.rowid DESC"
    yield from db.execute(
        f"SELECT {source.picture}, {source.rank}, {source.table}.rowid FROM {source.rows}"
        f" CROSS JOIN gallery ON gallery.picture = {source.picture}"
        f" WHERE {source.table} MATCH :match AND (:class IS NULL OR EXISTS"
        " (SELECT 1 FROM gallery_classes WHERE class = :class AND item = gallery.id))"
        f" ORDER BY {order}",
        asked,
    )


def _texts(
    db: Database, source: _Source, rows: Sequence[int], asked: dict[str, Any]
) -> dict[int, tuple[tuple[str, bool], ...]]:
    """The texts of rows, in parts. They are asked for together: each question gathers all that matches."""
    if not rows:
        return {}
    marked = db.execute(
        f"SELECT rowid, highlight({source.table}, {source.column}, :begin, :end) FROM {source.table}"
        f" WHERE {source.table} MATCH :match AND rowid BETWEEN :first AND :last"
        " AND +rowid IN (SELECT value FROM json_each(:rows))",
        {
            **asked,
            "begin": _BEGIN,
            "end": _END,
            "first": min(rows),
            "last": max(rows),
            "rows": json.dumps(rows),
        },
    )
    return {row: tuple(_parts(text)) for row, text in marked}


def _captions(db: Database, rows: Sequence[int]) -> dict[int, Caption]:
    stored = db.execute(
        "SELECT captions.id, text, score, fit, doubtful FROM json_each(?) CROSS JOIN captions ON captions.id = value",
        (json.dumps(rows),),
    )
    return {
        row: Caption(text, score=score, fit=fit, doubtful=bool(doubtful)) for row, text, score, fit, doubtful in stored
    }


def _term(word: str) -> str:
    return f'("{word}" OR "{word}" *)' if len(word) >= BEGINNING else f'"{word}"'


def _parts(marked: str) -> Iterable[tuple[str, bool]]:
    for part in re.split(f"({_BEGIN}[^{_END}]*{_END})", marked):
        if part:
            yield part.strip(_BEGIN + _END), part.startswith(_BEGIN)
