"""Are two pictures of one class? Accuracy with a threshold that comes from other pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.datasets.parts import Item, opened
from fsl_demo.evaluation import intervals

Pair = tuple[Item, Item, bool]


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
    middle = (above + below) / 2
    return float(middle if middle > below else above)  # between neighbouring numbers there is none


def accuracy(similarities: np.ndarray, same: np.ndarray, threshold: float) -> float:
    """Share of pairs that the threshold calls right."""
    return float(((similarities >= threshold) == same.astype(bool)).mean())


def across_folds(folds: list[tuple[np.ndarray, np.ndarray]]) -> list[float]:
    """Accuracy of each fold, (similarities, same), with the threshold that suits the other folds best."""
    accuracies = []
    for number, (similarities, same) in enumerate(folds):
        others = [fold for i, fold in enumerate(folds) if i != number]
        threshold = best_threshold(*(np.concatenate(part) for part in zip(*others, strict=True)))
        accuracies.append(accuracy(similarities, same, threshold))
    return accuracies


@dataclass(frozen=True)
class Verification:
    """How often a method tells whether two pictures are of one class.

    Attributes:
        folds: folds that this is the mean of; 1 where there are none.
        accuracy, low, high: share of pairs that are right, with its 95 % interval: Wilson's over the pairs, or over the
            folds' accuracies.
        threshold: where it came from.
    """

    method: str
    pairs: int
    folds: int
    accuracy: float
    low: float
    high: float
    threshold: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def markdown(self) -> str:
        folds = f", mean of {self.folds} folds" if self.folds > 1 else ""
        return (
            f"{self.method}: {self.accuracy:.2%} ({self.low:.2%} to {self.high:.2%}) of {self.pairs:,} pairs{folds};"
            f" threshold from {self.threshold}"
        )


class Verifier(Protocol):
    """A method that compares two pictures."""

    def verify(self, first: Sequence[Picture], second: Sequence[Picture], progress: Progress = quiet) -> np.ndarray: ...


def similarities(method: Verifier, pairs: Sequence[Pair], progress: Progress = quiet) -> tuple[np.ndarray, np.ndarray]:
    """What a method says of pairs, and whether they are of one class, both [P]."""
    known: dict[Item, Picture] = {}
    for left, right, _ in pairs:
        for item in (left, right):
            if item not in known:
                known[item] = opened(item)
    first, second = [known[left] for left, _, _ in pairs], [known[right] for _, right, _ in pairs]
    return method.verify(first, second, progress), np.array([same for _, _, same in pairs])


def verify(
    name: str, method: Verifier, validation: Sequence[Pair], test: Sequence[Pair], progress: Progress = quiet
) -> Verification:
    """Accuracy on test pairs with the threshold that suits the validation pairs best."""
    threshold = best_threshold(*similarities(method, validation, progress))
    cosines, same = similarities(method, test, progress)
    share = accuracy(cosines, same, threshold)
    low, high = intervals.wilson(share * len(same), len(same))
    return Verification(
        method=name,
        pairs=len(same),
        folds=1,
        accuracy=share,
        low=low,
        high=high,
        threshold="validation pairs",
    )


def verify_folds(name: str, folds: Sequence[tuple[np.ndarray, np.ndarray]]) -> Verification:
    """Mean accuracy of folds, (similarities, same), each with the threshold that suits the others best."""
    accuracies = across_folds(list(folds))
    interval, pairs = intervals.share(accuracies), sum(len(same) for _, same in folds)
    return Verification(
        method=name,
        pairs=pairs,
        folds=len(folds),
        accuracy=interval.mean,
        low=interval.low,
        high=interval.high,
        threshold="the other folds' pairs",
    )
