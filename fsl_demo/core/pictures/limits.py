"""How big a picture may be, and how much work all pictures of one source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import thread_time

MAX_BYTES = 20_000_000
MAX_PIXELS = 40_000_000
MAX_MEMORY = 300_000_000
"""That decoding one takes, in bytes, by what its format is known to need."""


@dataclass
class Work:
    """Seconds of computing that pictures of one source took, here and in the process that decodes."""

    seconds: float = 0.0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Add what this thread computes meanwhile, and what it makes the other process compute."""
        before, began = _counting.set(self), thread_time()
        try:
            yield
        finally:
            self.seconds += thread_time() - began
            _counting.reset(before)


def count(seconds: float) -> None:
    """Add what the other process took for this thread, where that is counted."""
    work = _counting.get()
    if work is not None:
        work.seconds += seconds


_counting: ContextVar[Work | None] = ContextVar("counting", default=None)
