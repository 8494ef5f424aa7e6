"""Reading a zip that may be hostile. Nothing is unpacked to disk; bytes are counted as they come, whatever it says."""

from __future__ import annotations

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath

from fsl_demo.core.errors import Notice, UserError
from fsl_demo.core.pictures import SUFFIXES
from fsl_demo.datasets.archive_names import EntryNames, entry_names
from fsl_demo.datasets.walking import regular

MAX_ENTRIES = 50_000
MAX_TOTAL_BYTES = 2_000_000_000

_MAX_DIRECTORY_BYTES = MAX_ENTRIES * 1_000
_CHUNK = 1 << 20
_HEADER = struct.Struct("<4sHHHHHLLLHH")

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_KINDS = (
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)


def first_bytes(path: Path) -> bytes:
    """The beginning of a file, as far as it says what kind of archive it is.

    Raises:
        UserError: `picture_missing`.
    """
    regular(path)
    try:
        with path.open("rb") as file:
            return file.read(512)
    except OSError as error:
        raise UserError("picture_missing", file=path.name, reason=error.strerror or str(error)) from error


def other_archive(path: Path) -> str:
    """What kind of archive a file is, of those that are not read; "" for anything else.

    Raises:
        UserError: `picture_missing`.
    """
    start = first_bytes(path)
    return next((kind for magic, kind in _KINDS if start.startswith(magic)), "")


def is_zip(path: Path) -> bool:
    """Whether a file is a zip, or is called that; a pipe or a device is not opened."""
    if not path.is_file():
        return False
    return path.suffix.lower() == ".zip" or zipfile.is_zipfile(path)


class ZipReader:
    """The entries of a zip by path.

    Args:
        counted: add up what is decompressed; reading again what was read once costs nothing.

    Attributes:
        sizes: in bytes, of each file by its path.
        notices: what is told about the zip.

    Raises:
        UserError: `archive_*`, `import_unknown`, `picture_missing`.
    """

    def __init__(self, path: Path, counted: bool = True) -> None:
        self._name, self._counted, self._read = path.name, counted, 0
        self._archive = _opened(path)
        infos = self._archive.infolist()
        if len(infos) > MAX_ENTRIES:
            raise UserError("archive_entries", file=path.name, limit=MAX_ENTRIES)
        named = entry_names(infos)
        self.notices = list(doubts(path.name, named))
        self._entries: dict[PurePosixPath, zipfile.ZipInfo] = {}
        for info, name in zip(infos, named.names, strict=True):
            place = self._checked_path(info, name)
            if name.endswith("/") or stat.S_IFMT(info.external_attr >> 16) == stat.S_IFDIR:
                continue
            if place in self._entries:
                self.notices.append(Notice("archive_twice", file=path.name, entry=str(place)))
            self._entries[place] = info
        self.sizes = {place: info.file_size for place, info in self._entries.items()}
        self._check_sizes()

    def close(self) -> None:
        self._archive.close()

    def read(self, path: PurePosixPath) -> bytes:
        """The bytes of an entry.

        Raises:
            UserError: `archive_*`.
        """
        info = self._entries[path]
        if info.compress_type not in _METHODS:
            raise refusal("archive_method", self._name, path)
        data = bytearray()
        try:
            with self._archive.open(info) as file:
                while chunk := file.read(_CHUNK):
                    data += chunk
                    self._read += len(chunk) if self._counted else 0
                    if self._read > MAX_TOTAL_BYTES:
                        raise UserError("archive_bytes", file=self._name, limit=MAX_TOTAL_BYTES / 1e9)
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError) as error:
            raise refusal("archive_forged", self._name, path) from error
        if len(data) != info.file_size:
            raise refusal("archive_forged", self._name, path)
        return bytes(data)

    def _checked_path(self, info: zipfile.ZipInfo, name: str) -> PurePosixPath:
        path = inner_path(self._name, name)
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise refusal("archive_link", self._name, path)
        if info.flag_bits & 0x1:
            raise refusal("archive_encrypted", self._name, path)
        return path

    def _check_sizes(self) -> None:
        check_total(self._name, self.sizes)
        end = 0
        for info in sorted(self._archive.infolist(), key=lambda info: info.header_offset):
            if info.header_offset < end:
                raise UserError("archive_overlap", file=self._name)
            end = info.header_offset + _HEADER.size + info.compress_size


def inner_path(archive: str, name: str) -> PurePosixPath:
    """The path of an entry.

    Raises:
        UserError: `archive_path` where it would land outside of the archive's folder.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or PureWindowsPath(name).drive or ".." in path.parts or "\0" in name:
        raise refusal("archive_path", archive, path)
    return path


def refusal(code: str, archive: str, path: PurePosixPath) -> UserError:
    """What is wrong with an entry."""
    return UserError(code, file=archive, entry=str(path)[:100].replace("\0", ""))


def check_total(archive: str, sizes: Mapping[PurePosixPath, int]) -> None:
    """Raise `archive_bytes` where the pictures are said to have too many bytes together."""
    if sum(size for path, size in sizes.items() if path.suffix.lower() in SUFFIXES) > MAX_TOTAL_BYTES:
        raise UserError("archive_bytes", file=archive, limit=MAX_TOTAL_BYTES / 1e9)


def _opened(path: Path) -> zipfile.ZipFile:
    if kind := other_archive(path):
        raise UserError("archive_kind", file=path.name, kind=kind)
    try:
        if not zipfile.is_zipfile(path):
            named = path.suffix.lower() == ".zip"
            code = "archive_cut" if _begins_with_an_entry(path) else "archive_broken" if named else "import_unknown"
            raise UserError(code, file=path.name)
        if _directory_bytes(path) > _MAX_DIRECTORY_BYTES:
            raise UserError("archive_entries", file=path.name, limit=MAX_ENTRIES)
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, struct.error, ValueError, NotImplementedError) as error:
        raise UserError("archive_broken", file=path.name) from error


def doubts(file: str, named: EntryNames) -> Iterator[Notice]:
    """What is told of names that may read otherwise."""
    if named.other:
        yield Notice("archive_names_two", file=file, entry=named.unsure, other=named.other)
    elif named.unsure:
        yield Notice("archive_names", file=file, entry=named.unsure)


def _begins_with_an_entry(path: Path) -> bool:
    """Whether the header of a zip's first file is there, name and all."""
    with path.open("rb") as file:
        start = file.read(_HEADER.size)
        if len(start) < _HEADER.size:
            return False
        magic, _, _, method, *_, name, _ = _HEADER.unpack(start)
        return magic == b"PK\3\4" and method in _METHODS and 0 < name == len(file.read(name))


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
