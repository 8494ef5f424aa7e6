"""Which captions are doubtful: that fit their picture less, or whose picture is less like photographs, than usual."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DOUBTFUL = 0.05
"""The share of photographs that either measure calls doubtful."""


@dataclass(frozen=True)
class Doubt:
    """What captions of photographs are like; without it, nothing is doubted.

    Attributes:
        photographs: mean of validation photographs in the joint space, [D].
        below: the fit, and the product with that mean, under which few of them stay, [2].
    """

    photographs: np.ndarray
    below: np.ndarray

    @classmethod
    def learned(cls, fits: np.ndarray, vectors: np.ndarray) -> Doubt:
        """From the fits [N] of captions of photographs, and their vectors [N, D]."""
        mean = vectors.mean(axis=0)
        below = [np.quantile(values, DOUBTFUL) for values in (fits, vectors @ mean)]
        return cls(mean.astype(np.float32), np.array(below, np.float32))

    def about(self, fit: float, vector: np.ndarray) -> bool:
        """Whether a caption of this fit, for a picture [D], is doubtful."""
        return bool(len(self.below)) and bool(fit < self.below[0] or vector @ self.photographs < self.below[1])
