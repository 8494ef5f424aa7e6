"""Grey values of more than eight bits, scaled to eight in bands, so that a big picture is not copied whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from fsl_demo.core.pictures.canonical import bands

_SIXTEEN_TO_EIGHT = 257


def is_deep(image: Image.Image) -> bool:
    """Whether its grey values have more than eight bits."""
    return image.mode.startswith("I") or image.mode == "F"


def eight_bits(image: Image.Image, *, white_is_zero: bool) -> Image.Image:
    """Scale by the range of the values' bit depth: a 12-bit scan in a 16-bit file is not black."""
    extremes = [(float(values.min()), float(values.max())) for _, values in _values(image)]
    low = min(0.0, *(lowest for lowest, _ in extremes))
    peak = max(highest for _, highest in extremes) - low
    full = float(2 ** max(8, int(peak).bit_length()) - 1)
    if image.mode == "F" and (low < 0 or peak <= 1.0):
        full = max(1.0, peak)
    grey = Image.new("L", image.size)
    for box, values in _values(image):
        values -= low
        values *= 255.0 / full
        scaled = np.rint(values, out=values).clip(0, 255, out=values).astype(np.uint8)
        grey.paste(Image.fromarray(255 - scaled if white_is_zero else scaled), box)
    return grey


def grey_and_alpha(image: Image.Image, order: str, *, associated: bool) -> tuple[Image.Image, Image.Image]:
    """Grey and alpha of an image whose 32-bit values hold 16 bits of each.

    Args:
        order: numpy's byte order of the 16 bits.
        associated: whether grey is already multiplied by alpha.
    """
    grey, alpha = Image.new("L", image.size), Image.new("L", image.size)
    for box in bands(image.size):
        pairs = np.frombuffer(image.crop(box).tobytes(), f"{order}u2").reshape(box[3] - box[1], -1, 2)
        values, opacity = pairs[..., 0].astype(np.float32), pairs[..., 1].astype(np.float32)
        if associated:
            values = np.divide(values * 65_535, opacity, out=np.zeros_like(values), where=opacity > 0).clip(0, 65_535)
        for layer, part in ((grey, values), (alpha, opacity)):
            layer.paste(Image.fromarray(np.rint(part / _SIXTEEN_TO_EIGHT).astype(np.uint8)), box)
    return grey, alpha


def opaque_where_not(image: Image.Image, value: int) -> Image.Image:
    """Alpha of a deep image in which one value stands for transparent."""
    alpha = Image.new("L", image.size)
    for box in bands(image.size):
        alpha.paste(Image.fromarray(np.where(np.asarray(image.crop(box)) == value, 0, 255).astype(np.uint8)), box)
    return alpha


def opaque_where_neither(high: Image.Image, low: Image.Image, colour: tuple[int, ...]) -> Image.Image:
    """Alpha of an image of 16 bits a colour, in its high and its low bytes, in which one colour is transparent."""
    alpha = Image.new("L", high.size)
    for box in bands(high.size):
        first, second = np.asarray(high.crop(box)), np.asarray(low.crop(box))
        clear = (first == [value >> 8 for value in colour]) & (second == [value & 255 for value in colour])
        alpha.paste(Image.fromarray(np.where(clear.all(axis=2), 0, 255).astype(np.uint8)), box)
    return alpha


def _values(image: Image.Image) -> Iterator[tuple[tuple[int, int, int, int], np.ndarray]]:
    for box in bands(image.size):
        values = np.array(image.crop(box), dtype=np.float32)
        yield box, np.nan_to_num(values, copy=False, posinf=0.0, neginf=0.0)
