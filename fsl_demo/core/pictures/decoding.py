"""From the bytes of a file to a decoded picture. Whatever a decoder makes of them, what comes out is a `UserError`."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from io import BytesIO
from typing import Any

from PIL import AvifImagePlugin, Image, ImageFile
from PIL.ExifTags import Base

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import depth, gif, jpeg, png, tiff, webp
from fsl_demo.core.pictures.canonical import bands
from fsl_demo.core.pictures.kinds import first_tags, kind_of
from fsl_demo.core.pictures.limits import MAX_MEMORY, MAX_PIXELS
from fsl_demo.core.pictures.packed import Packed
from fsl_demo.core.pictures.profiles import coded
from fsl_demo.core.pictures.raster import Raster

with suppress(ImportError):  # training needs no HEIC
    import pillow_heif
Image.init()
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each takes memory of its own
Image.MAX_IMAGE_PIXELS = None  # the header is checked against MAX_PIXELS before anything is decoded
_NUMBERS = re.compile(rb"colrnclx\0(.)\0(.)", re.DOTALL)
"""Code points of primaries and transfer in a HEIF or AVIF file."""
_LIBJPEG_GREY = 128
_WEBP_PIXEL_BYTES = 16
"""In the four copies that Pillow makes of a WebP."""
_BMP_V5, _BMP_EMBEDDED = 124, b"DEBM"

Allow = Callable[[int], None]


def at_once(pixels: int) -> None:
    """Let any number of pixels be decoded."""


def decode(data: bytes, allow: Allow = at_once) -> Raster:
    """Read a picture of any kind.

    Args:
        allow: called with the pixels that the file says it has, before they are decoded; may wait, and may be called
            again for the same file.

    Raises:
        UserError: `picture_*`, without the file's name.
    """
    kind = kind_of(data)
    if kind is None:
        raise UserError("picture_unknown")
    if not kind.read or kind.name in _missing():
        raise UserError("picture_kind_unread", kind=kind.name)
    try:
        raster = _READERS[kind.name](data, allow)
        raster.orientation = raster.orientation if raster.orientation in range(1, 9) else 1
        return raster
    except (UserError, MemoryError):
        raise
    except Exception as error:  # decoders raise OSError, SyntaxError, struct.error, ValueError, EOFError …
        raise UserError("picture_broken") from error


def _read_png(data: bytes, allow: Allow) -> Raster:
    facts = png.read(data)
    _admit(facts.width, facts.height, allow=allow)
    if facts.is_impossible():
        raise UserError("picture_broken")
    bare = facts.bare()
    image: Image.Image = Image.open(BytesIO(bare), formats=("PNG",))
    try:
        image.load()
        bottom = (0, image.height - 1, image.width, image.height)
        filled = not facts.interlaced and any(image.crop(bottom).tobytes())
    except (OSError, SyntaxError):  # the compressed pixels lack their end, or more
        filled = False
    if not filled:
        if not facts.is_whole():
            raise UserError("picture_broken")
        image = _loaded_to_the_end(bare)
    alpha, clear = None, facts.clear_colour()
    if clear and facts.depth < 16:
        scale = 255 // (2**facts.depth - 1)
        image.info["transparency"] = clear[0] * scale if facts.is_grey else clear
    elif clear and facts.is_grey:
        alpha = depth.opaque_where_not(image, clear[0])
    elif clear:
        alpha = depth.opaque_where_neither(image, _loaded_to_the_end(bare, low_bytes=True), clear)
    if depth.is_deep(image):
        image = depth.eight_bits(image, white_is_zero=False)
    orientation = _orientation(facts.exif)
    return Raster(image, alpha, orientation=orientation, profile=facts.profile, grey_takes_rgb=False)


def _loaded_to_the_end(bare: bytes, *, low_bytes: bool = False) -> Image.Image:
    """A PNG of which every row is known to be there, whether or not its compressed pixels are complete.

    Args:
        low_bytes: give the lower eight of its sixteen bits.
    """
    image = Image.open(BytesIO(bare), formats=("PNG",))
    if low_bytes:
        image.tile = [tile._replace(args="RGB;16L") for tile in image.tile]
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        image.load()
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    return image


def _read_jpeg(data: bytes, allow: Allow) -> Raster:
    facts = jpeg.read(data)
    _admit(facts.width, facts.height, allow=allow)
    if facts.is_costly():
        raise UserError("picture_costly")
    if facts.is_impossible() or not facts.has_all_scans():
        raise UserError("picture_broken")
    image = _load(facts.bare, "JPEG", allow)
    if (not facts.ended or _ends_in_grey(image)) and not facts.is_whole(partial(_digest, allow=allow)):
        raise UserError("picture_broken")
    return Raster(image, orientation=_orientation(facts.exif), profile=facts.profile)


def _digest(data: bytes, allow: Allow) -> bytes:
    image, digest = _load(data, "JPEG", allow), hashlib.sha256()
    for box in bands(image.size):
        digest.update(image.crop(box).tobytes())
    return digest.digest()


def _ends_in_grey(image: Image.Image) -> bool:
    """Whether the last pixel may be what libjpeg puts where data are missing: half of the brightness, or of the ink."""
    corner = image.crop((image.width - 1, image.height - 1, image.width, image.height))
    level = corner.getchannel("K") if image.mode == "CMYK" else corner.convert("L")
    return abs(level.tobytes()[0] - _LIBJPEG_GREY) <= 3


def _read_gif(data: bytes, allow: Allow) -> Raster:
    frame = gif.first_frame(data)
    image = _load(data, "GIF", allow)
    row = frame.last_row()
    last = image.crop((frame.box[0], row, frame.box[2], row + 1)).tobytes()
    if last.count(image.info.get("transparency", 0)) == len(last) and not frame.is_whole():
        raise UserError("picture_broken")
    alpha = None
    if frame.box != (0, 0, *image.size):  # around the frame there is nothing
        alpha = Image.new("L", image.size)
        alpha.paste(255, frame.box)
    return Raster(image, alpha)


def _read_tiff(data: bytes, allow: Allow) -> Raster:
    try:
        image = tiff.open_tiff(data)
    except (SyntaxError, KeyError) as error:
        whole = {Base.ImageWidth, Base.ImageLength} <= first_tags(data).keys()
        raise UserError("picture_kind_unread", kind="TIFF") if whole else error from error
    _admit(*image.size, allow=allow)
    return tiff.load(image)


def _read_bmp(data: bytes, allow: Allow) -> Raster:
    image = _load(data, "BMP", allow)
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (0, 0):  # the mask is there, and means nothing
        image = image.convert("RGB")
    profile = None
    if struct.unpack_from("<I", data, 14)[0] == _BMP_V5 and data[70:74] == _BMP_EMBEDDED:
        offset, size = struct.unpack_from("<II", data, 126)
        profile = data[14 + offset : 14 + offset + size]
    return Raster(image, profile=profile)


def _read_heif(data: bytes, allow: Allow) -> Raster:
    file = pillow_heif.open_heif(data, convert_hdr_to_8bit=True, remove_stride=False)
    frame = file[file.primary_index]
    _admit(*frame.size, allow=allow)
    image = Packed.rows(frame.mode, frame.size, frame.data, frame.stride)  # libheif has turned it
    return Raster(image, profile=frame.info.get("icc_profile") or _coded_profile(data))


def _read_avif(data: bytes, allow: Allow) -> Raster:
    image: Any = _opened(data, "AVIF", allow)
    pixels = Packed.rows(image.mode, image.size, image._decoder.get_frame(0)[0])
    profile = image.info.get("icc_profile") or _coded_profile(data)
    return Raster(pixels, orientation=_orientation(image.info.get("exif")), profile=profile)


def _coded_profile(data: bytes) -> bytes | None:
    numbers = _NUMBERS.search(data)
    return coded(numbers[1][0], numbers[2][0]) if numbers else None


def _read_webp(data: bytes, allow: Allow) -> Raster:
    image: Any = _opened(data, "WEBP", allow)
    mode, size, info, is_still = image.mode, image.size, image.info, not image.is_animated
    del image  # and the room that it keeps for two more
    if is_still and webp.is_at_hand():
        pixels: Packed | Image.Image = webp.decode(data, mode, size)
    else:
        try:
            pixels = _load(data, "WEBP", allow)
        except OSError as error:  # which it is, too, when there is no room for the copies
            costly = _WEBP_PIXEL_BYTES * size[0] * size[1] > MAX_MEMORY
            raise UserError("picture_costly") if costly else error from error
    return Raster(pixels, orientation=_orientation(info.get("exif")), profile=info.get("icc_profile"))


def _read_ppm(data: bytes, allow: Allow) -> Raster:
    try:
        image: Image.Image = Image.open(BytesIO(data), formats=("PPM",))
    except Exception as error:  # its two letters begin many a text
        raise UserError("picture_unknown") from error
    _admit(*image.size, allow=allow)
    image.load()
    return Raster(depth.eight_bits(image, white_is_zero=False) if depth.is_deep(image) else image)


_READERS: dict[str, Callable[[bytes, Allow], Raster]] = {
    "JPEG": _read_jpeg,
    "PNG": _read_png,
    "GIF": _read_gif,
    "WEBP": _read_webp,
    "TIFF": _read_tiff,
    "BMP": _read_bmp,
    "HEIF": _read_heif,
    "AVIF": _read_avif,
    "PPM": _read_ppm,
}


def _missing() -> set[str]:
    """Kinds whose decoder is not installed."""
    return {kind for kind, there in (("HEIF", "pillow_heif" in globals()), ("AVIF", "AVIF" in Image.OPEN)) if not there}


def _load(data: bytes, kind: str, allow: Allow) -> Image.Image:
    image = _opened(data, kind, allow)
    image.load()
    return image


def _opened(data: bytes, kind: str, allow: Allow) -> Image.Image:
    image = Image.open(BytesIO(data), formats=(kind,))
    _admit(*image.size, allow=allow)
    return image


def _admit(width: int, height: int, allow: Allow) -> None:
    if width * height > MAX_PIXELS:
        raise UserError("picture_pixels", megapixels=width * height / 1e6, limit=MAX_PIXELS / 1e6)
    if not width * height:
        raise UserError("picture_broken")
    allow(width * height)


def _orientation(exif: bytes | None) -> int:
    """As EXIF says that the picture was held; a damaged EXIF says nothing."""
    tags = Image.Exif()
    with suppress(Exception):
        tags.load(exif or b"")
        return int(tags.get(Base.Orientation, 1))
    return 1
