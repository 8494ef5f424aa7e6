"""Rows of the doctor's findings in collections that people marked as right, so that they do not come again."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlite_utils import Database

from fsl_demo.core.collections import MarkedRight
from fsl_demo.core.errors import UserError
from fsl_demo.store.connection import now, plain


def marks(db: Database, collection: int) -> dict[str, MarkedRight]:
    """The marks that count, by key of the finding, those made first first."""
    rows = db.execute(
        "SELECT finding, annotator, created_at FROM current_settled_findings WHERE collection = ? ORDER BY id",
        (collection,),
    )
    return {finding: MarkedRight(annotator, created_at) for finding, annotator, created_at in rows}


def settle(db: Database, collection: int, findings: Iterable[str], annotator: str) -> tuple[str, ...]:
    """Mark findings as right; what is marked already stays as it is.

    Raises:
        UserError: `finding_key`.

    Returns:
        Those that were not marked.
    """
    known, time = marks(db, collection), now()
    fresh = tuple(key for key in _keys(findings) if key not in known)
    db.conn.executemany(
        "INSERT INTO settled_findings (collection, finding, annotator, created_at) VALUES (?, ?, ?, ?)",
        [(collection, key, plain(annotator), time) for key in fresh],
    )
    return fresh


def take_back(db: Database, collection: int, findings: Iterable[str], annotator: str) -> tuple[str, ...]:
    """Take marks back, whoever made them.

    Raises:
        UserError: `finding_key`.

    Returns:
        The findings that were marked.
    """
    known = marks(db, collection)
    marked = tuple(key for key in _keys(findings) if key in known)
    for key in marked:
        db.execute(
            "INSERT INTO settled_findings (collection, finding, annotator, takes_back, created_at)"
            " SELECT collection, finding, ?, id, ? FROM current_settled_findings WHERE collection = ? AND finding = ?",
            (plain(annotator), now(), collection, key),
        )
    return marked


def _keys(findings: Iterable[str]) -> list[str]:
    keys = list(dict.fromkeys(findings))
    for key in keys:
        if not re.fullmatch("[0-9a-f]{16}", key):
            raise UserError("finding_key", name=key[:40])
    return keys
