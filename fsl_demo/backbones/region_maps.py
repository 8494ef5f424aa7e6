"""Regions of a frozen network's maps: the mean of a map over a box, by bilinear interpolation (RoIAlign, He et al. 2017,
arXiv:1703.06870, equation of section 3, with one bin)."""

from __future__ import annotations

import numpy as np

SAMPLES = 7
"""Points along each side of a box."""


def pooled(maps: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The mean of a map over each box.

    A box's points lie on a grid, so that what each position counts for is a product of its row's and its column's part.

    Args:
        maps: of one picture, [C, h, w].
        boxes: left, top, right, bottom, as fractions of what the map covers, [R, 4].

    Returns:
        float32 [R, C].
    """
    height, width = maps.shape[1:]
    down, across = _parts(boxes[:, 1], boxes[:, 3], height), _parts(boxes[:, 0], boxes[:, 2], width)
    weights = (down[:, :, None] * across[:, None, :]).reshape(len(boxes), height * width)
    return weights @ maps.reshape(len(maps), height * width).T


def _parts(start: np.ndarray, end: np.ndarray, cells: int) -> np.ndarray:
    """How much each of `cells` cells along a side counts for each interval, float32 [R, cells]; rows sum to 1."""
    steps = (np.arange(SAMPLES) + 0.5) / SAMPLES
    points = (start[:, None] + (end - start)[:, None] * steps) * cells - 0.5
    points = np.clip(points, 0, cells - 1)
    near = np.maximum(1 - np.abs(points[:, :, None] - np.arange(cells)), 0)
    return near.mean(axis=1).astype(np.float32)
