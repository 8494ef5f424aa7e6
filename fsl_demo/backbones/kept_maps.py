"""Feature maps in bounded memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

import numpy as np


class KeptMaps:
    """The maps of pictures by key. Threads may share it.

    Maps that nobody asked for, which came with pooled features, go before those that somebody did; of each, those that
    lie longest.

    Args:
        most: bytes that they may take.
    """

    def __init__(self, most: int) -> None:
        self._most, self._bytes = most, 0
        self._asked: OrderedDict[Hashable, np.ndarray] = OrderedDict()
        self._spare: OrderedDict[Hashable, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, asked: bool) -> np.ndarray | None:
        """The maps, if they are kept; `asked` for their own sake, they stay longer."""
        with self._lock:
            if asked and key in self._spare:
                self._asked[key] = self._spare.pop(key)
            elif asked and key in self._asked:
                self._asked.move_to_end(key)
            return self._asked.get(key, self._spare.get(key))

    def put(self, key: Hashable, maps: np.ndarray, asked: bool) -> None:
        """Keep maps of which there are none yet."""
        with self._lock:
            (self._asked if asked else self._spare)[key] = maps
            self._bytes += maps.nbytes
            while self._bytes > self._most:
                self._bytes -= (self._spare or self._asked).popitem(last=False)[1].nbytes
