"""The files of a folder, however deep, without ever leaving it or opening what is no file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from fsl_demo.core.errors import Notice, Report, UserError

_SYSTEM = frozenset(
    {"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", "$recycle.bin", "system volume information"}
)
"""What systems put beside people's files."""


def visible(name: str) -> bool:
    """Whether a file or folder of this name is meant for people."""
    return not name.startswith(".") and name.casefold() not in _SYSTEM


def regular(path: Path) -> os.stat_result:
    """The status of a file; reading a pipe or a device could go on for ever.

    Raises:
        UserError: `picture_missing`.
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError("picture_missing", file=path.name, reason=reason) from error
    if not stat.S_ISREG(status.st_mode):
        raise UserError("picture_missing", file=path.name, reason="it is not a file")
    return status


@dataclass
class Walk:
    """The visible files of a folder, as of `visited`.

    Attributes:
        sizes: in bytes, of each file by its path in the folder.
        left_out: links that lead out, what is no file, and what cannot be read.
    """

    folder: Path
    sizes: dict[PurePosixPath, int] = field(default_factory=dict)
    left_out: list[UserError] = field(default_factory=list)

    def __post_init__(self) -> None:
        for path, status in visited(self.folder, self.left_out.append):
            self.sizes[PurePosixPath(path)] = status.st_size


def visited(folder: Path, report: Report) -> Iterator[tuple[str, os.stat_result]]:
    """The visible files of a folder, by path in it, in the order of their names. Links are followed where they stay
    inside it, each folder once.

    Args:
        report: told of links that lead out, of what is no file, and of what cannot be read.
    """
    root, seen = Path(os.path.realpath(folder)), set()

    def unreadable(error: OSError) -> None:
        name = Path(os.fsdecode(error.filename)).name
        report(UserError("picture_missing", file=name, reason=error.strerror or str(error)))

    def inside(path: Path) -> bool:
        if not path.is_symlink() or Path(os.path.realpath(path)).is_relative_to(root):
            return True
        report(Notice("folder_link", file=path.name, folder=folder.name))
        return False

    for place, folders, files in os.walk(folder, followlinks=True, onerror=unreadable):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [name for name in sorted(folders) if visible(name) and inside(Path(place, name))]
        for name in sorted(filter(visible, files)):
            path = Path(place, name)
            if inside(path):
                try:
                    yield path.relative_to(folder).as_posix(), regular(path)
                except UserError as error:
                    report(error)


def walk(folder: Path) -> Iterator[Path]:
    """The files of `Walk`."""
    return (folder / path for path in Walk(folder).sizes)
