"""Whether probabilities mean what they say (Guo et al. 2017, arXiv:1706.04599), and fair credit for answers."""

from __future__ import annotations

import numpy as np

BINS = 15


def credits(scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """1 for a right answer, 0 for a wrong one; k classes tied for the best share it, as if drawn at random.

    Args:
        scores: [Q, C].
        truth: class index of each query, [Q].

    Returns:
        float [Q]. A constant model gets exactly 1 / C.
    """
    best = scores >= scores.max(axis=1, keepdims=True)
    return best[np.arange(len(truth)), truth] / best.sum(axis=1)


def expected_calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = BINS) -> float:
    """Mean gap between confidence and accuracy over bins of equal width, weighted by their queries.

    Args:
        confidence: probability of the answer, [Q].
        right: `credits` of the answer, [Q].
    """
    places = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(places, weights=confidence - right, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidence))


def auroc(inside: np.ndarray, outside: np.ndarray) -> float:
    """How often a value from inside is above one from outside; a tie counts a half."""
    order = np.sort(outside)
    below, upto = (np.searchsorted(order, inside, side) for side in ("left", "right"))
    return float((below + upto).mean() / (2 * len(outside)))
