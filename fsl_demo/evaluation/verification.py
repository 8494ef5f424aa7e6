"""Are two pictures of one class? Accuracy with a threshold that comes from other pairs."""

from __future__ import annotations

import numpy as np


def best_threshold(similarities: np.ndarray, same: np.ndarray) -> float:
    """The similarity from which on pairs are called same so that most of these pairs are right.

    Args:
        similarities: [P].
        same: [P], true where both are of one class.
    """
    order = np.argsort(-similarities, kind="stable")
    ordered, truth = similarities[order], same[order].astype(bool)
    right = np.concatenate([[0], np.cumsum(np.where(truth, 1, -1))])
    ends = np.concatenate([[True], ordered[1:] < ordered[:-1], [True]])  # equal similarities stay together
    cut = int(np.where(ends, right, -len(right) - 1).argmax())
    above = ordered[cut - 1] if cut else ordered[0] + 1.0
    below = ordered[cut] if cut < len(ordered) else ordered[-1] - 1.0
    return float((above + below) / 2)


def accuracy(similarities: np.ndarray, same: np.ndarray, threshold: float) -> float:
    """Share of pairs that the threshold calls right."""
    return float(((similarities >= threshold) == same.astype(bool)).mean())


def across_folds(folds: list[tuple[np.ndarray, np.ndarray]]) -> list[float]:
    """Accuracy of each fold, (similarities, same), with the threshold that suits the other folds best."""
    found = []
    for number, (similarities, same) in enumerate(folds):
        others = [fold for i, fold in enumerate(folds) if i != number]
        threshold = best_threshold(*(np.concatenate(part) for part in zip(*others, strict=True)))
        found.append(accuracy(similarities, same, threshold))
    return found
