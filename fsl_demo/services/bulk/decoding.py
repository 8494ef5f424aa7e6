"""Reading and decoding ahead of the networks, in other threads and processes, as far as memory has room."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, ingest, workers
from fsl_demo.datasets.streams import Item

PICTURES_AHEAD, BYTES_AHEAD = 256, 192_000_000
"""Pictures and pixels that are decoded, or about to be, and not answered yet; what is being decoded may go beyond."""
BYTES_A_PIXEL = 4


@dataclass(frozen=True)
class Read:
    """An item that was read: its picture, or why there is none."""

    name: str
    picture: Picture | None
    error: UserError | None = None

    @property
    def held(self) -> int:
        """Bytes of memory that its pixels take."""
        return self.picture.width * self.picture.height * BYTES_A_PIXEL if self.picture else 0


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Reader:
    """Items read in their order. What was answered has to be released.

    Args:
        threads: items that are read at once.
    """

    def __init__(self, items: Iterator[Item], threads: int) -> None:
        self._items, self._room = items, _Room()
        self._coming: queue.Queue[Future[Read] | BaseException | None] = queue.Queue()
        workers.allow(threads)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")
        threading.Thread(target=self._feed, name="read ahead", daemon=True).start()

    def __iter__(self) -> Iterator[Read]:
        """
        Raises:
            UserError: what is wrong with the source as a whole.
        """
        while (coming := self._coming.get()) is not None:
            if isinstance(coming, BaseException):
                raise coming
            yield coming.result()

    def release(self, count: int, held: int) -> None:
        """So many pictures were answered, which took so many bytes."""
        self._room.add(-count, -held)

    def close(self) -> None:
        """Stop reading."""
        self._room.close()
        self._pool.shutdown(cancel_futures=True)

    def _feed(self) -> None:
        try:
            for item in self._items:
                if not self._room.take(item.held):
                    return
                self._coming.put(self._pool.submit(self._read, item))
            self._coming.put(None)
        except BaseException as error:  # for the thread that waits
            self._coming.put(error)

    def _read(self, item: Item) -> Read:
        try:
            picture = ingest(item.read(), item.name)
            image = picture.image()
            read = Read(item.name, replace(picture, source=lambda: image))
        except UserError as error:
            read = Read(item.name, None, error)
        self._room.add(0, read.held - item.held)
        return read


class _Room:
    """How many pictures are at hand, and their bytes."""

    def __init__(self) -> None:
        self._pictures = self._bytes = 0
        self._closed, self._changed = False, threading.Condition()

    def take(self, held: int) -> bool:
        """Wait for room for another picture; False when nobody wants it any more."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or (self._pictures < PICTURES_AHEAD and self._bytes < BYTES_AHEAD)
            )
            self._pictures += 1
            self._bytes += held
            return not self._closed

    def add(self, pictures: int, held: int) -> None:
        with self._changed:
            self._pictures += pictures
            self._bytes += held
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
