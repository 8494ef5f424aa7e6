"""95 % intervals of figures of whole sets, such as average precision: the set is drawn again and again (bootstrap)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsl_demo.evaluation.intervals import Interval

RESAMPLES = 1_000


@dataclass(frozen=True)
class Resampled:
    """A figure of a set of pictures.

    Attributes:
        value: of the set as it is.
        draws: of the set drawn again with replacement, [R].
    """

    value: float
    draws: np.ndarray

    @property
    def interval(self) -> Interval:
        low, high = np.quantile(self.draws, (0.025, 0.975))
        return Interval(self.value, float(low), float(high))

    def __sub__(self, other: Resampled) -> Resampled:
        """The difference of two figures of the same pictures, paired: both have been drawn alike."""
        return Resampled(self.value - other.value, self.draws - other.draws)


def counts(pictures: int) -> np.ndarray:
    """How often each picture is drawn, [1 + R, P], the same for the same number; first comes the set as it is."""
    drawn = np.random.default_rng(0).multinomial(pictures, np.full(pictures, 1 / pictures), RESAMPLES)
    return np.concatenate([np.ones((1, pictures)), drawn])


def resampled(values: np.ndarray) -> Resampled:
    """From the figure with each row of `counts`, [1 + R]."""
    return Resampled(float(values[0]), values[1:])


def ratio(parts: np.ndarray, wholes: np.ndarray) -> Resampled:
    """A sum over pictures divided by another, each [P]."""
    drawn = counts(len(parts))
    return resampled((drawn @ parts) / np.maximum(drawn @ wholes, 1))
