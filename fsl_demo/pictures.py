"""The one way in for every image: bytes or a file to a canonical `Picture`.

A canonical picture is upright RGB, 8 bits a channel, first frame only, over white where the original
was transparent, and carries no metadata. Its identity is the hash of its pixels, so the same picture
from the page, a zip, a folder or the command line is the same `Picture`.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
import pillow_heif
from PIL import Image, ImageOps, UnidentifiedImageError

from fsl_demo.errors import UserError

MAX_BYTES = 20_000_000
MAX_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "HEIF", "AVIF", "PPM")
SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".mpo", ".png", ".webp", ".gif", ".tif", ".tiff"}
    | {".bmp", ".heic", ".heif", ".avif", ".ppm", ".pgm", ".pbm"}
)

pillow_heif.register_heif_opener()
Image.init()
Image.MAX_IMAGE_PIXELS = None  # the header is checked against MAX_PIXELS before anything is decoded


@dataclass(frozen=True)
class Picture:
    """A canonical picture. Two pictures are equal when their pixels are.

    Attributes:
        sha256: hash of size and pixels, the picture's identity everywhere.
        width, height: in pixels.
        name: the file name it came with, for people; never a path.
        original_sha256: hash of the bytes it was read from.
        source: gives the RGB image; from memory after `ingest`, from disk when the store hands it out.
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


def ingest(source: bytes | Path, name: str | None = None) -> Picture:
    """Read one picture from bytes or a file.

    Args:
        source: the encoded bytes, or the path of a file.
        name: what to call it; the file's own name by default.

    Raises:
        UserError: `picture_*`, naming the file and what is wrong with it.
    """
    label = PurePosixPath((name or (source.name if isinstance(source, Path) else "picture")).replace("\\", "/")).name
    data = _read(source, label) if isinstance(source, Path) else source
    if not data:
        raise UserError("picture_empty", file=label)
    if len(data) > MAX_BYTES:
        raise UserError("picture_bytes", file=label, megabytes=len(data) / 1e6, limit=MAX_BYTES / 1e6)
    return from_image(_decode(data, label), label, hashlib.sha256(data).hexdigest())


def from_image(image: Image.Image, name: str, original_sha256: str = "") -> Picture:
    """A picture from an RGB image that is already upright and in memory."""
    digest = hashlib.sha256(b"RGB %d %d\n" % image.size)
    digest.update(image.tobytes())
    return Picture(digest.hexdigest(), image.width, image.height, name, original_sha256, lambda: image)


def _read(path: Path, label: str) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UserError("picture_bytes", file=label, megabytes=size / 1e6, limit=MAX_BYTES / 1e6)
        return path.read_bytes()
    except OSError as error:
        raise UserError("picture_missing", file=label, reason=error.strerror or str(error)) from error


def _decode(data: bytes, label: str) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise UserError("picture_unknown", file=label) from error
    except Exception as error:
        raise UserError("picture_broken", file=label) from error
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        raise UserError("picture_pixels", file=label, megapixels=pixels / 1e6, limit=MAX_PIXELS / 1e6)
    try:
        image.load()
        return _to_rgb(ImageOps.exif_transpose(image))
    except Exception as error:  # decoders raise OSError, SyntaxError, struct.error, ValueError, EOFError …
        raise UserError("picture_broken", file=label) from error


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        image = _to_eight_bits(image)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        canvas = Image.new("RGBA", image.size, "white")
        rgb = Image.alpha_composite(canvas, rgba).convert("RGB")
    else:
        rgb = image.convert("RGB")
    clean = Image.new("RGB", rgb.size)  # a fresh image: no EXIF, GPS, ICC or text chunk comes along
    clean.paste(rgb)
    return clean


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Scale deep grey values by the range of their bit depth (a 12-bit scan in a 16-bit file is not black)."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64))
    low = min(float(values.min(initial=0.0)), 0.0)
    peak = float(values.max(initial=0.0)) - low
    bits = max(8, int(peak).bit_length())
    full = 1.0 if image.mode == "F" and peak <= 1.0 else float(2**bits - 1)
    return Image.fromarray(np.rint((values - low) * (255.0 / full)).clip(0, 255).astype(np.uint8))
