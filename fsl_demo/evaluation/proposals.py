"""How many of the objects a region that may be a thing covers: recall of proposals (Hosang et al. 2015)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fsl_demo.evaluation.boxes import Truth
from fsl_demo.evaluation.resampling import Resampled, ratio
from fsl_demo.inference.boxes import overlaps

ENOUGH = 0.5
"""The overlap from which on a region covers an object."""


def recall(truths: Sequence[Truth], boxes: Sequence[np.ndarray], most: int) -> Resampled:
    """The share of the objects, difficult ones left out, that one of the first regions of their picture covers.

    Args:
        boxes: of each picture, the most probable thing first, [R, 4].
        most: regions of a picture.
    """
    covered = [
        covers(truth.boxes[~truth.difficult], regions[:most]) for truth, regions in zip(truths, boxes, strict=True)
    ]
    return ratio(np.array([hits.sum() for hits in covered]), np.array([len(hits) for hits in covered]))


def covers(objects: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Whether a region covers each object, bool [N]."""
    return np.asarray((overlaps(objects, regions) >= ENOUGH).any(axis=1))
