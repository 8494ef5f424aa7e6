"""95 % intervals. Those of shares lie within 0 and 1."""

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
    """A mean and the ends of its 95 % interval."""

    mean: float
    low: float
    high: float

    @property
    def reach(self) -> float:
        """Half of the interval's length."""
        return (self.high - self.low) / 2


def percent(interval: Interval, signed: bool = False) -> str:
    """As text: "45.4 % (43.0 to 47.7)"."""
    mean, low, high = (
        f"{100 * value:{'+' if signed else ''}.1f}" for value in (interval.mean, interval.low, interval.high)
    )
    return f"{mean} % ({low} to {high})"


def wilson(right: float, total: float) -> tuple[float, float]:
    """Wilson's score interval of a share (Wilson 1927).

    Raises:
        ValueError: for a total below 1.
    """
    if total < 1:
        raise ValueError("an interval needs at least one trial")
    share, spread = right / total, Z * Z / total
    centre = (share + spread / 2) / (1 + spread)
    reach = Z * sqrt(share * (1 - share) / total + spread / (4 * total)) / (1 + spread)
    return max(0.0, centre - reach), min(1.0, centre + reach)


def share(values: Sequence[float] | np.ndarray) -> Interval:
    """The mean of independent shares, such as accuracies of episodes.

    Raises:
        ValueError: for fewer than two values.
    """
    normal = mean(values)
    return share_with_error(normal.mean, normal.reach / Z, len(values))


def share_with_error(mean: float, error: float, count: int) -> Interval:
    """The interval of a share whose standard error is known: Wilson's, with the effective number of trials.

    As many trials would have this standard error: n = p (1 - p) / error² (Korn and Graubard 1998). It is close to the
    mean and 1.96 standard errors, but for shares near 0 and 1, where that would leave the range.

    Args:
        count: independent values behind the mean: the trials, where all of them are 0 or all are 1.
    """
    mean = min(max(mean, 0.0), 1.0)  # sums of floats may end a rounding error outside
    spread = mean * (1 - mean)
    if error == 0 and spread > 0:
        return Interval(mean, mean, mean)
    trials = max(spread / error**2, 1.0) if error > 0 and spread > 0 else float(count)
    low, high = wilson(mean * trials, trials)
    return Interval(mean, min(low, mean), max(high, mean))


def mean(values: Sequence[float] | np.ndarray) -> Interval:
    """The mean of independent values of any range.

    Raises:
        ValueError: for fewer than two values.
    """
    if len(values) < 2:
        raise ValueError("an interval needs at least two values")
    return _around(float(np.mean(values)), Z * float(np.std(values, ddof=1)) / sqrt(len(values)))


def paired(first: Sequence[float] | np.ndarray, second: Sequence[float] | np.ndarray) -> Interval:
    """The mean of first - second, on the same episodes or queries."""
    return mean(np.asarray(first, float) - np.asarray(second, float))


def paired_shares(first: Sequence[float] | np.ndarray, second: Sequence[float] | np.ndarray) -> Interval:
    """`paired` of shares, whose differences lie within -1 and 1."""
    gap = paired(first, second)
    return Interval(gap.mean, max(gap.low, -1.0), min(gap.high, 1.0))


def student(values: Sequence[float] | np.ndarray) -> Interval:
    """The mean of a few independent values, such as differences by seed, by Student's t.

    Raises:
        ValueError: for fewer than two or more than ten values.
    """
    if not 2 <= len(values) <= len(STUDENT) + 1:
        raise ValueError(f"from 2 to {len(STUDENT) + 1} values, got {len(values)}")
    spread = float(np.std(values, ddof=1)) / sqrt(len(values))
    return _around(float(np.mean(values)), STUDENT[len(values) - 2] * spread)


def _around(middle: float, reach: float) -> Interval:
    return Interval(middle, middle - reach, middle + reach)
