"""The pictures of a zip, in natural order; how large it may be says `datasets.archives`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from fsl_demo.datasets.archives import ZipReader
from fsl_demo.datasets.class_folders import archives_inside, is_picture, natural
from fsl_demo.datasets.streams.stream import Stream, check_size, fingerprint


@dataclass(frozen=True)
class ZipItem:
    """An entry of a zip."""

    name: str
    path: Path
    held: int = 0

    def read(self) -> bytes:
        """As of `Item`."""
        reader, entry = _reader(self.path), PurePosixPath(self.name)
        check_size(entry.name, reader.sizes[entry])
        return reader.read(entry)


def open_zip(path: Path) -> Stream:
    """The entries that may be pictures.

    Raises:
        UserError: `archive_*`, `picture_missing`.
    """
    with closing(ZipReader(path)) as reader:
        left_out = (*reader.notices, *archives_inside(reader.sizes))
        names = [str(name) for name in sorted(filter(is_picture, reader.sizes), key=natural)]

    def items(start: int) -> Iterator[ZipItem]:
        return (ZipItem(name, path) for name in names[start:])

    return Stream(path.name, len(names), fingerprint([path]), items=items, left_out=left_out)


@lru_cache(maxsize=2)
def _reader(path: Path) -> ZipReader:
    return ZipReader(path, counted=False)
