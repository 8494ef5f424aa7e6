"""Reading a tar that may be hostile, within the bounds of a zip. Nothing is unpacked to disk."""

from __future__ import annotations

import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from fsl_demo.core.errors import Notice, UserError
from fsl_demo.datasets import archives
from fsl_demo.datasets.archive_names import tar_names
from fsl_demo.datasets.archives import check_total, doubts, first_bytes, inner_path, refusal

_MAGIC = b"ustar"
_MAGIC_AT = 257
_MAX_HEADER_BYTES = 1 << 20
"""Of what stands before an entry: a long name, or attributes."""
_LONG_HEADERS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
BROKEN = (tarfile.TarError, OSError, ValueError, OverflowError, EOFError, RecursionError, KeyError, IndexError)
"""What `tarfile` raises of tars that are damaged."""
_CHUNK = 1 << 20


def is_tar(path: Path) -> bool:
    """Whether a file is a tar, or is called that and is no zip; a pipe or a device is not opened."""
    if not path.is_file():
        return False
    start = first_bytes(path)
    named = path.suffix.lower() == ".tar" and not start.startswith(b"PK")
    return named or start[_MAGIC_AT:].startswith(_MAGIC)


class _Header(tarfile.TarInfo):
    """An entry's header; one that asks for much memory is refused before it is read."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Header:
        info = super().frombuf(buf, encoding, errors)
        if info.size < 0 or (info.type in _LONG_HEADERS and info.size > _MAX_HEADER_BYTES):
            raise tarfile.HeaderError("an impossible size")
        return info


def opened(file: BinaryIO, name: str) -> tarfile.TarFile:
    """A tar whose headers are bounded.

    Raises:
        UserError: `tar_broken`.
    """
    try:
        return tarfile.TarFile(fileobj=file, tarinfo=_Header, encoding="utf-8", errors="surrogateescape")
    except BROKEN as error:
        raise UserError("tar_broken", file=name) from error


def headers(archive: tarfile.TarFile, file: BinaryIO) -> Iterator[tarfile.TarInfo]:
    """The headers of a tar's entries, one at a time; the tar keeps none.

    Args:
        file: that the tar was opened on.

    Raises:
        OSError, tarfile.TarError: and others of `BROKEN`, where the tar is damaged.
    """
    end = -1
    while (member := archive.next()) is not None:
        archive.members.clear()  # type: ignore[attr-defined]  # it would hold all of them
        if member.offset_data <= end:
            raise tarfile.ReadError("an entry lies over another")
        end = member.offset_data
        yield member
    file.seek(archive.offset)
    if any(file.read(tarfile.BLOCKSIZE)):  # `tarfile` takes whatever is no header for the end
        raise tarfile.ReadError("no header")


class TarReader:
    """The entries of a tar by path, with the contract of `archives.ZipReader`.

    Args:
        file: is closed with the reader.
        name: what to call it in messages.
        counted: as of `ZipReader`.

    Attributes:
        sizes: in bytes, of each file by its path.
        notices: what is told about the tar.

    Raises:
        UserError: `tar_broken`, `archive_entries`, `archive_path`, `archive_link`, `archive_special`, `archive_bytes`.
    """

    def __init__(self, file: BinaryIO, name: str, counted: bool = True) -> None:
        self._file, self._name, self._counted, self._read = file, name, counted, 0
        self._one_reads = threading.Lock()  # all entries are read through the same file
        self.notices: list[UserError] = []
        self._archive = opened(file, name)
        members = list(self._members())
        named = tar_names([member.name.encode("utf-8", "surrogateescape") for member in members])
        self.notices += doubts(name, named)
        self._entries: dict[PurePosixPath, tarfile.TarInfo] = {}
        for member, path in zip(members, named.names, strict=True):
            place = self._checked_path(member, path)
            if member.isdir():
                continue
            if place in self._entries:
                self.notices.append(Notice("archive_twice", file=name, entry=str(place)))
            self._entries[place] = member
        self.sizes = {place: member.size for place, member in self._entries.items()}
        check_total(name, self.sizes)

    def close(self) -> None:
        self._archive.close()
        self._file.close()

    def read(self, path: PurePosixPath) -> bytes:
        """The bytes of an entry.

        Raises:
            UserError: `archive_*`.
        """
        member, data = self._entries[path], bytearray()
        try:
            with self._one_reads, self._archive.extractfile(member) as file:  # type: ignore[union-attr]  # it is a plain file
                while chunk := file.read(_CHUNK):
                    data += chunk
                    self._read += len(chunk) if self._counted else 0
                    if self._read > archives.MAX_TOTAL_BYTES:
                        raise UserError("archive_bytes", file=self._name, limit=archives.MAX_TOTAL_BYTES / 1e9)
        except BROKEN as error:
            raise refusal("archive_forged", self._name, path) from error
        if len(data) != member.size:
            raise refusal("archive_forged", self._name, path)
        return bytes(data)

    def _members(self) -> Iterator[tarfile.TarInfo]:
        """The entries up to where the tar ends, or is damaged, which is told."""
        last = ""
        try:
            for count, member in enumerate(headers(self._archive, self._file), start=1):
                if count > archives.MAX_ENTRIES:
                    raise UserError("archive_entries", file=self._name, limit=archives.MAX_ENTRIES)
                last = member.name
                yield member
        except BROKEN:
            self.notices.append(refusal("tar_cut", self._name, PurePosixPath(last)))

    def _checked_path(self, member: tarfile.TarInfo, name: str) -> PurePosixPath:
        path = inner_path(self._name, name)
        if member.islnk() or member.issym():
            raise refusal("archive_link", self._name, path)
        if not member.isdir() and (not member.isreg() or member.issparse()):
            raise refusal("archive_special", self._name, path)
        return path
