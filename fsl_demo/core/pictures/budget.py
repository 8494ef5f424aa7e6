"""Leave to decode: so many pixels at the same time, and whoever asks first is served first."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class PixelBudget:
    """Pixels that may be decoded at the same time.

    Args:
        pixels: in all; a picture of more of them is decoded alone.
    """

    def __init__(self, pixels: int) -> None:
        self._pixels = self._left = pixels
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """Wait until there is room for a picture; later ones wait behind it, so a large one gets its turn."""
        pixels, turn = min(pixels, self._pixels), object()
        with self._changed:
            self._waiting.append(turn)
            try:
                self._changed.wait_for(lambda: self._waiting[0] is turn and pixels <= self._left)
                self._left -= pixels
            finally:
                self._waiting.remove(turn)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._left += pixels
                self._changed.notify_all()
