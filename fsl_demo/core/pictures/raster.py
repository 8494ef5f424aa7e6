"""A decoded picture, and its way to upright RGB over white."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image

from fsl_demo.core.pictures.canonical import bands
from fsl_demo.core.pictures.packed import Packed
from fsl_demo.core.pictures.profiles import Convert, to_srgb

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By EXIF's orientation."""
_SIDEWAYS = (5, 6, 7, 8)
_FROM_THE_RIGHT, _FROM_BELOW = (2, 3, 7, 8), (3, 4, 6, 7)
_PREMULTIPLIED = {"RGBa": "RGBA", "La": "LA"}
_WITHOUT_ALPHA = {"LA": "L", "L": "L", "1": "L", "CMYK": "CMYK", "LAB": "LAB"}


@dataclass
class Raster:
    """A decoded picture as its file has it, at most eight bits a sample.

    Attributes:
        alpha: in an image of its own, where the format keeps it apart.
        orientation: EXIF's.
        profile: ICC, or None.
        grey_takes_rgb: whether a profile of RGB counts for a grey picture.
    """

    image: Image.Image | Packed
    alpha: Image.Image | None = None
    orientation: int = 1
    profile: bytes | None = None
    grey_takes_rgb: bool = True

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, upright."""
        width, height = self.image.size
        return (height, width) if self.orientation in _SIDEWAYS else (width, height)

    def upright(self) -> Image.Image:
        """The picture as it is kept: RGB, over white, the right way up; made strip by strip. It is left empty then."""
        if isinstance(self.image, Image.Image) and self._is_plain(self.image):
            return self.image
        width, height = self.size
        made = np.empty((height, width, 3), np.uint8)  # in three bytes a pixel, while there is the other one
        for _, top, _, bottom in bands(self.size):
            made[top:bottom] = np.asarray(self._rgb(self._source_box(top, bottom)))
        self.image, self.alpha = Image.new("RGB", (0, 0)), None
        return Image.fromarray(made)

    def _is_plain(self, image: Image.Image) -> bool:
        altered = self.alpha is not None or self.orientation in UPRIGHT or self._convert is not None
        return image.mode == "RGB" and not image.has_transparency_data and not altered

    def _source_box(self, top: int, bottom: int) -> tuple[int, int, int, int]:
        """Where the upright rows from `top` to `bottom` lie in the image as it was held."""
        width, height = self.image.size
        if self.orientation in _SIDEWAYS:
            left, right = (width - bottom, width - top) if self.orientation in _FROM_THE_RIGHT else (top, bottom)
            return left, 0, right, height
        return (0, height - bottom, width, height - top) if self.orientation in _FROM_BELOW else (0, top, width, bottom)

    def _rgb(self, box: tuple[int, int, int, int]) -> Image.Image:
        part, alpha = self.image.crop(box), self.alpha and self.alpha.crop(box)
        if part.mode in _PREMULTIPLIED:
            part = part.convert(_PREMULTIPLIED[part.mode])
        if part.has_transparency_data:
            part = part.convert("LA" if part.mode in ("1", "L", "LA") else "RGBA")
            alpha = part.getchannel("A")
        part = _as(_WITHOUT_ALPHA.get(part.mode, "RGB"), part)
        part = self._convert(part) if self._convert else _as("RGB", part)
        if alpha is not None:
            part = Image.composite(part, Image.new("RGB", part.size, "white"), alpha)
        return part.transpose(UPRIGHT[self.orientation]) if self.orientation in UPRIGHT else part

    @cached_property
    def _convert(self) -> Convert | None:
        mode = _WITHOUT_ALPHA.get(self.image.mode, "RGB")
        return to_srgb(self.profile, mode, grey_takes_rgb=self.grey_takes_rgb)


def _as(mode: str, image: Image.Image) -> Image.Image:
    return image if image.mode == mode else image.convert(mode)  # which copies in any case
