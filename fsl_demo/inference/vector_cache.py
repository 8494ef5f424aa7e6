"""Vectors that were computed a moment ago."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence

import numpy as np


class VectorCache:
    """The latest vectors by key. Threads may share it.

    Args:
        most: how many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._vectors: OrderedDict[Hashable, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def missing(self, keys: Sequence[Hashable]) -> list[int]:
        """The positions of keys of which there is no vector."""
        with self._lock:
            return [number for number, key in enumerate(keys) if key not in self._vectors]

    def __call__(
        self, keys: Sequence[Hashable], compute: Callable[[list[int]], np.ndarray], channels: int
    ) -> np.ndarray:
        """The vector of each key, float32 [N, channels].

        Args:
            compute: gives the vectors at those positions of `keys` that are not known.
        """
        with self._lock:
            known = {key: self._vectors[key] for key in keys if key in self._vectors}
        first = {key: number for number, key in reversed(list(enumerate(keys))) if key not in known}
        missing = sorted(first.values())
        if missing:
            fresh = {keys[number]: vector for number, vector in zip(missing, compute(missing), strict=True)}
            known |= fresh
            with self._lock:
                self._vectors |= fresh
                while len(self._vectors) > self._most:
                    self._vectors.popitem(last=False)
        return np.array([known[key] for key in keys]) if keys else np.zeros((0, channels), np.float32)
