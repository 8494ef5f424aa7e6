"""Vectors of the gallery's pictures, float16 in one file a space that is mapped, not loaded; and the index over it.

The database says which row is whose, so a row that a killed process was writing does not count and is written over.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlite_utils import Database

from fsl_demo.core import durable
from fsl_demo.store import blobs
from fsl_demo.store.connection import Connections, trouble
from fsl_demo.store.gallery import GalleryFilter, class_id

FOLDER = "vectors"
FLOAT16 = np.dtype("<f2")
ENDS = 1 << 16
"""Bytes at each end of an index by which a damaged one is told."""
BLOCK = 10_000


@dataclass(frozen=True)
class IndexFile:
    """An index over the first rows of a vector file.

    Attributes:
        path: of the file; None where it is lost or is not the one that was written.
    """

    path: Path | None
    rows: int


@dataclass(frozen=True)
class _Row:
    """A vector file in the database."""

    id: int
    dimensions: int
    rows: int
    pictures: int
    index_file: str
    index_rows: int
    index_bytes: int
    index_ends: str


class VectorFiles:
    """The vector files of a workspace. Threads and processes may share them."""

    def __init__(self, connections: Connections, folder: Path) -> None:
        self._connections, self._folder = connections, folder / FOLDER
        self._files: dict[str, VectorFile] = {}

    def of(self, space: str) -> VectorFile:
        """The file of a space, which need not be there yet.

        Args:
            space: its id and the hashes of its weights.
        """
        return self._files.setdefault(space, VectorFile(self._connections, self._folder, space))


class VectorFile:
    """The vectors of one space."""

    def __init__(self, connections: Connections, folder: Path, space: str) -> None:
        self._connections, self._space = connections, space
        self._stem = hashlib.sha256(space.encode()).hexdigest()[:16]
        self.path = folder / f"{self._stem}.f16"
        self._mapped = np.zeros((0, 0), FLOAT16)
        self._loaded: tuple[int, int, np.ndarray] | None = None
        self._lock = threading.Lock()
        self.building = threading.Lock()

    def count(self) -> int:
        """How many pictures of the gallery have a vector."""
        row = self._row()
        return row.pictures if row else 0

    def map(self) -> np.ndarray:
        """The vectors, float16 [rows, D], read from the disk as they are used."""
        row = self._row()
        if row is None or not row.rows:
            return np.zeros((0, 0), FLOAT16)
        with self._lock:
            if len(self._mapped) != row.rows:
                self._mapped = np.memmap(self.path, FLOAT16, "r", shape=(row.rows, row.dimensions))
            return self._mapped

    def loaded(self) -> np.ndarray:
        """The vectors as float32 [rows, D] in memory, for few of them: numbers of 16 bits are slow to compute with."""
        mapped = self.map()
        if not len(mapped):
            return np.zeros((0, 0), np.float32)
        written = self.path.stat().st_mtime_ns
        with self._lock:
            if self._loaded is None or self._loaded[:2] != (written, len(mapped)):
                self._loaded = written, len(mapped), mapped.astype(np.float32)
            return self._loaded[2]

    def repair(self) -> int:
        """Forget the rows that the file has lost; gives how many pictures have no vector any more."""
        row = self._row()
        if row is None:
            return 0
        width = FLOAT16.itemsize * row.dimensions
        there = self.path.stat().st_size // width if self.path.exists() else 0
        if there >= row.rows:
            return 0
        with self._connections.write() as db:
            db.execute("DELETE FROM vector_rows WHERE file = ? AND row >= ?", (row.id, there))
            db.execute("UPDATE vector_files SET rows = ? WHERE id = ?", (there, row.id))
            left: int = db.execute("SELECT pictures FROM vector_files WHERE id = ?", (row.id,)).fetchone()[0]
        self._mapped = np.zeros((0, 0), FLOAT16)
        return row.pictures - left

    def missing(self, after: int, limit: int) -> list[tuple[int, str]]:
        """Keys and hashes of the next pictures of the gallery without a vector, in the order in which they came."""
        with self._connections.read() as db:
            return db.execute(
                "SELECT id, picture FROM gallery WHERE id > :after AND NOT EXISTS (SELECT 1 FROM vector_rows"
                " WHERE item = gallery.id AND file = (SELECT id FROM vector_files WHERE space = :space))"
                " ORDER BY id LIMIT :limit",
                {"after": after, "space": self._space, "limit": limit},
            ).fetchall()

    def add(self, vectors: Mapping[str, np.ndarray]) -> None:
        """Append vectors [D] of pictures, by hash; those that have one, or are not in the gallery, are passed over."""
        if not vectors:
            return
        with self._connections.write() as db, trouble(self.path.parent):
            row = self._row_in(db) or self._made(db, len(next(iter(vectors.values()))))
            items = db.execute(
                "SELECT picture, gallery.id FROM json_each(:hashes) CROSS JOIN gallery ON picture = value"
                " WHERE NOT EXISTS (SELECT 1 FROM vector_rows WHERE item = gallery.id AND file = :file)",
                {"hashes": json.dumps(list(vectors)), "file": row.id},
            ).fetchall()
            self._write(row, np.array([vectors[sha256] for sha256, _ in items], FLOAT16))
            db.conn.executemany(
                "INSERT INTO vector_rows (file, row, item) VALUES (?, ?, ?)",
                [(row.id, row.rows + place, item) for place, (_, item) in enumerate(items)],
            )
            db.execute("UPDATE vector_files SET rows = rows + ? WHERE id = ?", (len(items), row.id))

    def row_of(self, sha256: str) -> int | None:
        """The row of a picture."""
        with self._connections.read() as db:
            row = db.execute(
                "SELECT row FROM vector_rows JOIN gallery ON gallery.id = item WHERE picture = ?"
                " AND file = (SELECT id FROM vector_files WHERE space = ?)",
                (sha256, self._space),
            ).fetchone()
        return row and int(row[0])

    def rows(self, wanted: GalleryFilter) -> np.ndarray:
        """The rows of pictures that match, int [N], in rising order."""
        of_class = " AND item IN (SELECT item FROM gallery_classes WHERE class = :class)" if wanted.narrows else ""
        with self._connections.read() as db:
            rows = db.execute(
                "SELECT row FROM vector_rows WHERE file = (SELECT id FROM vector_files WHERE space = :space)"
                f"{of_class} ORDER BY row",
                {"space": self._space, "class": class_id(db, wanted)},
            )
            return np.array([row[0] for row in rows], int)

    def pictures(self, rows: Sequence[int], wanted: GalleryFilter) -> dict[int, str]:
        """The hashes of those rows that have a picture that matches, by row."""
        of_class = " AND item IN (SELECT item FROM gallery_classes WHERE class = :class)" if wanted.narrows else ""
        with self._connections.read() as db:
            named = db.execute(
                "SELECT row, picture FROM json_each(:rows) CROSS JOIN vector_rows ON row = value"
                " JOIN gallery ON gallery.id = item"
                f" WHERE file = (SELECT id FROM vector_files WHERE space = :space){of_class}",
                {"rows": json.dumps(list(rows)), "space": self._space, "class": class_id(db, wanted)},
            )
            return dict(named.fetchall())

    def index(self) -> IndexFile | None:
        """The index, if one was made."""
        row = self._row()
        if row is None or not row.index_file:
            return None
        path = self.path.with_name(row.index_file)
        whole = row.index_rows <= row.rows and _ends(path) == (row.index_bytes, row.index_ends)
        return IndexFile(path if whole else None, row.index_rows)

    def put_index(self, rows: int, write: Callable[[Path], None]) -> None:
        """Write an index of the first rows to a file that takes the place of the one before.

        Args:
            write: writes it to a path.
        """
        made = self.path.with_name(f"{self._stem}-{secrets.token_hex(4)}.index")
        with trouble(made.parent):
            try:
                write(made)
                with made.open("rb+") as file:
                    os.fsync(file.fileno())
                durable.sync_folder(made.parent)
                size, ends = _ends(made)
                with self._connections.write() as db:
                    db.execute(
                        "UPDATE vector_files SET index_file = ?, index_rows = ?, index_bytes = ?, index_ends = ?"
                        " WHERE space = ?",
                        (made.name, rows, size, ends, self._space),
                    )
            except BaseException:
                made.unlink(missing_ok=True)
                raise
            self._forget_others(made)

    def _forget_others(self, current: Path) -> None:
        """Delete indexes that another took the place of, and those that a killed process left."""
        with self._connections.read() as db:
            used = {row[0] for row in db.execute("SELECT index_file FROM vector_files")}
        for file in current.parent.glob("*.index"):
            if file.name not in used and (file.name.startswith(self._stem) or blobs.is_left(file)):
                with suppress(OSError):  # Windows keeps what is mapped
                    file.unlink()

    def _row(self) -> _Row | None:
        with self._connections.read() as db:
            return self._row_in(db)

    def _row_in(self, db: Database) -> _Row | None:
        row = db.execute(
            "SELECT id, dimensions, rows, pictures, index_file, index_rows, index_bytes, index_ends FROM vector_files"
            " WHERE space = ?",
            (self._space,),
        ).fetchone()
        return row and _Row(*row)

    def _made(self, db: Database, dimensions: int) -> _Row:
        db.execute("INSERT INTO vector_files (space, dimensions) VALUES (?, ?)", (self._space, dimensions))
        row = self._row_in(db)
        assert row is not None
        return row

    def _write(self, row: _Row, vectors: np.ndarray) -> None:
        self.path.parent.mkdir(exist_ok=True)
        self.path.touch()
        with self.path.open("rb+") as file:
            file.seek(row.rows * row.dimensions * FLOAT16.itemsize)
            file.write(np.ascontiguousarray(vectors).tobytes())
            file.flush()
            os.fsync(file.fileno())


def _ends(path: Path) -> tuple[int, str]:
    """How long a file is, and the SHA-256 of its first and last bytes; -1 for none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            first = file.read(ENDS)
            file.seek(max(0, size - ENDS))
            return size, hashlib.sha256(first + file.read(ENDS)).hexdigest()
    except OSError:
        return -1, ""
