"""Similarities less how like others a picture is anyway: CSLS (Conneau et al. 2018, arXiv:1710.04087, section 2.3)."""

from __future__ import annotations

import numpy as np

NEIGHBOURS = 10


def locally_scaled(first: np.ndarray, second: np.ndarray, cohort: np.ndarray) -> np.ndarray:
    """Cosines of pairs, each less half of both pictures' mean cosine to their nearest neighbours in a cohort.

    Args:
        first, second: unit vectors of the pairs, [P, D].
        cohort: unit vectors of strangers, one picture each, [N, D].

    Returns:
        float [P].
    """
    near = [np.sort(vectors @ cohort.T, axis=1)[:, -NEIGHBOURS:].mean(axis=1) for vectors in (first, second)]
    return (first * second).sum(axis=1) - sum(near) / 2
