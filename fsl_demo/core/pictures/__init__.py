"""The one way in for every image: bytes or a file to a canonical `Picture`.

A canonical picture is upright RGB, 8 bits a channel, first frame only, over white where the original
was transparent, and carries no metadata. Its identity is the hash of its pixels, so the same picture
from the page, a zip, a folder or the command line is the same `Picture`.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from PIL import Image

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures.depth import bands
from fsl_demo.core.pictures.endings import SUFFIXES, may_be_picture
from fsl_demo.core.pictures.kept import KeptImage
from fsl_demo.core.pictures.limits import MAX_BYTES, MAX_PIXELS, Work
from fsl_demo.core.pictures.workers import Pixels, decode

__all__ = ["MAX_BYTES", "MAX_PIXELS", "SUFFIXES", "Picture", "Work", "from_image", "ingest", "may_be_picture"]


@dataclass(frozen=True)
class Picture:
    """A canonical picture. Two pictures are equal when their pixels are.

    Attributes:
        sha256: hash of size and pixels, the picture's identity everywhere.
        width, height: in pixels.
        name: the file name it came with, for people; never a path.
        original_sha256: hash of the bytes it was read from.
        source: gives the RGB image, from memory or decoded again.
    """

    sha256: str
    width: int = field(compare=False)
    height: int = field(compare=False)
    name: str = field(compare=False)
    original_sha256: str = field(compare=False, repr=False)
    source: Callable[[], Image.Image] = field(compare=False, repr=False)

    def image(self) -> Image.Image:
        """The picture as an RGB image; treat it as read-only."""
        return self.source()


def ingest(source: bytes | Path, name: str | None = None, work: Work | None = None) -> Picture:
    """Read one picture from bytes or a file, in a process of its own.

    Args:
        source: the encoded bytes, or the path of a file, which is read again when memory had no room for the pixels.
        name: what to call it; the file's own name by default.
        work: takes what decoding costs.

    Raises:
        UserError: `picture_*`, naming the file and what is wrong with it.
    """
    label = _label(name or (source.name if isinstance(source, Path) else ""))
    data = _read(source, label) if isinstance(source, Path) else source
    pixels = _decoded(data, label, work or Work())
    return Picture(
        sha256=pixels.sha256,
        width=pixels.width,
        height=pixels.height,
        name=label,
        original_sha256=hashlib.sha256(data).hexdigest(),
        source=KeptImage(_image(pixels), partial(_again, source, label, pixels.sha256)),
    )


def from_image(image: Image.Image, name: str, original_sha256: str = "") -> Picture:
    """A picture from an RGB image that is already upright and in memory."""
    digest = hashlib.sha256(b"RGB %d %d\n" % image.size)
    for box in bands(image.size):
        digest.update(image.crop(box).tobytes())
    return Picture(
        sha256=digest.hexdigest(),
        width=image.width,
        height=image.height,
        name=name,
        original_sha256=original_sha256,
        source=lambda: image,
    )


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


def _decoded(data: bytes, label: str, work: Work) -> Pixels:
    if not data:
        raise UserError("picture_empty", file=label)
    if len(data) > MAX_BYTES:
        raise UserError("picture_bytes", file=label, megabytes=len(data) / 1e6, limit=MAX_BYTES / 1e6)
    try:
        return decode(data, work)
    except UserError as error:
        raise UserError(error.code, file=label, **error.params) from error


def _image(pixels: Pixels) -> Image.Image:
    return Image.frombytes("RGB", (pixels.width, pixels.height), pixels.rgb)


def _again(source: bytes | Path, label: str, sha256: str) -> Image.Image:
    pixels = _decoded(_read(source, label) if isinstance(source, Path) else source, label, Work())
    if pixels.sha256 != sha256:
        raise UserError("picture_missing", file=label, reason="it has changed")
    return _image(pixels)
