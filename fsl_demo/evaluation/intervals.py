"""95 % intervals."""

from __future__ import annotations

from math import sqrt

Z = 1.959964


def wilson(right: int, total: int) -> tuple[float, float]:
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
