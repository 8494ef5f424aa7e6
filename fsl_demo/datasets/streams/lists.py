"""The pictures that a text file names, one a line: paths, and addresses that fsspec opens.

Addresses are asked for only here, where a person has given such a list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import MAX_BYTES
from fsl_demo.datasets.streams.stream import FileItem, Stream, check_size
from fsl_demo.datasets.walking import regular

PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "http": "requests aiohttp", "https": "requests aiohttp"}
"""What fsspec needs for addresses that begin like this; others are not opened."""
MAX_LINE = 4_096


@dataclass(frozen=True)
class AddressItem:
    """A file that is somewhere else."""

    name: str
    held: int = 0

    def read(self) -> bytes:
        """As of `Item`."""
        import fsspec

        label = self.name.split("?")[0].rsplit("/", 1)[-1] or self.name
        try:
            with fsspec.open(self.name, "rb") as file:
                data: bytes = file.read(MAX_BYTES + 1)
        except Exception as error:  # each kind of address has errors of its own
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            raise UserError("picture_missing", file=label, reason=reason) from error
        check_size(label, len(data))
        return data


def open_list(path: Path) -> Stream:
    """The lines that are not empty; paths are relative to the folder of the list.

    Raises:
        UserError: `list_line`, `address_kind`, `address_package`, `picture_missing`.
    """
    regular(path)
    digest, count = hashlib.sha256(), 0
    kinds: set[str] = set()
    for item in _items(path):
        count += 1
        digest.update(f"{item.name}\0".encode("utf-8", "surrogateescape"))
        if isinstance(item, AddressItem):
            kinds.add(item.name.partition("://")[0])
        else:
            digest.update(_state(item.path))
    for kind in sorted(kinds):
        _check_kind(path, kind)
    return Stream(path.name, count, digest.hexdigest(), items=lambda start: islice(_items(path), start, None))


def _items(path: Path) -> Iterator[FileItem | AddressItem]:
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape") as file:
            number = 0
            while line := file.readline(MAX_LINE):
                number += 1
                if len(line) == MAX_LINE or "\0" in line:
                    raise UserError("list_line", file=path.name, line=number, limit=MAX_LINE)
                name = line.rstrip("\r\n")
                if "://" in name:
                    yield AddressItem(name.strip())
                elif name.strip():
                    yield FileItem(name, path.parent / name)
    except OSError as error:
        raise UserError("picture_missing", file=path.name, reason=error.strerror or str(error)) from error


def _state(path: Path) -> bytes:
    """What changes when a file does; nothing for one that is not there."""
    try:
        status = path.stat()
    except OSError:
        return b"-"
    return f"{status.st_size} {status.st_mtime_ns}".encode()


def _check_kind(path: Path, kind: str) -> None:
    """
    Raises:
        UserError: `address_kind`, `address_package`.
    """
    from fsspec import get_filesystem_class

    if kind not in PACKAGES:
        raise UserError("address_kind", file=path.name, kind=kind[:20], known=", ".join(PACKAGES))
    try:
        get_filesystem_class(kind)
    except ImportError as error:
        raise UserError("address_package", kind=kind, packages=PACKAGES[kind]) from error
