"""Pictures one after another, however many: files that are read when their turn comes."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import MAX_BYTES
from fsl_demo.datasets.walking import regular


class Item(Protocol):
    """The file of a picture that was not read yet."""

    @property
    def name(self) -> str:
        """Its path in the source, or its address."""

    @property
    def held(self) -> int:
        """Bytes of memory that it takes before it is read."""

    def read(self) -> bytes:
        """The bytes of the file, at most `MAX_BYTES`. Threads may read different items.

        Raises:
            UserError: `picture_*`, `archive_*`: why it cannot be read.
        """


@dataclass(frozen=True)
class Stream:
    """A source of pictures.

    Attributes:
        name: what to call it in messages.
        count: how many items there are.
        fingerprint: changes when any of its files does, by name, size or time.
        items: gives them in an order that stays the same, from this number on.
        left_out: what there is to tell about files that are no items.
    """

    name: str
    count: int
    fingerprint: str
    items: Callable[[int], Iterator[Item]]
    left_out: tuple[UserError, ...] = ()


@dataclass(frozen=True)
class FileItem:
    """A file of its own."""

    name: str
    path: Path
    held: int = 0

    def read(self) -> bytes:
        """As of `Item`."""
        label = self.path.name
        try:
            status = self.path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise UserError("picture_missing", file=label, reason="it is not a file")
            check_size(label, status.st_size)
            return self.path.read_bytes()
        except OSError as error:
            raise UserError("picture_missing", file=label, reason=error.strerror or str(error)) from error


def fingerprint(paths: Iterable[Path]) -> str:
    """What changes when one of the files does.

    Raises:
        UserError: `picture_missing`.
    """
    digest = hashlib.sha256()
    for path in paths:
        status = regular(path)
        digest.update(f"{path.name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def check_size(name: str, size: int) -> None:
    """
    Raises:
        UserError: `picture_bytes` for a file that is too large to be a picture.
    """
    if size > MAX_BYTES:
        raise UserError("picture_bytes", file=name, megabytes=size / 1e6, limit=MAX_BYTES / 1e6)
