"""Labels that are likely wrong: held out, the picture is of another class by a wide margin.

Confident learning (Northcutt et al. 2021, arXiv:1911.00068) asks for more: that the other class is as probable as its
own pictures find it on average. With 5 to 30 pictures a class that finds three quarters of the wrong labels where the
margin finds more than nine tenths: see `python -m experiments.diagnosis`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MARGIN = 0.3
"""How much more probable another class has to be than the label."""


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


def suspects(probabilities: np.ndarray, owners: np.ndarray, tells: np.ndarray) -> list[Suspect]:
    """Pictures whose labels are likely wrong, the surest first.

    Args:
        probabilities: of held-out pictures, [N, C].
        owners: class index by label, [N].
        tells: which pictures could be held out, [N].
    """
    rows = np.arange(len(owners))
    own, best = probabilities[rows, owners], probabilities.argmax(axis=1)
    margins = probabilities[rows, best] - own
    chosen = np.flatnonzero(tells & (margins > MARGIN))
    return [
        Suspect(int(row), int(best[row]), own=float(own[row]), other=float(probabilities[row, best[row]]))
        for row in chosen[np.argsort(-margins[chosen], kind="stable")]
    ]
