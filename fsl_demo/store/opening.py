"""Whether a file is a database of ours and of which version, the backup before it becomes a later one, and copies for
those who only read."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlite_utils import Database

from fsl_demo.core import durable
from fsl_demo.core.errors import UserError
from fsl_demo.store.schema import migrations

FILE, PICTURES, BACKUPS = "fsl_demo.db", "blobs", "backups"
"""In a workspace's folder."""


def check(db: Database, folder: Path) -> bool:
    """See that a database is one of ours that this version can open; nothing is changed.

    Returns:
        Whether it is of this version.

    Raises:
        UserError: `workspace_newer`, `workspace_foreign`, and `workspace_emptied` for pictures without their database.
    """
    applied = {migration.name for migration in migrations.applied(db)}
    pending = {migration.name for migration in migrations.pending(db)}
    if applied - KNOWN:
        raise UserError("workspace_newer", folder=folder, file=FILE)
    if not applied and db.table_names():
        raise UserError("workspace_foreign", folder=folder, file=FILE)
    if not applied:
        check_pictures(folder)
    return not pending


def check_pictures(folder: Path) -> None:
    """Raise `workspace_emptied` where there are pictures; a database is not there, or empty."""
    if next((folder / PICTURES).glob("*/*/*.png"), None) is not None:
        raise UserError("workspace_emptied", folder=folder, file=FILE, backups=BACKUPS)


KNOWN = {migration.name for migration in migrations.pending(Database(memory=True))}
"""Names of this version's migrations."""


def back_up(db: Database, folder: Path) -> None:
    """Keep a copy of a database before its first migration of several, if it has been used; one for each version.

    Args:
        db: in a transaction that keeps other writers away.
    """
    applied = migrations.applied(db)
    if not applied:
        return
    backup = folder / BACKUPS / f"{Path(FILE).stem}-{applied[-1].name}.db"
    backup.parent.mkdir(exist_ok=True)
    unfinished = backup.with_suffix(".tmp")
    unfinished.unlink(missing_ok=True)
    copy(folder / FILE, unfinished)  # SQLite makes it last
    unfinished.replace(backup)
    durable.sync_folder(backup.parent)


def connect(file: Path, read_only: bool = False) -> sqlite3.Connection:
    """A connection that begins transactions only where it is told to."""
    if read_only:
        return sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=ro", uri=True, isolation_level=None)
    return sqlite3.connect(file, isolation_level=None)


def copy(file: Path, target: Path) -> None:
    """Copy what is committed in a database, whoever writes to it meanwhile.

    SQLite cannot read a database that nobody has open in a folder that it cannot write to: its files are copied.
    """
    try:
        with closing(connect(file, read_only=True)) as source, closing(connect(target)) as made:
            source.backup(made)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
        for suffix in ("", "-wal"):
            source_file = file.with_name(file.name + suffix)
            if source_file.exists():
                shutil.copyfile(source_file, target.with_name(target.name + suffix))
