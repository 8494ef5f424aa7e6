"""Regions of a frozen network's maps: the mean of a map over a box, by bilinear interpolation.

RoIAlign with one bin (He et al. 2017, arXiv:1703.06870, section 3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0, without_far_ends
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import Picture

SIDE, STRIDE = 448, 32
"""Pixels of the side of a square picture; any other has about the same area, and sides of whole strides."""
PREPROCESSING = f"rgb-{SIDE}-area-bicubic-half"
SAMPLES = 7
"""Points along each side of a box."""


def prepare(picture: Picture) -> np.ndarray:
    """A picture in its own shape, without the ends of a very long one: uint8 [H, W, 3]."""
    image = without_far_ends(picture.image())
    shape = math.sqrt(image.width / image.height)
    width, height = (STRIDE * max(1, round(SIDE * side / STRIDE)) for side in (shape, 1 / shape))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0))


def maps(network: EfficientNetLite0, images: Sequence[np.ndarray], progress: Progress = quiet) -> list[np.ndarray]:
    """The network's maps [C, h, w] of prepared pictures, each in its own shape; those of one shape go together."""
    made: dict[int, np.ndarray] = {}
    for shape in dict.fromkeys(image.shape for image in images):
        numbers = [number for number, image in enumerate(images) if image.shape == shape]
        made |= dict(zip(numbers, network.maps([images[number] for number in numbers], progress), strict=True))
    return [made[number] for number in range(len(images))]


def pooled(values: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The mean of a map over each box.

    A box's points lie on a grid, so that what each position counts for is a product of its row's and its column's part.

    Args:
        values: a map of one picture, [C, h, w].
        boxes: left, top, right, bottom, as fractions of what it covers, [R, 4].

    Returns:
        float32 [R, C].
    """
    height, width = values.shape[1:]
    down, across = _parts(boxes[:, 1], boxes[:, 3], height), _parts(boxes[:, 0], boxes[:, 2], width)
    weights = (down[:, :, None] * across[:, None, :]).reshape(len(boxes), height * width)
    return weights @ values.reshape(len(values), height * width).T


def _parts(start: np.ndarray, end: np.ndarray, cells: int) -> np.ndarray:
    """How much each of `cells` cells along a side counts for each interval, float32 [R, cells]; rows sum to 1."""
    steps = (np.arange(SAMPLES) + 0.5) / SAMPLES
    points = (start[:, None] + (end - start)[:, None] * steps) * cells - 0.5
    points = np.clip(points, 0, cells - 1)
    near = np.maximum(1 - np.abs(points[:, :, None] - np.arange(cells)), 0)
    return near.mean(axis=1).astype(np.float32)
