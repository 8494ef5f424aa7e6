"""Reading what strangers send: a zip that may be hostile, or a folder, as one kind of `Source`.

Nothing is unpacked to disk. Bytes are counted as they come, whatever the zip says about itself.
"""

from __future__ import annotations

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import NoReturn

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import MAX_BYTES, Picture, ingest
from fsl_demo.datasets.class_folders import walk

MAX_ENTRIES = 5_000
MAX_TOTAL_BYTES = 2_000_000_000
MAX_RATIO = 100
MAX_DOCUMENT_BYTES = 100_000_000

_MAX_DIRECTORY_BYTES = MAX_ENTRIES * 1_000
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Source:
    """Files by relative path.

    Attributes:
        name: what to call it in messages.
        files: size in bytes of each file, in the order in which they are found.
        read: gives the bytes of a file.
    """

    name: str
    files: dict[PurePosixPath, int]
    read: Callable[[PurePosixPath], bytes]

    def picture(self, path: PurePosixPath) -> Picture:
        """Read a picture.

        Raises:
            UserError: `picture_*` when this picture is bad, `archive_*` when the whole source is.
        """
        if self.files[path] > MAX_BYTES:
            raise UserError("picture_bytes", file=path.name, megabytes=self.files[path] / 1e6, limit=MAX_BYTES / 1e6)
        return ingest(self.read(path), path.name)

    def text(self, path: PurePosixPath) -> str:
        """Read a text file.

        Raises:
            UserError: `import_document`.
        """
        if self.files[path] > MAX_DOCUMENT_BYTES:
            raise UserError("import_document", file=path.name, reason="too long")
        try:
            return self.read(path).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UserError("import_document", file=path.name, reason="not UTF-8") from error


@contextmanager
def open_source(path: Path) -> Iterator[Source]:
    """Open a zip or a folder.

    Raises:
        UserError: `folder_missing`, `import_unknown`, `archive_*`.
    """
    if path.is_dir():
        files = [file for file in walk(path) if file.is_file()]
        sizes = {PurePosixPath(file.relative_to(path).as_posix()): file.stat().st_size for file in files}
        yield Source(path.name, sizes, lambda name: _read_file(path / name))
    elif not path.exists():
        raise UserError("folder_missing", folder=path)
    else:
        with _open_zip(path) as archive:
            reader = _ZipReader(archive, path.name)
            yield Source(path.name, {name: info.file_size for name, info in reader.entries.items()}, reader.read)


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError("picture_missing", file=path.name, reason=error.strerror or str(error)) from error


class _ZipReader:
    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._archive = archive
        self._name = name
        self._read = 0
        infos = archive.infolist()
        if len(infos) > MAX_ENTRIES:
            raise UserError("archive_entries", file=name, limit=MAX_ENTRIES)
        self.entries: dict[PurePosixPath, zipfile.ZipInfo] = {}
        for info in infos:
            path = self._checked_path(info)
            if not info.is_dir():
                self.entries[path] = info
        if sum(info.file_size for info in infos) > MAX_TOTAL_BYTES:
            raise UserError("archive_bytes", file=name, limit=MAX_TOTAL_BYTES / 1e9)

    def read(self, path: PurePosixPath) -> bytes:
        info = self.entries[path]
        data = bytearray()
        try:
            with self._archive.open(info) as file:
                while chunk := file.read(_CHUNK):
                    data += chunk
                    self._read += len(chunk)
                    if self._read > MAX_TOTAL_BYTES:
                        raise UserError("archive_bytes", file=self._name, limit=MAX_TOTAL_BYTES / 1e9)
        except NotImplementedError as error:  # a compression that Python does not know
            raise UserError("archive_broken", file=self._name) from error
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError) as error:
            raise UserError("archive_forged", file=self._name, entry=path.name) from error
        if len(data) != info.file_size:
            self._refuse("archive_forged", info)
        return bytes(data)

    def _checked_path(self, info: zipfile.ZipInfo) -> PurePosixPath:
        name = _name(info).replace("\\", "/")
        path = PurePosixPath(name)
        if path.is_absolute() or PureWindowsPath(name).drive or ".." in path.parts or "\0" in info.orig_filename:
            self._refuse("archive_path", info)
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            self._refuse("archive_link", info)
        if info.flag_bits & 0x1:
            self._refuse("archive_encrypted", info)
        if info.file_size > MAX_RATIO * max(info.compress_size, 1):
            self._refuse("archive_ratio", info)
        return path

    def _refuse(self, code: str, info: zipfile.ZipInfo) -> NoReturn:
        raise UserError(code, file=self._name, entry=_name(info)[:100], limit=MAX_RATIO)


def _name(info: zipfile.ZipInfo) -> str:
    """The name of an entry; many programs write UTF-8 without the flag that says so."""
    if not info.flag_bits & 0x800:
        try:
            return info.orig_filename.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return info.filename


@contextmanager
def _open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        if not zipfile.is_zipfile(path):
            raise UserError("archive_broken" if path.suffix.lower() == ".zip" else "import_unknown", file=path.name)
        if _directory_bytes(path) > _MAX_DIRECTORY_BYTES:
            raise UserError("archive_entries", file=path.name, limit=MAX_ENTRIES)
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, struct.error, ValueError, NotImplementedError) as error:
        raise UserError("archive_broken", file=path.name) from error
    with archive:
        yield archive


def _directory_bytes(path: Path) -> int:
    """Length of the zip's table of contents as its end records state it: `zipfile` would read it all at once."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - (1 << 16) - 128, 0))
        tail = file.read()
    longest = 0
    start = tail.find(b"PK\5\6")
    while start >= 0:
        if len(tail) >= start + 16:
            longest = max(longest, struct.unpack_from("<L", tail, start + 12)[0])
        if start >= 76 and tail[start - 20 : start - 16] == b"PK\6\7":
            longest = max(longest, struct.unpack_from("<Q", tail, start - 76 + 40)[0])
        start = tail.find(b"PK\5\6", start + 1)
    return longest
