"""Files by relative path, from a folder, a zip or a tar: the one way in for what people send."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from PIL import Image

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import MAX_BYTES, Picture, Work, ingest
from fsl_demo.core.pictures.kept import KeptImage
from fsl_demo.datasets.archives import ZipReader, is_zip, other_archive
from fsl_demo.datasets.tar_archives import TarReader, is_tar
from fsl_demo.datasets.walking import Walk, regular

MAX_DOCUMENT_BYTES = 100_000_000
MAX_INSIDE = 500_000_000
"""Bytes of a file inside an archive that is read in parts."""
ARCHIVES = (".zip", ".tar")
"""Endings of archives that are read."""
SINGLE = (".parquet", ".json", ".jsonl", ".csv", ".tsv", ".xml")
"""Endings of files that hold labels, and often pictures."""
MAX_SECONDS = 1_800.0
"""Of computing, for all pictures of an archive, which may come from anyone; a folder is a person's own."""
_OF_ONE_FILE = ("picture_", "archive_forged", "archive_method")
"""How codes begin of what is wrong with one file of a source, and with no other."""


def is_of_one_file(error: UserError) -> bool:
    """Whether the other files of the source can be read."""
    return error.code.startswith(_OF_ONE_FILE)


@dataclass(frozen=True)
class FileSource:
    """Files by relative path.

    Attributes:
        path: of the folder or archive.
        files: size in bytes of each file, in the order in which they are found.
        read: gives the bytes of a file.
        left_out: what there is to tell about files that are not among `files`.
        work: that its pictures took so far.
        seconds: of work that they may take.
        folder: where the files lie on disk; None where they are in an archive.
    """

    path: Path
    files: dict[PurePosixPath, int]
    read: Callable[[PurePosixPath], bytes]
    left_out: tuple[UserError, ...] = ()
    work: Work = field(default_factory=Work)
    seconds: float = math.inf
    folder: Path | None = None

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return self.path.name

    def picture(self, path: PurePosixPath, ingest: Callable[[bytes, str], Picture] = ingest) -> Picture:
        """Read a picture.

        Args:
            ingest: makes it of the bytes of its file and the file's name.

        Raises:
            UserError: as of `is_of_one_file` when this picture is bad, another when the whole source is.
        """
        self._check(path.name, self.files[path])
        with self.work.counted():
            return ingest(self.read(path), path.name)

    def decoded(self, data: bytes, name: str, ingest: Callable[[bytes, str], Picture] = ingest) -> Picture:
        """Read a picture that lies inside a file; arguments and errors as of `picture`."""
        self._check(name, len(data))
        with self.work.counted():
            return ingest(data, name)

    def _check(self, name: str, size: int) -> None:
        if self.work.seconds > self.seconds:
            raise UserError("archive_work", file=self.name, minutes=round(self.seconds / 60))
        if size > MAX_BYTES:
            raise UserError("picture_bytes", file=name, megabytes=size / 1e6, limit=MAX_BYTES / 1e6)

    def open(self, path: PurePosixPath) -> BinaryIO:
        """A file to read parts of: from disk where it lies there, else from memory.

        Raises:
                UserError: `shard_large` for what is too large for memory; `picture_missing`.
        """
        if self.folder is not None:
            try:
                return (self.folder / path).open("rb")
            except OSError as error:
                raise _unreadable(path, error) from error
        if self.files[path] > MAX_INSIDE:
            raise UserError("shard_large", file=path.name, limit=MAX_INSIDE / 1e6)
        return io.BytesIO(self.read(path))

    def lazy_picture(self, path: PurePosixPath) -> Picture:
        """Read a picture that is to stay in use: it is read again where memory had no room for its pixels."""
        picture = self.picture(path)
        return replace(picture, source=KeptImage(picture.image(), partial(self._image, path)))

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

    def _image(self, path: PurePosixPath) -> Image.Image:
        return ingest(self._again(path), path.name).image()

    @cached_property
    def _again(self) -> Callable[[PurePosixPath], bytes]:
        """`read`, after the source was closed."""
        return _archive(self.path, counted=False).read if is_archive(self.path) else self.read


def is_archive(path: Path) -> bool:
    """Whether a file is an archive of any kind, or is called a zip or a tar; a pipe or a device is not opened."""
    return path.is_file() and (is_tar(path) or is_zip(path) or bool(other_archive(path)))


def _archive(path: Path, counted: bool = True) -> ZipReader | TarReader:
    """The reader of an archive; arguments and errors as of `ZipReader` and `TarReader`."""
    if is_tar(path) and not other_archive(path):
        file = path.open("rb")
        try:
            return TarReader(file, path.name, counted)
        except BaseException:
            file.close()
            raise
    return ZipReader(path, counted)


@contextmanager
def open_source(path: Path) -> Iterator[FileSource]:
    """Open a zip, a tar or a folder.

    Raises:
        UserError: `folder_missing`, `import_unknown`, `picture_missing`, `archive_*`, `tar_broken`.
    """
    if path.is_dir():
        walk = Walk(path)
        yield FileSource(path, walk.sizes, read=partial(_read_file, path), left_out=tuple(walk.left_out), folder=path)
    elif not path.exists():
        raise UserError("folder_missing", folder=path)
    else:
        reader = _archive(path)
        try:
            yield FileSource(path, reader.sizes, read=reader.read, left_out=tuple(reader.notices), seconds=MAX_SECONDS)
        finally:
            reader.close()


@contextmanager
def open_with_labels(path: Path) -> Iterator[FileSource]:
    """Open a zip, a tar or a folder, or one of the files that hold labels: it is then the only file of its source.

    Raises:
        UserError: as of `open_source`.
    """
    if path.suffix.lower() not in SINGLE or path.is_dir() or not path.exists():
        with open_source(path) as source:
            yield source
        return
    sizes = {PurePosixPath(path.name): regular(path).st_size}
    yield FileSource(path, sizes, read=partial(_read_file, path.parent), seconds=MAX_SECONDS, folder=path.parent)


@contextmanager
def open_inside(source: FileSource, path: PurePosixPath) -> Iterator[FileSource]:
    """Open a tar that lies in a source.

    Raises:
        UserError: `shard_large`, and as of `TarReader`.
    """
    with source.open(path) as file:
        reader = TarReader(file, path.name)
        yield FileSource(
            source.path / path,
            reader.sizes,
            read=reader.read,
            left_out=tuple(reader.notices),
            work=source.work,
            seconds=source.seconds,
        )


def _read_file(folder: Path, path: PurePosixPath) -> bytes:
    try:
        return (folder / path).read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: PurePosixPath, error: OSError) -> UserError:
    return UserError("picture_missing", file=path.name, reason=error.strerror or str(error))
