"""An index over many vectors: an inverted file of 8-bit vectors (faiss), which is mapped and grows.

Vectors are sorted into lists by the nearest of some hundred middles (k-means); a search looks into the nearest lists.
Jegou, Douze, Schmid 2011, Product Quantization for Nearest Neighbor Search, without its quantization.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fsl_demo.core.episodes import Progress, quiet

A_LIST = 1_000
"""Vectors of a list, about."""
MOST_LISTS = 1_024
SAMPLE = 50
"""Vectors a list that the middles are learned from."""
PROBED = 48
"""Lists that a search looks into."""
SPARE = 10
"""Times more vectors than wanted are looked at again by what they really are."""
LEAST = 200
BLOCK = 20_000


class InvertedFile:
    """An index of the first rows of a matrix of unit vectors."""

    def __init__(self, index: Any) -> None:
        import faiss

        self._index, self._lists = index, faiss.extract_index_ivf(index)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimensions(self) -> int:
        return int(self._index.d)

    @property
    def outgrown(self) -> bool:
        """Whether it has so many more vectors than it learned its lists from that others would be better."""
        lists = int(self._lists.nlist)
        return len(self) > 4 * lists * A_LIST and lists < MOST_LISTS

    @classmethod
    def learned(cls, vectors: np.ndarray, progress: Progress = quiet) -> InvertedFile:
        """An empty index for vectors [N, D] like these."""
        import faiss

        lists = int(np.clip(2 ** round(np.log2(max(1, len(vectors) / A_LIST))), 1, MOST_LISTS))
        progress("index", 0, len(vectors))
        index = faiss.index_factory(vectors.shape[1], f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
        random = np.random.default_rng(0)
        sample = np.sort(random.choice(len(vectors), min(len(vectors), SAMPLE * lists), replace=False))
        index.train(vectors[sample].astype(np.float32))
        return cls(index)

    def extend(self, vectors: np.ndarray, progress: Progress = quiet) -> None:
        """Add the rows that are not in it yet.

        Args:
            vectors: all rows, [N, D].
        """
        for start in range(len(self), len(vectors), BLOCK):
            progress("index", start, len(vectors))
            self._index.add(vectors[start : start + BLOCK].astype(np.float32))
        progress("index", len(vectors), len(vectors))

    def write(self, path: Path) -> None:
        import faiss

        faiss.write_index(self._index, str(path))

    @classmethod
    def read(cls, path: Path, mapped: bool = True) -> InvertedFile:
        """An index that was written.

        Args:
            mapped: read its lists from the disk as they are used; such a one does not grow.

        Raises:
            RuntimeError: for a file that is none.
        """
        import faiss

        return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY if mapped else 0))

    def nearest(self, vector: np.ndarray, k: int) -> np.ndarray:
        """Rows among which the `k` nearest to a unit vector [D] are, nearly always."""
        self._lists.nprobe = PROBED
        rows = self._index.search(vector[None].astype(np.float32), max(LEAST, SPARE * k))[1][0]
        return np.asarray(rows[rows >= 0])

    def neighbours(self, vectors: np.ndarray, k: int, progress: Progress = quiet) -> Iterator[tuple[int, np.ndarray]]:
        """The rows nearest to each of many unit vectors [N, D], -1 for none: the first row of a block, rows [B, k]."""
        self._lists.nprobe = PROBED // 8
        for start in range(0, len(vectors), BLOCK):
            progress("compare", start, len(vectors))
            yield start, self._index.search(vectors[start : start + BLOCK].astype(np.float32), k)[1]
