"""SQLite as the store uses it: one connection a thread, and transactions that say what they are for."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database

from fsl_demo.core.episodes import class_key
from fsl_demo.core.errors import UserError, disk_trouble
from fsl_demo.core.file_names import plain as plain
from fsl_demo.store import opening
from fsl_demo.store.schema import migrations

WAL_ATTEMPTS, WAL_PAUSE = 50, 0.02


def now() -> str:
    """The time as the store writes it: ISO 8601, UTC, microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@contextmanager
def trouble(path: Path) -> Iterator[None]:
    """Turn a full disk, a folder that is not writable and a file that is no database into a `UserError`."""
    try:
        with disk_trouble(path):
            yield
    except sqlite3.DatabaseError as error:
        code = _CODES.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        if code is None:
            raise
        raise UserError(code, folder=path, reason=str(error)) from error


_CODES = {
    sqlite3.SQLITE_FULL: "disk_full",
    sqlite3.SQLITE_BUSY: "workspace_busy",
    sqlite3.SQLITE_READONLY: "folder_unwritable",
    sqlite3.SQLITE_CANTOPEN: "folder_unwritable",
    sqlite3.SQLITE_IOERR: "folder_unwritable",
    sqlite3.SQLITE_PERM: "folder_unwritable",
    sqlite3.SQLITE_CORRUPT: "workspace_damaged",
    sqlite3.SQLITE_NOTADB: "workspace_damaged",
}


def database_faults(db: Database) -> list[str]:
    """What SQLite finds wrong with the database, in sentences."""
    faults = [row[0] for row in db.execute("PRAGMA integrity_check") if row[0] != "ok"]
    pointers = db.execute("PRAGMA foreign_key_check").fetchall()
    return faults + [f"{table}: row {row} points to no row of {parent}" for table, row, parent, _ in pointers]


class _Local(threading.local):
    """What each thread has of its own."""

    db: Database | None = None


class Connections:
    """The connections to one database file.

    Args:
        read_only: it has to be there, and stays as it is; `write` raises `workspace_read_only`.

    Attributes:
        current: whether the database is of this version; one that is written to is made so.

    Raises:
        UserError: as of `opening.check`, before anything is written.
    """

    def __init__(self, path: Path, read_only: bool = False) -> None:
        self._path, self.read_only = path, read_only
        self._local = _Local()
        self._writing = threading.Lock()
        with self.read() as db:  # at one moment: another process may just be making it
            self.current = opening.check(db, path.parent)
        if read_only:
            return
        with trouble(path.parent):
            self._enable_wal()
        with self.write() as db:
            if not opening.check(db, path.parent):
                opening.back_up(db, path.parent)
            migrations.apply(db)
            db.execute("DELETE FROM _sqlite_migrations WHERE FALSE")  # SQLite says now if it can only read the file
        self.current = True

    @contextmanager
    def read(self) -> Iterator[Database]:
        """One consistent view of the database, whatever others write meanwhile."""
        with self._transaction("BEGIN DEFERRED") as db:
            yield db

    @contextmanager
    def write(self) -> Iterator[Database]:
        """All or nothing. It waits for other writers at the start, so what it reads stays true until it ends."""
        if self.read_only:
            raise UserError("workspace_read_only", folder=self._path.parent)
        with self._writing, self._transaction("BEGIN IMMEDIATE") as db:  # threads take turns; SQLite waits by chance
            yield db

    def close(self) -> None:
        """Close this thread's connection; the next use opens another."""
        if self._local.db is not None:
            self._local.db.close()
            self._local.db = None

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Database]:
        with trouble(self._path.parent):
            db = self._here()
            db.conn.execute(begin)
            try:
                yield db
                db.conn.execute("COMMIT")
            finally:
                if db.conn.in_transaction:
                    db.conn.execute("ROLLBACK")

    def _enable_wal(self) -> None:
        """Switch the file to WAL. Where several open a new file at once, SQLite refuses all but one without waiting."""
        for left in reversed(range(WAL_ATTEMPTS)):
            try:
                self._here().enable_wal()
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or not left:
                    raise
                time.sleep(WAL_PAUSE)

    def _here(self) -> Database:
        if self._local.db is None:
            connection = opening.connect(self._path, self.read_only)
            connection.execute("PRAGMA busy_timeout=10000")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA synchronous=FULL")
            connection.create_function("fold", 1, class_key, deterministic=True)
            self._local.db = Database(connection)
        db: Database = self._local.db
        return db
