"""The one way in for every image: bytes or a file to a canonical `Picture`.

A canonical picture is upright RGB, 8 bits a channel, first frame only, over white where the original
was transparent, and carries no metadata. Its identity is the hash of its pixels, so the same picture
from the page, a zip, a folder or the command line is the same `Picture`.
"""

from __future__ import annotations

import hashlib
import io
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from fsl_demo.core.errors import UserError

MAX_BYTES = 20_000_000
MAX_PIXELS = 40_000_000
SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".mpo", ".png", ".webp", ".gif", ".tif", ".tiff"}
    | {".bmp", ".heic", ".heif", ".avif", ".ppm", ".pgm", ".pbm"}
)
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

with suppress(ImportError):  # training needs no HEIC
    import pillow_heif

    pillow_heif.register_heif_opener()
Image.init()
FORMATS = tuple(
    name for name in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "HEIF", "AVIF", "PPM") if name in Image.OPEN
)
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
    label = _label(name or (source.name if isinstance(source, Path) else ""))
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
        return _to_rgb(_upright(image))
    except Exception as error:  # decoders raise OSError, SyntaxError, struct.error, ValueError, EOFError …
        raise UserError("picture_broken", file=label) from error


def _upright(image: Image.Image) -> Image.Image:
    """As EXIF says that it was held. `ImageOps.exif_transpose` also rewrites the EXIF, which fails for odd ones."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # a damaged EXIF does not make the pixels bad
        return image
    return image.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        image = _to_eight_bits(image)
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    if image.mode != "RGB":
        image = image.convert("RGB")
    clean = Image.new("RGB", image.size)  # a fresh image: no EXIF, GPS, ICC or text chunk comes along
    clean.paste(image)
    return clean


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Scale deep grey values by the range of their bit depth (a 12-bit scan in a 16-bit file is not black)."""
    values = np.nan_to_num(np.array(image, dtype=np.float32), copy=False, posinf=0.0, neginf=0.0)
    low = min(float(values.min(initial=0.0)), 0.0)
    peak = float(values.max(initial=0.0)) - low
    full = float(2 ** max(8, int(peak).bit_length()) - 1)
    if image.mode == "F" and (low < 0 or peak <= 1.0):
        full = max(1.0, peak)
    values -= low
    values *= 255.0 / full
    return Image.fromarray(np.rint(values, out=values).clip(0, 255, out=values).astype(np.uint8))
