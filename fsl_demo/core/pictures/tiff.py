"""TIFF: the kinds that Pillow does not know by itself."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image, TiffImagePlugin
from PIL.ExifTags import Base

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import depth
from fsl_demo.core.pictures.raster import Raster

_UNSIGNED, _UNSPECIFIED, _ASSOCIATED, _UNASSOCIATED = (1,), (0,), (1,), (2,)
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _YCBCR = 0, 1, 6
_PAIR, _PLANES = (16, 16), 2
for _prefix, _sixteen in ((b"II", "I;16"), (b"MM", "I;16B")):
    _grey = _prefix, _BLACK_IS_ZERO, _UNSIGNED, 1
    TiffImagePlugin.OPEN_INFO[_prefix, _WHITE_IS_ZERO, _UNSIGNED, 1, (16,), ()] = _sixteen, _sixteen
    TiffImagePlugin.OPEN_INFO[*_grey, (8, 8), _ASSOCIATED] = "La", "La"
    for _extra in ((), _UNSPECIFIED, _ASSOCIATED, _UNASSOCIATED):
        TiffImagePlugin.OPEN_INFO[*_grey, _PAIR, _extra] = "I", "I;32N"
        TiffImagePlugin.OPEN_INFO.setdefault((*_grey, (8, 8), _extra), ("LA", "LA"))
_NATIVE = {"I;16BS": "I;16NS", "I;32BS": "I;32NS", "F;32BF": "F;32NF"}
"""What libtiff gives for files whose high byte comes first, whatever Pillow takes it for."""


class _BareTiff(TiffImagePlugin.TiffImageFile):
    """A TIFF as it lies in the file: not turned, and nothing read that is not about pixels."""

    def getexif(self) -> Image.Exif:
        return Image.Exif()


def open_tiff(data: bytes) -> _BareTiff:
    """Read the tags.

    Raises:
        SyntaxError: when Pillow does not know this kind of TIFF.
    """
    image = _BareTiff(BytesIO(data))
    if image.tag_v2.get(Base.PhotometricInterpretation) == _YCBCR and not image.use_load_libtiff:
        TiffImagePlugin.READ_LIBTIFF = True  # only libtiff turns plain YCbCr into RGB
        try:
            image = _BareTiff(BytesIO(data))
        finally:
            TiffImagePlugin.READ_LIBTIFF = False
    return image


def load(image: _BareTiff) -> Raster:
    """Decode.

    Raises:
        UserError: `picture_broken`, when there are fewer strips or tiles than the picture needs.
        Exception: whatever Pillow raises.
    """
    tags, raw = image.tag_v2, not image.use_load_libtiff
    orientation, profile = tags.get(Base.Orientation, 1), image.info.get("icc_profile")
    pair, extra = tags.get(Base.BitsPerSample) == _PAIR, tags.get(Base.ExtraSamples)
    if pair and tags.get(Base.PlanarConfiguration) == _PLANES:
        raise UserError("picture_kind_unread", kind="TIFF")
    if raw and not _covered(image):
        raise UserError("picture_broken")
    if not raw:
        image.tile = [tile._replace(args=_native(tile.args)) for tile in image.tile]
    image.load()
    pixels, alpha = image._new(image.im), None
    if pair:
        order = ">" if raw and tags.prefix == b"MM" else "<"
        pixels, alpha = depth.grey_and_alpha(pixels, order, associated=extra == _ASSOCIATED)
    elif depth.is_deep(pixels):
        inverted = tags.get(Base.PhotometricInterpretation) == _WHITE_IS_ZERO
        pixels = depth.eight_bits(pixels, white_is_zero=inverted)
    if extra == _UNSPECIFIED:
        pixels, alpha = pixels.convert("L") if pixels.mode == "LA" else pixels, None
    return Raster(pixels, alpha, orientation=orientation, profile=profile)


def _native(arguments: Any) -> tuple[Any, ...]:
    rawmode, *rest = arguments
    return _NATIVE.get(rawmode, rawmode), *rest


def _covered(image: _BareTiff) -> bool:
    """Whether the strips or tiles reach the last row."""
    width, height = image._tile_size
    boxes = [tile.extents for tile in image.tile if tile.extents]
    return sum((right - left) * (bottom - top) for left, top, right, bottom in boxes) >= width * height
