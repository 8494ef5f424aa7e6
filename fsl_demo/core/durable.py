"""Files that are there whole or not at all, and that a power cut does not take away once they are said to be there."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_NO_SYNC = frozenset({errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EBADF})
"""What a file system answers that does not sync folders, as some on a network."""


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A file whose bytes are on the disk when the block ends; its name may not be, see `sync_folder`."""
    path.unlink(missing_ok=True)  # what a killed process left, or a link to somewhere else
    with path.open("xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def replacing(path: Path, temporary: Path | None = None) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` once it is whole. When the block fails, `path` stays as it was.

    Args:
        temporary: where it is written meanwhile, on the same file system; beside `path` unless given.
    """
    temporary = temporary or path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with writing(temporary) as file:
            yield file
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names in a folder survive a power cut, where the file system can do that."""
    if os.name == "posix":
        with suppress(PermissionError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            except OSError as error:
                if error.errno not in _NO_SYNC:
                    raise
            finally:
                os.close(descriptor)
