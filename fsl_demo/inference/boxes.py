"""Arithmetic on boxes: left, top, right, bottom, in one unit."""

from __future__ import annotations

import numpy as np

from fsl_demo.core.regions import Box


def areas(boxes: np.ndarray) -> np.ndarray:
    """Of boxes [N, 4], [N]."""
    return np.asarray(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1))


def overlaps(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of each pair of boxes [A, 4] and [B, 4], [A, B]."""
    corners = np.maximum(first[:, None, :2], second[None, :, :2]), np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.prod(np.maximum(corners[1] - corners[0], 0), axis=2)
    whole = areas(first)[:, None] + areas(second)[None] - shared
    return np.asarray(shared / np.maximum(whole, 1e-12))


def apart(boxes: np.ndarray, scores: np.ndarray, most: float) -> np.ndarray:
    """Numbers of the boxes that overlap no better one that stays by more than `most`, best first (greedy NMS)."""
    order, kept = np.argsort(-scores, kind="stable"), list[int]()
    shared = overlaps(boxes, boxes)
    for number in order:
        if not (shared[number, kept] > most).any():
            kept.append(int(number))
    return np.array(kept, int)


def as_box(edges: np.ndarray) -> Box:
    """A row of boxes as core has it."""
    left, top, right, bottom = map(float, edges)
    return left, top, right, bottom
