"""The pictures of a tar that is not compressed, such as a shard of WebDataset, in its order.

Nothing is unpacked: headers say where files are, and a picture is read from there when its turn comes.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from fsl_demo.core.errors import Notice, UserError
from fsl_demo.datasets.archives import other_archive, refusal
from fsl_demo.datasets.class_folders import archives_inside, is_picture
from fsl_demo.datasets.streams.stream import Stream, check_size, fingerprint
from fsl_demo.datasets.tar_archives import BROKEN, headers, opened


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
    if kind := other_archive(path):
        raise UserError("tar_compressed", file=path.name, kind=kind)
    left_out: list[UserError] = []
    count = others = 0
    last = ""
    try:
        for member in _members(path):
            last = member.name
            if _is_item(member):
                count += 1
            elif member.isreg():
                left_out += archives_inside([PurePosixPath(member.name)])
            else:
                others += not member.isdir()
    except BROKEN:
        left_out.append(refusal("tar_cut", path.name, PurePosixPath(last)))
    if others:
        left_out.append(Notice("tar_links", file=path.name, count=others))

    def items(start: int) -> Iterator[TarItem]:
        return islice(_items(path), start, count)

    return Stream(path.name, count, fingerprint([path]), items=items, left_out=tuple(left_out))


def _items(path: Path) -> Iterator[TarItem]:
    for member in filter(_is_item, _members(path)):
        yield TarItem(str(PurePosixPath(member.name)), path, offset=member.offset_data, size=member.size)


def _is_item(member: tarfile.TarInfo) -> bool:
    return member.isreg() and not member.issparse() and is_picture(PurePosixPath(member.name))


def _members(path: Path) -> Iterator[tarfile.TarInfo]:
    with path.open("rb") as file:
        yield from headers(opened(file, path.name), file)
