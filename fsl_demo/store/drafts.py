"""Drafts: a page's unfinished work, as a JSON document that only the page understands.

Beside the document, which is written after every edit, lie its results, which are large and change seldom, the steps
that can be undone, and for each browser tab the number of the last edit that was taken, so that an edit that is sent
again after a break is not made twice.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlite_utils import Database

from fsl_demo.core.errors import UserError
from fsl_demo.store.connection import Connections, now


@dataclass(frozen=True)
class Draft:
    """A page's unfinished work.

    Attributes:
        id: kept by the browser.
        revision: counts the saves.
        data: what the page put in. Here and below, a text that is no JSON stands for itself.
        updated_at: ISO 8601, UTC.
        results: what methods said, as the page put it in; None where that was not asked for.
        steps: what can be undone, oldest first.
        taken: by browser tab, the number of the last edit that is in `data`.
        account: id of the account that it belongs to; None is the person at the machine itself.
    """

    id: str
    revision: int
    data: Any
    updated_at: str
    results: Any = None
    steps: tuple[Any, ...] = ()
    taken: Mapping[str, int] = field(default_factory=dict)
    account: int | None = None


@dataclass(frozen=True)
class DraftRevision:
    """The next revision of a draft.

    Attributes:
        data: a JSON object.
        results: a JSON value to put in the place of the results; None leaves them.
        kept_steps: how many of the stored steps stay.
        new_steps: those that follow them.
        taken: by browser tab, the number of the last edit that is in `data`.
    """

    data: dict[str, Any]
    results: Any = None
    kept_steps: int = 0
    new_steps: Sequence[dict[str, Any]] = ()
    taken: Mapping[str, int] = field(default_factory=dict)


class StaleDraft(UserError):
    """Another process saved this draft meanwhile."""

    def __init__(self) -> None:
        super().__init__("draft_stale")


class DraftStore:
    """The drafts of a workspace."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def create(self, first: DraftRevision, account: int | None = None) -> Draft:
        """Keep a page's unfinished work, as revision 0."""
        draft_id, time = secrets.token_hex(8), now()
        with self._connections.write() as db:
            db.execute(
                "INSERT INTO drafts (id, revision, data, updated_at, account) VALUES (?, 0, ?, ?, ?)",
                (draft_id, json.dumps(first.data), time, account),
            )
            _put_parts(db, draft_id, first)
        return Draft(
            id=draft_id,
            revision=0,
            data=first.data,
            updated_at=time,
            results=first.results,
            steps=tuple(first.new_steps),
            taken=dict(first.taken),
            account=account,
        )

    def find(self, draft_id: str) -> Draft | None:
        """The draft as it was last saved, with all that belongs to it, or None."""
        with self._connections.read() as db:
            row = db.execute(
                "SELECT id, revision, data, updated_at, account FROM drafts WHERE id = ?", (draft_id,)
            ).fetchone()
            if row is None:
                return None
            results = db.execute("SELECT data FROM draft_results WHERE draft = ?", (draft_id,)).fetchone()
            steps = db.execute("SELECT data FROM draft_steps WHERE draft = ? ORDER BY number", (draft_id,)).fetchall()
            taken = db.execute("SELECT tab, number FROM draft_tabs WHERE draft = ?", (draft_id,)).fetchall()
        return replace(
            _draft(row),
            results=_parsed(results[0]) if results else None,
            steps=tuple(_parsed(step[0]) for step in steps),
            taken=dict(taken),
        )

    def revision(self, draft_id: str) -> int | None:
        """How often the draft was saved, or None."""
        with self._connections.read() as db:
            row = db.execute("SELECT revision FROM drafts WHERE id = ?", (draft_id,)).fetchone()
        return None if row is None else int(row[0])

    def recent(self, limit: int = 30, account: int | None = None) -> list[Draft]:
        """The latest drafts of an account, last saved first, without their results and steps."""
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT id, revision, data, updated_at, account FROM drafts WHERE account IS ?"
                " ORDER BY updated_at DESC, id LIMIT ?",
                (account, limit),
            ).fetchall()
        return [_draft(row) for row in rows]

    def delete(self, draft_id: str, account: int | None = None) -> None:
        """Forget a draft of an account; its pictures stay."""
        with self._connections.write() as db:
            if not db.execute("SELECT 1 FROM drafts WHERE id = ? AND account IS ?", (draft_id, account)).fetchone():
                return
            for table in ("draft_results", "draft_steps", "draft_tabs"):
                db.execute(f"DELETE FROM {table} WHERE draft = ?", (draft_id,))
            db.execute("DELETE FROM drafts WHERE id = ?", (draft_id,))

    def save(self, draft_id: str, following: DraftRevision, revision: int) -> int:
        """Save the next revision of a draft.

        Args:
            revision: the one that it follows.

        Returns:
            The new revision.

        Raises:
            StaleDraft: when another process has saved since `revision`.
            UserError: `draft_missing`.
        """
        with self._connections.write() as db:
            current = db.execute("SELECT revision FROM drafts WHERE id = ?", (draft_id,)).fetchone()
            if current is None:
                raise UserError("draft_missing")
            if current[0] != revision:
                raise StaleDraft
            db.execute(
                "UPDATE drafts SET revision = ?, data = ?, updated_at = ? WHERE id = ?",
                (revision + 1, json.dumps(following.data), now(), draft_id),
            )
            _put_parts(db, draft_id, following)
        return revision + 1


def _draft(row: Sequence[Any]) -> Draft:
    return Draft(id=row[0], revision=row[1], data=_parsed(row[2]), updated_at=row[3], account=row[4])


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _put_parts(db: Database, draft_id: str, revision: DraftRevision) -> None:
    if revision.results is not None:
        db.execute(
            "INSERT OR REPLACE INTO draft_results (draft, data) VALUES (?, ?)", (draft_id, json.dumps(revision.results))
        )
    db.execute("DELETE FROM draft_steps WHERE draft = ? AND number >= ?", (draft_id, revision.kept_steps))
    db.conn.executemany(
        "INSERT INTO draft_steps (draft, number, data) VALUES (?, ?, ?)",
        [(draft_id, number, json.dumps(step)) for number, step in enumerate(revision.new_steps, revision.kept_steps)],
    )
    db.conn.executemany(
        "INSERT OR REPLACE INTO draft_tabs (draft, tab, number) VALUES (?, ?, ?)",
        [(draft_id, tab, number) for tab, number in revision.taken.items()],
    )
