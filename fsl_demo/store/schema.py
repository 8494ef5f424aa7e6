"""The tables, made by migrations. Add a migration for a change; never edit one that was released."""

from __future__ import annotations

import json
from sqlite3 import complete_statement

from sqlite_utils import Database, Migrations

from fsl_demo.store.collection_tables import COLLECTIONS, COUNTED_COLLECTIONS, SETTLED_FINDINGS
from fsl_demo.store.gallery_rows import refresh
from fsl_demo.store.gallery_tables import FIRST_GALLERY, GALLERY, VECTOR_FILES
from fsl_demo.store.tables import ACCOUNTS, BESIDE_DRAFTS, LABELS_IN_BULK, REGIONS, TABLES

migrations = Migrations("fsl_demo")


@migrations()
def m001_first_tables(db: Database) -> None:
    """Everything of the first release."""
    _run(db, TABLES)


@migrations()
def m002_note_of_a_run(db: Database) -> None:
    """What a method chose by itself, and why: a JSON object."""
    db.execute("ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT '{}'")


@migrations()
def m003_searchable_pictures(db: Database) -> None:
    """Pictures that were added for searching only; their numbers are never given again."""
    db.execute(
        "CREATE TABLE searchable (id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " picture TEXT NOT NULL UNIQUE REFERENCES pictures(sha256), created_at TEXT NOT NULL) STRICT"
    )


@migrations()
def m004_captions(db: Database) -> None:
    """What captioners said of pictures, searchable by words and their beginnings; English endings do not matter."""
    db.execute(
        "CREATE TABLE captions (id INTEGER PRIMARY KEY, picture TEXT NOT NULL REFERENCES pictures(sha256),"
        " captioner TEXT NOT NULL, weights TEXT NOT NULL, rank INTEGER NOT NULL, text TEXT NOT NULL,"
        " score REAL NOT NULL, fit REAL NOT NULL, doubtful INTEGER NOT NULL, created_at TEXT NOT NULL,"
        " UNIQUE (picture, captioner, weights, rank)) STRICT"
    )
    db.table("captions").enable_fts(["text"], create_triggers=True, tokenize="porter unicode61 remove_diacritics 2")


@migrations()
def m005_labels_given_in_bulk(db: Database) -> None:
    """A label's source may be "bulk". SQLite cannot change a CHECK, so the table is made again."""
    _run(db, LABELS_IN_BULK)


@migrations()
def m006_light_drafts(db: Database) -> None:
    """A draft's results, undo steps and the last edit of each browser tab lie beside it, so that an edit is small."""
    _run(db, BESIDE_DRAFTS)
    for draft_id, text in db.execute("SELECT id, data FROM drafts").fetchall():
        data = json.loads(text)
        results = {name: data.pop(name, []) for name in ("results", "previous")}
        data.pop("undo", None)
        db.execute("INSERT INTO draft_results (draft, data) VALUES (?, ?)", (draft_id, json.dumps(results)))
        db.execute("UPDATE drafts SET data = ? WHERE id = ?", (json.dumps(data), draft_id))


@migrations()
def m007_accounts(db: Database) -> None:
    """Accounts, their sessions, and what belongs to each."""
    _run(db, ACCOUNTS)


@migrations()
def m008_regions(db: Database) -> None:
    """Regions that people marked on pictures of episodes."""
    _run(db, REGIONS)


@migrations()
def m009_collections(db: Database) -> None:
    """Named collections, their labels, and their frozen versions."""
    _run(db, COLLECTIONS)


@migrations()
def m010_settled_findings(db: Database) -> None:
    """What people marked as right of the findings in a collection."""
    _run(db, SETTLED_FINDINGS)


@migrations()
def m011_gallery(db: Database) -> None:
    """The pictures that can be searched, their classes and counts kept, and the words of file names."""
    _run(db, GALLERY)
    refresh(db, [row[0] for row in db.execute(FIRST_GALLERY).fetchall()])


@migrations()
def m012_vector_files(db: Database) -> None:
    """Which row of which vector file is whose, and the indexes over them."""
    _run(db, VECTOR_FILES)


@migrations()
def m013_counted_collections(db: Database) -> None:
    """How many pictures of a collection are what, kept; and keys to list them by."""
    _run(db, COUNTED_COLLECTIONS)
    db.execute("CREATE INDEX episodes_latest ON episodes(updated_at DESC, id)")
    db.execute("CREATE INDEX pictures_bytes ON pictures(bytes)")


def _run(db: Database, statements: str) -> None:
    """Run statements one by one: `executescript` would end the transaction that they belong to."""
    statement = ""
    for line in statements.splitlines(keepends=True):
        statement += line
        if complete_statement(statement):
            db.execute(statement)
            statement = ""
