"""A heat map drawn over the part of a picture that the network saw."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image

from fsl_demo.core.episodes import Box
from fsl_demo.core.pictures import Picture

DIMMED = (40, 40, 40)


def overlay(picture: Picture, values: np.ndarray, seen: Box, opacity: float, size: int | None = None) -> Image.Image:
    """Draw a map over a picture.

    Args:
        values: [h, w] in [0, 1].
        seen: the rectangle that the map covers; the rest is dimmed.
        opacity: 0 shows the picture alone, 1 the colours alone.
        size: longest side of the result in pixels; the picture's own by default.
    """
    image = picture.image()
    scale = (size or max(image.size)) / max(image.size)
    image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    left, top = round(seen[0] * image.width), round(seen[1] * image.height)
    width = max(1, round((seen[2] - seen[0]) * image.width))
    height = max(1, round((seen[3] - seen[1]) * image.height))
    grey = Image.fromarray(np.rint(values * 255).astype(np.uint8)).resize((width, height), Image.Resampling.BILINEAR)
    heat = Image.new("RGB", image.size, DIMMED)
    heat.paste(Image.fromarray(inferno()[np.asarray(grey)]), (left, top))
    return Image.blend(image, heat, opacity)


@cache
def inferno() -> np.ndarray:
    """The inferno colour map, uint8 [256, 3], interpolated from plotly's stops."""
    from plotly.colors import sequential

    stops = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in sequential.Inferno], dtype=float)
    place = np.linspace(0, len(stops) - 1, 256)
    return np.stack([np.interp(place, np.arange(len(stops)), stops[:, c]) for c in range(3)], axis=1).astype(np.uint8)
