"""Pictures and texts by what they are like: sparse rows of similarities to anchors (ASIF, arXiv:2210.01738)."""

from __future__ import annotations

import numpy as np

from fsl_demo.inference.vectors import l2_normalize

PICTURE_POWER, PICTURE_KEEP = 2, 400
TEXT_POWER, TEXT_KEEP = 4, 25
"""Powers, and anchors that are kept. Chosen by `python -m experiments.tune`."""


def relative(cosines: np.ndarray, power: float, keep: int) -> np.ndarray:
    """Rows of similarities to anchors: the highest of each, to a power, scaled to length 1. [N, A] to [N, A]."""
    floor = np.maximum(np.partition(cosines, -keep, axis=1)[:, -keep, None], 0.0)
    return l2_normalize(np.where(cosines >= floor, cosines, 0.0) ** power)
