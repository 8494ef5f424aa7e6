"""How often a sentence finds its picture: recall at K of text-to-image retrieval (as of Karpathy & Fei-Fei 2015)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fsl_demo.evaluation import intervals
from fsl_demo.evaluation.intervals import Interval


def found(texts: np.ndarray, pictures: np.ndarray, each: int, at: int) -> np.ndarray:
    """Whether each text's picture is among the first `at`, [N, each]; of equally similar pictures, how likely it is.

    Args:
        texts: [N * each, D]: `each` of the first picture, then of the next.
        pictures: [N, D].
    """
    similarities = texts @ pictures.T
    own = similarities[np.arange(len(texts)), np.arange(len(texts)) // each][:, None]
    before, equal = (similarities > own).sum(axis=1), (similarities == own).sum(axis=1)
    return np.clip((at - before) / equal, 0, 1).reshape(-1, each)


def recall(texts: np.ndarray, pictures: np.ndarray, each: int, at: Sequence[int] = (1, 5, 10)) -> list[Interval]:
    """The share that is found, with its 95 % interval over pictures; arguments as of `found`."""
    return [intervals.mean(found(texts, pictures, each, k).mean(axis=1)) for k in at]
