"""Picture files: `blobs/ab/cd/<sha256>.png`, canonical and lossless, complete or absent."""

from __future__ import annotations

import io
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from fsl_demo.core import durable
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image, ingest_into
from fsl_demo.core.pictures.canonical import write_png
from fsl_demo.store.connection import trouble

THUMBNAIL_SIDE = 160
GONE = "its file is gone from the workspace"
LEFT_SECONDS = 3600
"""After which a file that nothing points to is left over, not just being written."""


class Written(NamedTuple):
    """What writing a picture's file gave."""

    size: int
    thumbnail: bytes


class Blobs:
    """The picture files of a workspace.

    Args:
        beneath: a folder whose pictures are read, too, and never changed.
        read_only: `add` raises `workspace_read_only`.
    """

    def __init__(self, folder: Path, beneath: Path | None = None, read_only: bool = False) -> None:
        self._folder, self._beneath, self._read_only = folder, beneath, read_only

    def prepare(self) -> None:
        """Make the folder, and clear away what a killed process left in it."""
        with trouble(self._folder.parent):
            self._folder.mkdir(exist_ok=True)
            for left in self._folder.glob("*.tmp"):
                if left.stat().st_mtime < time.time() - LEFT_SECONDS:
                    left.unlink(missing_ok=True)

    def path(self, sha256: str) -> Path:
        """Where the picture with this hash is, or would be."""
        own = _place(self._folder, sha256)
        return own if self._beneath is None or own.exists() else _place(self._beneath, sha256)

    def add(self, picture: Picture) -> Written:
        """Write a picture; it survives a power cut once this returns."""
        self._check_writable()
        target = _place(self._folder, picture.sha256)
        temporary = self._folder / f"{picture.sha256}.{secrets.token_hex(4)}.tmp"
        image = picture.image()
        with trouble(self._folder.parent):
            target.parent.mkdir(parents=True, exist_ok=True)
            with durable.replacing(target, temporary) as file:
                write_png(image, file)
                size = file.tell()
            self._sync(target)
        return Written(size, thumbnail(picture))

    def heal(self, stored: Iterable[Picture]) -> None:
        """Write those pictures again whose files are lost or damaged."""
        for picture in stored:
            if not self.is_whole(picture.sha256):
                try:
                    self.add(picture)
                except UserError as error:
                    if not error.code.startswith("picture_"):  # it is the lost file itself that is to be read
                        raise

    def ingest(self, source: bytes | Path, name: str | None) -> tuple[Picture, Written]:
        """Write the picture of a file, as `add` does; gives it as it is stored, with its preview."""
        self._check_writable()
        temporary = self._folder / f"{secrets.token_hex(16)}.tmp"
        with trouble(self._folder.parent):
            try:
                with durable.writing(temporary) as file:
                    picture = ingest_into(file, source, name)
                target = _place(self._folder, picture.sha256)
                if not self.is_whole(picture.sha256):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    temporary.replace(target)
                    durable.sync_folder(target.parent)
                    self._sync(target)
                size = self.path(picture.sha256).stat().st_size
            finally:
                temporary.unlink(missing_ok=True)
        stored = replace(picture, source=self.source(picture.sha256, picture.name))
        return stored, Written(size, thumbnail(picture))

    def _check_writable(self) -> None:
        if self._read_only:
            raise UserError("workspace_read_only", folder=self._folder.parent)

    def _sync(self, target: Path) -> None:
        for folder in (target.parent.parent, self._folder):  # each may have a new folder
            durable.sync_folder(folder)

    def picture(self, sha256: str, width: int, height: int, name: str, original_sha256: str) -> Picture:
        """The stored picture; its file is read when its image is asked for."""
        return Picture(
            sha256=sha256,
            width=width,
            height=height,
            name=name,
            original_sha256=original_sha256,
            source=self.source(sha256, name),
        )

    def source(self, sha256: str, name: str) -> Callable[[], Image.Image]:
        """What reads the image of a stored picture; `name` is for messages."""
        return partial(_read, self.path(sha256), name)

    def trouble(self, sha256: str, name: str, size: int) -> UserError | None:
        """Why the file of a picture cannot be read, as far as its length tells; it was written with `size` bytes."""
        try:
            if self.path(sha256).stat().st_size == size or self.is_whole(sha256):
                return None
        except OSError:
            return UserError("picture_missing", file=name, reason=GONE)
        return UserError("picture_broken", file=name)

    def lost(self, hashes: Sequence[str], files: Mapping[str, tuple[str, int]]) -> dict[str, UserError]:
        """Those of the pictures that cannot be read, with the reason; `files` has names and lengths of those stored."""
        reasons: dict[str, UserError] = {}
        for sha256 in dict.fromkeys(hashes):
            if sha256 not in files:
                reasons[sha256] = UserError("picture_not_stored", sha256=sha256)
            elif error := self.trouble(sha256, *files[sha256]):
                reasons[sha256] = error
        return reasons

    def is_whole(self, sha256: str) -> bool:
        """Whether the file is there, with right checksums; its pixels are not looked at."""
        try:
            with Image.open(self.path(sha256), formats=("PNG",)) as image:
                image.verify()
        except (OSError, SyntaxError, ValueError, EOFError):
            return False
        return True

    def left(self, known: Collection[str]) -> list[Path]:
        """Files of no picture that is known, by hash, and unfinished ones: those that nobody is just writing."""
        files = [*self._folder.glob("*.tmp"), *self._folder.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*.png")]
        return [file for file in files if file.stem not in known and is_left(file)]

    def fault(self, sha256: str) -> str | None:
        """What is wrong with the file of a picture: it is missing, unreadable, or not this picture."""
        try:
            actual = from_image(_read(self.path(sha256), sha256), "").sha256
        except UserError as error:
            return str(error)
        return None if actual == sha256 else f"{self.path(sha256).name}: the pixels are those of {actual}"


def is_left(file: Path) -> bool:
    """Whether a file is old enough to be left over."""
    try:
        return file.lstat().st_mtime < time.time() - LEFT_SECONDS
    except FileNotFoundError:
        return False


def thumbnail(picture: Picture) -> bytes:
    """A WebP of at most `THUMBNAIL_SIDE` pixels a side."""
    scale = min(1.0, THUMBNAIL_SIDE / max(picture.width, picture.height))
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    image = picture.preview().resize(size, Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=80)
    return buffer.getvalue()


def _place(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256[2:4] / f"{sha256}.png"


def _read(path: Path, name: str) -> Image.Image:
    try:
        with Image.open(path, formats=("PNG",)) as image:
            image.load()
            return image if image.mode == "RGB" else image.convert("RGB")
    except FileNotFoundError as error:
        raise UserError("picture_missing", file=name, reason=GONE) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise UserError("picture_broken", file=name) from error
