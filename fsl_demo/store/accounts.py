"""Accounts, their passwords (argon2id, RFC 9106) and their sessions; and which pictures each may see."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlite_utils import Database

from fsl_demo.core.accounts import ROLES, Account
from fsl_demo.core.episodes import class_key
from fsl_demo.core.errors import UserError
from fsl_demo.store.connection import Connections, now

SHORTEST_PASSWORD, LONGEST_PASSWORD, LONGEST_NAME = 10, 1_000, 60
SESSION, UNUSED = timedelta(days=7), timedelta(hours=12)
"""A session ends after this time, and after this time without a request."""

_hasher = PasswordHasher()
_NOBODY = f"$argon2id$v=19$m=65536,t=3,p=4${22 * 'A'}${43 * 'A'}"
"""A hash of no password, checked for names that nobody has, so that an answer takes as long as for others."""


class AccountStore:
    """The accounts of a workspace."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def add(self, name: str, role: str, password: str) -> Account:
        """
        Raises:
            UserError: `account_name`, `account_exists`, `account_role`, `password_length`.
        """
        name = " ".join(name.split())
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise UserError("account_name", limit=LONGEST_NAME)
        if role not in ROLES:
            raise UserError("account_role", role=role, known=", ".join(ROLES))
        hashed = _hashed(password)
        with self._connections.write() as db:
            if db.execute("SELECT 1 FROM accounts WHERE key = ?", (class_key(name),)).fetchone():
                raise UserError("account_exists", name=name)
            added = db.execute(
                "INSERT INTO accounts (key, name, role, password, created_at) VALUES (?, ?, ?, ?, ?)",
                (class_key(name), name, role, hashed, now()),
            )
            return Account(int(added.lastrowid or 0), name, role)

    def all(self) -> list[Account]:
        """Every account, by name."""
        with self._connections.read() as db:
            return [Account(*row) for row in db.execute("SELECT id, name, role FROM accounts ORDER BY key")]

    def remove(self, name: str) -> None:
        """Remove an account and end its sessions; its drafts are then the machine's own person's, its labels stay.

        Raises:
            UserError: `account_missing`.
        """
        with self._connections.write() as db:
            db.execute("DELETE FROM accounts WHERE id = ?", (_id(db, name),))

    def set_password(self, name: str, password: str) -> None:
        """Change a password and end the account's sessions.

        Raises:
            UserError: `account_missing`, `password_length`.
        """
        hashed = _hashed(password)
        with self._connections.write() as db:
            account = _id(db, name)
            db.execute("UPDATE accounts SET password = ? WHERE id = ?", (hashed, account))
            db.execute("DELETE FROM sessions WHERE account = ?", (account,))

    def check(self, name: str, password: str) -> Account | None:
        """The account of that name, if the password is its own; takes as long where there is none."""
        with self._connections.read() as db:
            row = db.execute(
                "SELECT id, name, role, password FROM accounts WHERE key = ?", (class_key(name),)
            ).fetchone()
        try:
            _hasher.verify(row[3] if row else _NOBODY, password[:LONGEST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return None
        return Account(*row[:3]) if row else None

    def open_session(self, account: Account) -> str:
        """A session's token, which is nowhere else; the store keeps its hash."""
        token, time = secrets.token_urlsafe(32), now()
        with self._connections.write() as db:
            db.execute("DELETE FROM sessions WHERE created_at < ? OR used_at < ?", _ended())
            db.execute(
                "INSERT INTO sessions (token, account, created_at, used_at) VALUES (?, ?, ?, ?)",
                (_token_hash(token), account.id, time, time),
            )
        return token

    def session(self, token: str) -> Account | None:
        """Whose session it is, if it has not ended."""
        created, used = _ended()
        with self._connections.read() as db:
            row = db.execute(
                "SELECT accounts.id, name, role, used_at FROM sessions JOIN accounts ON accounts.id = account"
                " WHERE token = ? AND sessions.created_at >= ? AND used_at >= ?",
                (_token_hash(token), created, used),
            ).fetchone()
        if row is None:
            return None
        if row[3] < _ago(UNUSED / 12):
            with self._connections.write() as db:
                db.execute("UPDATE sessions SET used_at = ? WHERE token = ?", (now(), _token_hash(token)))
        return Account(*row[:3])

    def close_session(self, token: str) -> None:
        """End a session."""
        with self._connections.write() as db:
            db.execute("DELETE FROM sessions WHERE token = ?", (_token_hash(token),))

    def own(self, account: int, hashes: Iterable[str]) -> None:
        """Note that stored pictures came from an account."""
        with self._connections.write() as db:
            db.conn.executemany(
                "INSERT OR IGNORE INTO picture_owners (account, picture) VALUES (?, ?)",
                [(account, sha256) for sha256 in hashes],
            )

    def visible(self, account: int, hashes: Iterable[str]) -> set[str]:
        """Those pictures that came from an account, or are in a collection, which all see."""
        wanted = json.dumps(list(hashes))
        with self._connections.read() as db:
            rows = db.execute(_VISIBLE, {"account": account, "wanted": wanted})
            return {row[0] for row in rows}


_VISIBLE = """
WITH wanted AS (SELECT value AS picture FROM json_each(:wanted))
SELECT picture FROM wanted WHERE
    EXISTS (SELECT 1 FROM picture_owners AS own WHERE own.account = :account AND own.picture = wanted.picture)
    OR EXISTS (SELECT 1 FROM searchable WHERE searchable.picture = wanted.picture)
    OR EXISTS (SELECT 1 FROM episode_items AS item JOIN episodes ON episodes.id = item.episode
               WHERE item.picture = wanted.picture AND item.position IS NOT NULL AND deleted_at IS NULL)
    OR EXISTS (SELECT 1 FROM collection_items AS item JOIN collections ON collections.id = item.collection
               WHERE item.picture = wanted.picture AND removed_at IS NULL AND deleted_at IS NULL)
    OR EXISTS (SELECT 1 FROM frozen_items AS item JOIN collection_versions ON collection_versions.id = item.version
               JOIN collections ON collections.id = collection_versions.collection
               WHERE item.picture = wanted.picture AND deleted_at IS NULL)
"""


def _hashed(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise UserError("password_length", least=SHORTEST_PASSWORD, most=LONGEST_PASSWORD)
    return _hasher.hash(password)


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _ago(time: timedelta) -> str:
    return (datetime.now(UTC) - time).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _ended() -> tuple[str, str]:
    """Sessions that are older, or were used before, have ended."""
    return _ago(SESSION), _ago(UNUSED)


def _id(db: Database, name: str) -> int:
    row = db.execute("SELECT id FROM accounts WHERE key = ?", (class_key(name),)).fetchone()
    if row is None:
        raise UserError("account_missing", name=name)
    return int(row[0])
