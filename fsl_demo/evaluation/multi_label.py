"""Which classes a picture shows: mean average precision of whole pictures, as VOC's classification task has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fsl_demo.evaluation.boxes import Truth
from fsl_demo.evaluation.detection import mean_over_classes
from fsl_demo.evaluation.resampling import Resampled, counts, resampled


@dataclass(frozen=True)
class MultiLabel:
    """Mean over classes of the average precision, the mean of the precision at each picture that shows the class.

    Attributes:
        of_class: of each class; not a number for one that no picture shows.
    """

    mean: Resampled
    of_class: tuple[float, ...]


def multi_label(truths: Sequence[Truth], scores: np.ndarray) -> MultiLabel:
    """A picture counts neither way for a class of which it shows difficult objects alone.

    Args:
        scores: of each picture for each class, [P, C].
    """
    precisions = np.array([_of_class(truths, column, label=label) for label, column in enumerate(scores.T)])
    return MultiLabel(resampled(mean_over_classes(precisions)), tuple(map(float, precisions[:, 0])))


def _of_class(truths: Sequence[Truth], scores: np.ndarray, label: int) -> np.ndarray:
    """The average precision of the pictures as they are and drawn again, [1 + R]."""
    shown = [truth.difficult[truth.labels == label] for truth in truths]
    right = np.array([len(difficult) > 0 for difficult in shown])
    known = np.array([not len(difficult) or not difficult.all() for difficult in shown])
    order = np.argsort(-scores, kind="stable")
    order = order[known[order]]
    often, hits = counts(len(truths))[:, order], right[order]
    precision = np.cumsum(often * hits, axis=1) / np.maximum(np.cumsum(often, axis=1), 1)
    shows = (often * hits).sum(axis=1)
    sums = (precision * often * hits).sum(axis=1)
    averages: np.ndarray = np.divide(sums, shows, out=np.full(len(often), np.nan), where=shows > 0)
    return averages
