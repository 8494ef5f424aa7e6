"""Pixels that are at hand for a while: as many as memory has room for, the latest first."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from weakref import ReferenceType, ref

from PIL import Image

KEPT_BYTES = 256_000_000
_BYTES_A_PIXEL = 4


class KeptImage:
    """An image that is let go when later ones need its room, and made again when it is asked for.

    Args:
        image: as it was just made.
        again: makes it once more.
    """

    def __init__(self, image: Image.Image, again: Callable[[], Image.Image]) -> None:
        self._again = again
        self._image: Image.Image | None = None
        self._keep(image)

    def __call__(self) -> Image.Image:
        image = self._image
        if image is None:
            image = self._again()
            self._keep(image)
        return image

    def let_go(self) -> None:
        """Free the pixels."""
        self._image = None

    def _keep(self, image: Image.Image) -> None:
        self._image = image
        _shelf.add(self, image.width * image.height * _BYTES_A_PIXEL)


class _Shelf:
    """What is kept, the oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sizes: dict[ReferenceType[KeptImage], int] = {}
        self._gone: deque[ReferenceType[KeptImage]] = deque()
        self._total = 0

    def add(self, image: KeptImage, size: int) -> None:
        with self._lock:
            while self._gone:
                self._total -= self._sizes.pop(self._gone.popleft(), 0)
            own = ref(image, self._gone.append)
            self._total += size - self._sizes.pop(own, 0)
            self._sizes[own] = size
            while self._total > KEPT_BYTES and len(self._sizes) > 1:
                oldest = next(iter(self._sizes))
                self._total -= self._sizes.pop(oldest)
                if (kept := oldest()) is not None:
                    kept.let_go()


_shelf = _Shelf()
