"""Whether a picture is another one, a part of it, or the mirror image of either: one is laid over the other.

Normalised cross-correlation (Lewis 1995, Fast Template Matching) at every place and at several sizes, by FFT.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from fsl_demo.core.pictures import Picture

SIDE = 32
"""The longer side of a picture, in pixels, when it is laid under another."""
SHARES = np.linspace(0.55, 1.0, 13)
"""How much of the side that it fills a part may have."""
FLAT = 1e-3
"""The least mean square of what is compared; a plain surface is like any other."""


def small(picture: Picture) -> Image.Image:
    """A grey version that `alike` takes.

    Raises:
        UserError: what is wrong with the picture's file.
    """
    image = picture.preview().convert("L")
    image.thumbnail((2 * SIDE, 2 * SIDE))
    return image


def alike(first: Image.Image, second: Image.Image) -> float:
    """The greatest correlation of one with a part of the other, from -1 to 1."""
    return max(_within(first, second), _within(second, first))


def _within(whole: Image.Image, part: Image.Image) -> float:
    """The greatest correlation of a picture, at several sizes, with a place of another."""
    scale = SIDE / max(whole.size)
    width, height = (max(4, round(scale * side)) for side in whole.size)
    under = np.asarray(whole.resize((width, height), Image.Resampling.BOX), np.float64) / 255
    spectrum = np.fft.rfft2(under)
    sums, squares = _integral(under), _integral(under**2)
    best = -1.0
    for size in _sizes(part.size, (width, height)):
        laid = np.asarray(part.resize(size, Image.Resampling.BOX), np.float64) / 255
        laid = laid - laid.mean()
        energy, count = float((laid**2).sum()), laid.size
        if energy < FLAT * count:
            continue
        mean, variance = _box(sums, laid.shape) / count, _box(squares, laid.shape)
        variance = np.maximum(variance - count * mean**2, FLAT * count)
        for turned in (laid, laid[:, ::-1]):
            padded = np.fft.rfft2(turned, under.shape)
            products = np.fft.irfft2(spectrum * padded.conj(), under.shape)[: mean.shape[0], : mean.shape[1]]
            best = max(best, float((products / np.sqrt(energy * variance)).max()))
    return best


def _sizes(part: tuple[int, int], whole: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Sizes of a part, at its own aspect, that fill a share of one side of the whole and fit into the other."""
    fit = min(whole[0] / part[0], whole[1] / part[1])
    full = (fit * part[0], fit * part[1])
    if max(whole[0] - full[0], whole[1] - full[1]) < 1:  # of the same aspect, but for rounding
        full = whole
    sizes = dict.fromkeys((round(share * full[0]), round(share * full[1])) for share in SHARES)
    yield from (size for size in sizes if min(size) > 3)


def _integral(values: np.ndarray) -> np.ndarray:
    return np.pad(values, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)


def _box(integral: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sums over all boxes of a shape."""
    height, width = shape
    return (
        integral[height:, width:]
        - integral[:-height, width:]
        - integral[height:, :-width]
        + integral[:-height, :-width]
    )
