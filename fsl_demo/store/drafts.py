"""Drafts: a page's unfinished work, as a JSON document that only the page understands."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from fsl_demo.errors import UserError
from fsl_demo.store.connection import now


@dataclass(frozen=True)
class Draft:
    """A page's unfinished work.

    Attributes:
        id: kept by the browser.
        revision: counts the saves.
        tab: the browser tab that made this revision.
        data: what the page put in.
        updated_at: ISO 8601, UTC.
    """

    id: str
    revision: int
    tab: str
    data: dict[str, Any]
    updated_at: str


class StaleDraft(UserError):
    """Another tab saved this draft meanwhile; `current` is what it saved."""

    def __init__(self, current: Draft) -> None:
        super().__init__("draft_stale")
        self.current = current


def create(db: Database, data: dict[str, Any]) -> Draft:
    """Store a first revision, 0."""
    draft = Draft(secrets.token_hex(8), 0, "", data, now())
    db.execute(
        "INSERT INTO drafts (id, revision, tab, data, updated_at) VALUES (?, ?, ?, ?, ?)",
        (draft.id, draft.revision, draft.tab, json.dumps(data), draft.updated_at),
    )
    return draft


def find(db: Database, draft_id: str) -> Draft | None:
    """The draft, or None."""
    row = db.execute("SELECT id, revision, tab, data, updated_at FROM drafts WHERE id = ?", (draft_id,)).fetchone()
    return row and Draft(row[0], row[1], row[2], json.loads(row[3]), row[4])


def recent(db: Database, limit: int) -> list[Draft]:
    """Up to `limit` drafts, last saved first."""
    rows = db.execute(
        "SELECT id, revision, tab, data, updated_at FROM drafts ORDER BY updated_at DESC, id LIMIT ?", (limit,)
    )
    return [Draft(row[0], row[1], row[2], json.loads(row[3]), row[4]) for row in rows]


def delete(db: Database, draft_id: str) -> None:
    """Forget a draft; its pictures stay."""
    db.execute("DELETE FROM drafts WHERE id = ?", (draft_id,))


def save(db: Database, draft_id: str, data: dict[str, Any], revision: int, tab: str) -> Draft:
    """Store the next revision.

    Args:
        revision: the one that `data` was made from.
        tab: who saves. A tab may always save over its own revisions, in whatever order they arrive.

    Raises:
        StaleDraft: when another tab has saved since `revision`.
        UserError: `draft_missing`.
    """
    current = find(db, draft_id)
    if current is None:
        raise UserError("draft_missing")
    if current.revision > revision and current.tab != tab:
        raise StaleDraft(current)
    draft = Draft(draft_id, current.revision + 1, tab, data, now())
    db.execute(
        "UPDATE drafts SET revision = ?, tab = ?, data = ?, updated_at = ? WHERE id = ?",
        (draft.revision, tab, json.dumps(data), draft.updated_at, draft_id),
    )
    return draft
