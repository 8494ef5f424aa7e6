"""What was made of pictures a moment ago."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from fsl_demo.core.episodes import ordered_unique
from fsl_demo.core.pictures import Picture

T = TypeVar("T")


class Remembered(Generic[T]):
    """The latest values by picture. Threads may share it.

    Args:
        most: how many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[str, T] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, pictures: Sequence[Picture], make: Callable[[list[Picture]], list[T]]) -> list[T]:
        """The value of each picture.

        Args:
            make: gives the values of those that are not known.
        """
        unique = ordered_unique(pictures)
        with self._lock:
            known = {picture: self._values[picture.sha256] for picture in unique if picture.sha256 in self._values}
        missing = [picture for picture in unique if picture not in known]
        if missing:
            known |= dict(zip(missing, make(missing), strict=True))
            with self._lock:
                self._values |= {picture.sha256: known[picture] for picture in missing}
                while len(self._values) > self._most:
                    self._values.popitem(last=False)
        return [known[picture] for picture in pictures]
