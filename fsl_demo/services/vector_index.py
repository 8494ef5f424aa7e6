"""The vectors of a workspace's pictures in a space: compared with all up to `EXACT`, through an index above.

The index covers the first rows of the vector file; the rows after it are compared with all until they come into it. One
that is lost, damaged or behind is passed over, so that a search is right and slow, until `update` makes it again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fsl_demo.core.episodes import Progress, quiet, within
from fsl_demo.core.errors import Notice, Report, refuse
from fsl_demo.core.pictures import Picture
from fsl_demo.core.spaces import ImageTextSpace
from fsl_demo.inference.inverted_file import InvertedFile
from fsl_demo.store import GalleryFilter, Workspace

EXACT = 50_000
"""Up to so many vectors, all are compared."""
BEHIND = 20_000
"""Vectors that may come after those of the index before they are put into it."""
EMBEDDED = 512
"""Pictures whose vectors are kept at a time."""
BLOCK = 256
"""Vectors that are compared at a time: they stay in the processor's cache."""


class Match(NamedTuple):
    """A picture that was found, by hash, and its cosine with what was asked for."""

    sha256: str
    similarity: float


class VectorIndex:
    """The pictures of a workspace's gallery in one space. Threads and processes may search and add at once."""

    def __init__(self, workspace: Workspace, space: ImageTextSpace) -> None:
        self.workspace, self.space = workspace, space
        self._file = workspace.vectors.of(f"{space.id}:{space.weights}")

    def __len__(self) -> int:
        return self._file.count()

    def unranked(self) -> int:
        """How many pictures of the gallery have no vector yet."""
        return self.workspace.gallery.counts().pictures - len(self)

    def stale(self) -> str:
        """Why searching takes longer until `update` ran: the code of a notice; "" where it does not."""
        rows = len(self._file.map())
        if rows <= EXACT:
            return ""
        known = self._file.index()
        if known is None:
            return "index_missing"
        return "index_broken" if self._inverted() is None else ""

    def update(self, progress: Progress = quiet, report: Report = refuse) -> None:
        """Embed the pictures that have no vector yet, and bring the index up to date. Others may search meanwhile.

        What is embedded before a `Cancelled` or the end of the process is kept.

        Args:
            report: told of pictures that cannot be read, which are passed over, and of what was lost and made again.
        """
        if lost := self._file.repair():
            report(Notice("vectors_lost", count=lost))
        done, total, after = 0, self.unranked(), 0
        while missing := self._file.missing(after, EMBEDDED):
            after = missing[-1][0]
            hashes = [sha256 for _, sha256 in missing]
            unreadable = self.workspace.lost(hashes)
            for error in unreadable.values():
                report(error)
            pictures = [
                member.picture
                for sha256, member in self.workspace.gallery.members(hashes).items()
                if sha256 not in unreadable
            ]
            if pictures:
                self._embed(pictures, within(progress, "embed", start=done, total=total))
            done += len(missing)
        self._index(progress, report)

    def _embed(self, pictures: Sequence[Picture], progress: Progress) -> None:
        vectors = self.space.embed(pictures, progress)
        self._file.add({picture.sha256: vector for picture, vector in zip(pictures, vectors, strict=True)})

    def vector(self, picture: Picture) -> np.ndarray:
        """The unit vector of a picture, float32 [D]; of the gallery or not."""
        row = self._file.row_of(picture.sha256)
        if row is None:
            row_vector: np.ndarray = self.space.embed([picture])[0]
            return row_vector
        return np.asarray(self._file.map()[row], np.float32)

    def search(self, vector: np.ndarray, k: int, wanted: GalleryFilter | None = None, besides: str = "") -> list[Match]:
        """The `k` pictures most like a unit vector [D], best first.

        Args:
            wanted: pictures to rank.
            besides: hash of a picture that is left out.
        """
        wanted = wanted or GalleryFilter()
        matches: list[Match] = []
        for rows, similarities in self._ranked(vector, k, wanted):
            named = self._file.pictures(rows.tolist(), wanted)
            matches = [
                Match(named[row], similarity)
                for row, similarity in zip(rows.tolist(), similarities.tolist(), strict=True)
                if row in named and named[row] != besides
            ]
            if len(matches) >= k:
                break
        return matches[:k]

    def _ranked(self, vector: np.ndarray, k: int, wanted: GalleryFilter) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Rows and similarities, best first: of more and more rows, in the end of all that match."""
        vectors = self._file.map()
        if not len(vectors):
            return
        if len(vectors) <= EXACT:
            vectors = self._file.loaded()
        few = self.workspace.gallery.counts().of(wanted) <= EXACT if wanted.narrows else len(vectors) <= EXACT
        inverted = None if few else self._inverted()
        if inverted is not None:
            tail = np.arange(len(inverted), len(vectors))
            for wider in (1, 8):
                rows = np.concatenate([inverted.nearest(vector, wider * (k + 1)), tail])
                yield _sorted(rows, _similarities(vectors, vector, rows))
        rows = self._file.rows(wanted) if few and wanted.narrows else np.arange(len(vectors))
        rows = rows[rows < len(vectors)]
        similarities = _similarities(vectors, vector, rows)
        best = 4 * (k + 1)
        while best < len(rows):
            nearest = np.argpartition(-similarities, best)[:best]
            yield _sorted(rows[nearest], similarities[nearest])
            best *= 8
        yield _sorted(rows, similarities)

    def _inverted(self) -> InvertedFile | None:
        """The index as it was written, if that is whole and of these vectors."""
        known = self._file.index()
        if known is None or known.path is None:
            return None
        inverted = _opened(known.path)
        if inverted is None or len(inverted) != known.rows or inverted.dimensions != self._file.map().shape[1]:
            return None
        return inverted

    def _index(self, progress: Progress, report: Report) -> None:
        with self._file.building:
            vectors = self._file.map()
            if len(vectors) <= EXACT:
                return
            inverted = self._inverted()
            if inverted is not None and len(vectors) - len(inverted) <= BEHIND:
                return
            known = self._file.index()
            if inverted is None or known is None or known.path is None or inverted.outgrown:
                if known is not None and inverted is None:
                    report(Notice("index_broken"))
                grown = InvertedFile.learned(vectors, progress)
            else:
                grown = InvertedFile.read(known.path, mapped=False)
            grown.extend(vectors, progress)
            self._file.put_index(len(vectors), grown.write)


def _sorted(rows: np.ndarray, similarities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(-similarities, kind="stable")
    return rows[order], similarities[order]


def _similarities(vectors: np.ndarray, vector: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Cosines of rows with a unit vector, float32 [N]."""
    if vectors.dtype == np.float32:
        similarities: np.ndarray = (vectors @ vector)[rows]
        return similarities
    blocks = [vectors[rows[start : start + BLOCK]].astype(np.float32) @ vector for start in range(0, len(rows), BLOCK)]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


_indexes: dict[Path, InvertedFile | None] = {}
_lock = threading.Lock()


def _opened(path: Path) -> InvertedFile | None:
    """The index in a file, mapped once; None where it is none. A file of that name is never written again."""
    with _lock:
        if path not in _indexes:
            for gone in [other for other in _indexes if not other.exists()]:
                del _indexes[gone]
            try:
                _indexes[path] = InvertedFile.read(path)
            except RuntimeError:
                _indexes[path] = None
        return _indexes[path]
