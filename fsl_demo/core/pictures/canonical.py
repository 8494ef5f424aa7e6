"""What every canonical picture has: a hash, and a small version of itself. A big picture is worked on in bands."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from PIL import Image

BAND = 1 << 18
"""Pixels that are worked on at a time."""
PREVIEW_SIDE = 320
"""Up to less than twice of which the longer side of a preview may be; a picture that is no larger is its own."""


def bands(size: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """Boxes of whole rows, from the top down."""
    width, height = size
    rows = max(1, BAND // max(width, 1))
    for top in range(0, height, rows):
        yield 0, top, width, min(top + rows, height)


def pixel_hash(image: Image.Image) -> str:
    """SHA-256 of size and pixels of an RGB image."""
    digest = hashlib.sha256(b"RGB %d %d\n" % image.size)
    for box in bands(image.size):
        digest.update(image.crop(box).tobytes())
    return digest.hexdigest()


def preview(image: Image.Image) -> Image.Image:
    """The image made smaller by a whole factor, each pixel the mean of those that it stands for."""
    factor = max(image.size) // PREVIEW_SIDE
    return image.reduce(factor) if factor > 1 else image
