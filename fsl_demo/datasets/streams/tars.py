"""The pictures of a tar that is not compressed, such as a shard of WebDataset, in its order.

Nothing is unpacked: headers say where files are, and a picture is read from there when its turn comes.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from fsl_demo.core.errors import Notice, UserError
from fsl_demo.datasets.archives import other_archive
from fsl_demo.datasets.class_folders import archives_inside, is_picture
from fsl_demo.datasets.streams.stream import Stream, check_size, fingerprint
from fsl_demo.datasets.walking import regular

MAX_HEADER = 100_000
"""Bytes of a header that may follow another: long names, and what else PAX may say of a file."""


@dataclass(frozen=True)
class TarItem:
    """A file in a tar.

    Attributes:
        offset, size: where it is, in bytes.
    """

    name: str
    path: Path
    offset: int
    size: int
    held: int = 0

    def read(self) -> bytes:
        """As of `Item`."""
        label = PurePosixPath(self.name).name
        check_size(label, self.size)
        try:
            with self.path.open("rb") as file:
                file.seek(self.offset)
                return file.read(self.size)
        except OSError as error:
            raise UserError("picture_missing", file=label, reason=error.strerror or str(error)) from error


def open_tar(path: Path) -> Stream:
    """The files that may be pictures; headers are read once to count them.

    Raises:
        UserError: `tar_compressed`, `tar_broken`, `picture_missing`.
    """
    regular(path)
    if (kind := other_archive(path)) not in ("", "tar"):
        raise UserError("tar_compressed", file=path.name, kind=kind)
    count = others = 0
    left_out: list[UserError] = []
    for member in _members(path):
        name = PurePosixPath(member.name)
        if not member.isreg() or member.issparse():
            others += not member.isdir()
        elif is_picture(name):
            count += 1
        else:
            left_out += archives_inside([name])
    if others:
        left_out.append(Notice("tar_links", file=path.name, count=others))
    return Stream(
        path.name,
        count,
        fingerprint([path]),
        items=lambda start: islice(_items(path), start, None),
        left_out=tuple(left_out),
    )


def _items(path: Path) -> Iterator[TarItem]:
    for member in _members(path):
        if member.isreg() and not member.issparse() and is_picture(PurePosixPath(member.name)):
            yield TarItem(str(PurePosixPath(member.name)), path, offset=member.offset_data, size=member.size)


def _members(path: Path) -> Iterator[tarfile.TarInfo]:
    """The headers, one at a time.

    Raises:
        UserError: `tar_broken`.
    """
    try:
        with _Headers(io.FileIO(path)) as file, tarfile.open(fileobj=file, mode="r:") as tar:
            while (member := tar.next()) is not None:
                tar.members.clear()  # type: ignore[attr-defined]  # it would hold all of them
                yield member
            file.seek(tar.offset)
            if any(file.read(tarfile.BLOCKSIZE)):  # `tarfile` takes anything that is no header for the end
                raise tarfile.ReadError("no header")
    except (tarfile.TarError, OSError, ValueError, EOFError, OverflowError) as error:
        raise UserError("tar_broken", file=path.name, reason=str(error)[:200]) from error


class _Headers(io.BufferedReader):
    """A file that gives no more at once than a header may have."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= MAX_HEADER:
            raise tarfile.ReadError("a header is too long")
        return super().read(size)
