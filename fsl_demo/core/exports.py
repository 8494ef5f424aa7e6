"""Files that a person asked for: whole or not there, in the place of nothing but a file, never through a link."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from fsl_demo.core import durable
from fsl_demo.core.errors import UserError, disk_trouble


@contextmanager
def replacing(path: Path, temporary: Path | None = None) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` once everything is written.

    Args:
        temporary: as of `durable.replacing`.

    Raises:
        UserError: `disk_full`, `folder_unwritable`; `export_not_file` for a link, a pipe, a device or a folder.
    """
    with disk_trouble(path.parent):
        if path.is_symlink() or (path.exists() and not stat.S_ISREG(path.stat().st_mode)):
            raise UserError("export_not_file", file=path)
        with durable.replacing(path, temporary) as file:
            yield file


def folder_within(folder: Path) -> Path:
    """A folder in one that was asked for, made where there is none.

    Raises:
        UserError: `export_outside` for a link to a folder.
        OSError: when it cannot be made.
    """
    if folder.is_symlink():
        raise UserError("export_outside", folder=folder)
    folder.mkdir(exist_ok=True)
    return folder
