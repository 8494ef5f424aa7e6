"""The pointing game (Zhang et al. 2018, arXiv:1608.00507): does the place that is marked for a class lie on it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fsl_demo.core.episodes import Layer
from fsl_demo.evaluation.boxes import Detections, Truth
from fsl_demo.evaluation.resampling import Resampled, ratio

Place = tuple[float, float]
"""x and y as fractions of the picture."""


def maximum(layer: Layer) -> Place:
    """Where a heat map has its maximum; of equal ones, the first.

    Raises:
        ValueError: for a layer without a map.
    """
    if layer.map is None:
        raise ValueError("a layer without a map points nowhere")
    row, column = np.unravel_index(int(layer.map.argmax()), layer.map.shape)
    left, top, right, bottom = layer.seen
    across, down = (column + 0.5) / layer.map.shape[1], (row + 0.5) / layer.map.shape[0]
    return float(left + across * (right - left)), float(top + down * (bottom - top))


def middles(detections: Detections) -> dict[int, Place]:
    """By class, the middle of its most certain box."""
    places: dict[int, Place] = {}
    for box, label in zip(detections.boxes, detections.labels, strict=True):
        places.setdefault(int(label), (float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2))
    return places


def pointing(truths: Sequence[Truth], places: Sequence[Mapping[int, Place]]) -> Resampled:
    """The share of the classes of all pictures whose place lies on an object; a class without a place is a miss.

    Classes of which a picture shows difficult objects alone are not asked for; a place on a difficult one is right.
    """
    hits, asked = np.zeros(len(truths)), np.zeros(len(truths))
    for number, (truth, of_class) in enumerate(zip(truths, places, strict=True)):
        for label in sorted(set(truth.labels[~truth.difficult].tolist())):
            asked[number] += 1
            if label in of_class:
                x, y = of_class[label]
                left, top, right, bottom = truth.boxes[truth.labels == label].T
                hits[number] += ((left <= x) & (x <= right) & (top <= y) & (y <= bottom)).any()
    return ratio(hits, asked)
