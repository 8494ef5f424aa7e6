"""The files of a folder, however deep, without ever leaving it or opening what is no file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from fsl_demo.core.errors import Notice, UserError

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
    """The visible files of a folder. Links are followed where they stay inside it, each folder once.

    Attributes:
        sizes: in bytes, of each file by its path in the folder.
        left_out: links that lead out, what is no file, and what cannot be read.
    """

    folder: Path
    sizes: dict[PurePosixPath, int] = field(default_factory=dict)
    left_out: list[UserError] = field(default_factory=list)

    def __post_init__(self) -> None:
        root, seen = Path(os.path.realpath(self.folder)), set()
        for place, folders, files in os.walk(self.folder, followlinks=True, onerror=self._unreadable):
            real = os.path.realpath(place)
            if real in seen:
                folders.clear()
                continue
            seen.add(real)
            folders[:] = [name for name in sorted(folders) if visible(name) and self._inside(Path(place, name), root)]
            for name in filter(visible, files):
                self._add(Path(place, name), root)

    def _add(self, path: Path, root: Path) -> None:
        if not self._inside(path, root):
            return
        try:
            self.sizes[PurePosixPath(path.relative_to(self.folder).as_posix())] = regular(path).st_size
        except UserError as error:
            self.left_out.append(error)

    def _inside(self, path: Path, root: Path) -> bool:
        if not path.is_symlink() or Path(os.path.realpath(path)).is_relative_to(root):
            return True
        self.left_out.append(Notice("folder_link", file=path.name, folder=self.folder.name))
        return False

    def _unreadable(self, error: OSError) -> None:
        name = Path(os.fsdecode(error.filename)).name
        self.left_out.append(UserError("picture_missing", file=name, reason=error.strerror or str(error)))


def walk(folder: Path) -> Iterator[Path]:
    """The files of `Walk`."""
    return (folder / path for path in Walk(folder).sizes)
