"""The one way in for every image: bytes or a file to a canonical `Picture`.

A canonical picture is upright RGB, 8 bits a channel, first frame only, over white where the original
was transparent, and carries no metadata. Its identity is the hash of its pixels, so the same picture
from the page, a zip, a folder or the command line is the same `Picture`.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from PIL import Image

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import canonical
from fsl_demo.core.pictures.endings import SUFFIXES, may_be_picture
from fsl_demo.core.pictures.kept import KeptImage
from fsl_demo.core.pictures.limits import MAX_BYTES, MAX_PIXELS, Work
from fsl_demo.core.pictures.workers import Decoded, decode, encode

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "SUFFIXES",
    "Picture",
    "Work",
    "from_image",
    "ingest",
    "ingest_into",
    "may_be_picture",
]


@dataclass(frozen=True)
class Picture:
    """A canonical picture. Two pictures are equal when their pixels are.

    Attributes:
        sha256: hash of size and pixels, the picture's identity everywhere.
        width, height: in pixels.
        name: the file name it came with, for people; never a path.
        original_sha256: hash of the bytes it was read from.
        source: gives the RGB image, from memory or decoded again.
        small: its preview, where that was made when it was decoded.
    """

    sha256: str
    width: int = field(compare=False)
    height: int = field(compare=False)
    name: str = field(compare=False)
    original_sha256: str = field(compare=False, repr=False)
    source: Callable[[], Image.Image] = field(compare=False, repr=False)
    small: Image.Image | None = field(default=None, compare=False, repr=False)

    def image(self) -> Image.Image:
        """The picture as an RGB image; treat it as read-only."""
        return self.source()

    def preview(self) -> Image.Image:
        """The picture made smaller, for a glance at it; treat it as read-only."""
        return self.small or canonical.preview(self.image())


def ingest(source: bytes | Path, name: str | None = None) -> Picture:
    """Read one picture from bytes or a file, in a process of its own.

    Args:
        source: the encoded bytes, or the path of a file, which is read again when memory had no room for the pixels.
        name: what to call it; the file's own name by default.

    Raises:
        UserError: `picture_*`, naming the file and what is wrong with it.
    """
    label, data = _opened(source, name)
    with _naming(label):
        decoded, image = decode(data)
    again = partial(_again, source, label, decoded.sha256)
    return _picture(decoded, label, data=data, source=KeptImage(image, again))


def ingest_into(out: BinaryIO, source: bytes | Path, name: str | None = None) -> Picture:
    """Read one picture as `ingest` does and write it as PNG, so that its pixels never come into this process.

    Returns:
        The picture, with its preview; asked for its image, it is decoded again.
    """
    label, data = _opened(source, name)
    with _naming(label):
        decoded, preview = encode(data, out)
    again = partial(_again, source, label, decoded.sha256)
    return replace(_picture(decoded, label, data=data, source=again), small=preview)


def from_image(image: Image.Image, name: str, original_sha256: str = "") -> Picture:
    """A picture from an RGB image that is already upright and in memory."""
    return Picture(
        sha256=canonical.pixel_hash(image),
        width=image.width,
        height=image.height,
        name=name,
        original_sha256=original_sha256,
        source=lambda: image,
    )


def _picture(decoded: Decoded, label: str, data: bytes, source: Callable[[], Image.Image]) -> Picture:
    return Picture(
        sha256=decoded.sha256,
        width=decoded.width,
        height=decoded.height,
        name=label,
        original_sha256=hashlib.sha256(data).hexdigest(),
        source=source,
    )


def _opened(source: bytes | Path, name: str | None) -> tuple[str, bytes]:
    """What to call a picture, and the bytes of its file."""
    label = _label(name or (source.name if isinstance(source, Path) else ""))
    return label, _bytes(source, label)


def _label(name: str) -> str:
    last = "".join(filter(str.isprintable, PurePosixPath(name.replace("\\", "/")).name))
    return last if last.strip(". ") else "picture"


def _read(path: Path, label: str) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # reading a pipe or a device could go on for ever
            raise UserError("picture_missing", file=label, reason="it is not a file")
        if status.st_size > MAX_BYTES:
            raise UserError("picture_bytes", file=label, megabytes=status.st_size / 1e6, limit=MAX_BYTES / 1e6)
        return path.read_bytes()
    except OSError as error:
        raise UserError("picture_missing", file=label, reason=error.strerror or str(error)) from error


def _bytes(source: bytes | Path, label: str) -> bytes:
    data = _read(source, label) if isinstance(source, Path) else source
    if not data:
        raise UserError("picture_empty", file=label)
    if len(data) > MAX_BYTES:
        raise UserError("picture_bytes", file=label, megabytes=len(data) / 1e6, limit=MAX_BYTES / 1e6)
    return data


@contextmanager
def _naming(label: str) -> Iterator[None]:
    """Say in errors which file it is."""
    try:
        yield
    except UserError as error:
        raise UserError(error.code, file=label, **error.params) from error


def _again(source: bytes | Path, label: str, sha256: str) -> Image.Image:
    data = _bytes(source, label)
    with _naming(label):
        decoded, image = decode(data)
    if decoded.sha256 != sha256:
        raise UserError("picture_missing", file=label, reason="it has changed")
    return image
