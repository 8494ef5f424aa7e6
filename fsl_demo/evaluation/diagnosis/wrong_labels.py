"""Labels that are likely wrong, by confident learning (Northcutt et al. 2021, arXiv:1911.00068, section 3.1).

A class's threshold is the mean probability that its own pictures have of it. A picture that reaches the threshold of
another class, and not of its own more surely, counts off the diagonal of the confident joint.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Suspect:
    """A picture whose label is likely wrong.

    Attributes:
        picture: which.
        suspected: index of the class that it looks to be of.
        own, other: the probabilities of its label and of that class.
    """

    picture: int
    suspected: int
    own: float
    other: float

    @property
    def margin(self) -> float:
        """How much more probable the other class is."""
        return self.other - self.own


def suspects(probabilities: np.ndarray, owners: np.ndarray, tells: np.ndarray, margin: float) -> list[Suspect]:
    """Pictures off the diagonal of the confident joint, the surest first.

    Args:
        probabilities: of held-out pictures, [N, C].
        owners: class index by label, [N].
        tells: which pictures could be held out, [N].
        margin: how much more probable the other class has to be, at least.
    """
    rows = np.flatnonzero(tells)
    own = probabilities[np.arange(len(owners)), owners]
    members = [rows[owners[rows] == index] for index in range(probabilities.shape[1])]
    thresholds = np.array([own[pictures].mean() if len(pictures) else 1.0 for pictures in members])
    reached = np.where(probabilities >= thresholds, probabilities, -1.0)
    best = reached.argmax(axis=1)
    listed = (
        Suspect(int(row), int(best[row]), own=float(own[row]), other=float(probabilities[row, best[row]]))
        for row in rows
        if reached[row, best[row]] >= 0 and best[row] != owners[row]
    )
    return sorted((suspect for suspect in listed if suspect.margin > margin), key=lambda suspect: -suspect.margin)
