"""95 % intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

Z = 1.959964
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""The 97.5 % points of Student's t with 1 to 9 degrees of freedom."""


@dataclass(frozen=True)
class Interval:
    """A mean and how far its 95 % interval reaches to either side."""

    mean: float
    reach: float

    @property
    def low(self) -> float:
        return self.mean - self.reach

    @property
    def high(self) -> float:
        return self.mean + self.reach


def wilson(right: float, total: int) -> tuple[float, float]:
    """Wilson's score interval of a share (Wilson 1927).

    Raises:
        ValueError: for a total of 0.
    """
    if total < 1:
        raise ValueError("an interval needs at least one trial")
    share, spread = right / total, Z * Z / total
    centre = (share + spread / 2) / (1 + spread)
    reach = Z * sqrt(share * (1 - share) / total + spread / (4 * total)) / (1 + spread)
    return max(0.0, centre - reach), min(1.0, centre + reach)


def mean(values: Sequence[float] | np.ndarray) -> Interval:
    """The mean of independent values, such as accuracies of episodes.

    Raises:
        ValueError: for fewer than two values.
    """
    if len(values) < 2:
        raise ValueError("an interval needs at least two values")
    return Interval(float(np.mean(values)), Z * float(np.std(values, ddof=1)) / sqrt(len(values)))


def paired(first: Sequence[float] | np.ndarray, second: Sequence[float] | np.ndarray) -> Interval:
    """The mean of first - second, on the same episodes or queries."""
    return mean(np.asarray(first, float) - np.asarray(second, float))


def student(values: Sequence[float] | np.ndarray) -> Interval:
    """The mean of a few independent values, such as differences by seed, by Student's t.

    Raises:
        ValueError: for fewer than two or more than ten values.
    """
    if not 2 <= len(values) <= len(STUDENT) + 1:
        raise ValueError(f"from 2 to {len(STUDENT) + 1} values, got {len(values)}")
    spread = float(np.std(values, ddof=1)) / sqrt(len(values))
    return Interval(float(np.mean(values)), STUDENT[len(values) - 2] * spread)
