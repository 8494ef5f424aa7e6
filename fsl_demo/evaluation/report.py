"""Figures of methods on the same episodes, and how they are shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from fsl_demo.core.capabilities import Method
from fsl_demo.evaluation import intervals
from fsl_demo.evaluation.calibration import expected_calibration_error
from fsl_demo.evaluation.outcomes import Outcomes

COLUMNS = ("method", "accuracy", "against the first", "ECE", "marked unlike")


@dataclass(frozen=True)
class Figures:
    """One method's figures, all shares of 1.

    Attributes:
        weights: hashes of the weights that it could use, joined by "+"; empty where it doesn't know.
        accuracy, low, high: mean over episodes with its 95 % interval; over queries, by Wilson, for one episode.
        ece: expected calibration error over all queries, 15 bins.
        unlike: share of queries marked unlike the examples, though each belongs to a class.
        difference, difference_low, difference_high: accuracy against the first method, paired by episode; by query,
            for one episode; None for the first method.
    """

    method: str
    weights: str
    transductive: bool
    accuracy: float
    low: float
    high: float
    ece: float
    unlike: float
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None

    def markdown(self) -> str:
        """A row of the table."""
        name = f"{self.method} (transductive)" if self.transductive else self.method
        accuracy = f"{self.accuracy:.1%} ({self.low:.1%} to {self.high:.1%})"
        against = (
            ""
            if self.difference is None
            else f"{self.difference:+.1%} ({self.difference_low:+.1%} to {self.difference_high:+.1%})"
        )
        return f"| {name} | {accuracy} | {against} | {self.ece:.3f} | {self.unlike:.1%} |"


@dataclass(frozen=True)
class Report:
    """Figures of some methods on the same episodes, and how the episodes were drawn."""

    classes: int
    way: int
    shot: int
    queries: int
    episodes: int
    seed: int
    figures: tuple[Figures, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def heading(self) -> str:
        """A line that says what was measured, and the head of the table."""
        queries = f"{self.queries} queries a class" if self.queries else "every other picture a query"
        return "\n".join(
            [
                f"{self.way}-way {self.shot}-shot, {queries}, {self.episodes} episode{'s' * (self.episodes > 1)} from"
                f" {self.classes} classes, seed {self.seed}; chance {1 / self.way:.1%}; intervals of 95 %.",
                "",
                f"| {' | '.join(COLUMNS)} |",
                "|---" * len(COLUMNS) + "|",
            ]
        )

    def markdown(self) -> str:
        """The whole table."""
        return "\n".join([self.heading(), *(figures.markdown() for figures in self.figures)])


def figures_of(method: Method, weights: str, outcomes: Outcomes, first: Outcomes | None) -> Figures:
    """The figures of a method.

    Args:
        first: the outcomes of the method that it is compared with; None for that method itself.
    """
    units = outcomes.units()
    if len(outcomes.sizes) == 1:
        low, high = intervals.wilson(float(outcomes.right.sum()), len(outcomes.right))
    else:
        interval = intervals.share(units)
        low, high = interval.low, interval.high
    figures = Figures(
        method=method.card.id,
        weights=weights,
        transductive=method.card.transductive,
        accuracy=float(units.mean()),
        low=low,
        high=high,
        ece=expected_calibration_error(outcomes.sure, outcomes.right),
        unlike=float(np.mean(outcomes.unlike)),
    )
    if first is None:
        return figures
    gap = intervals.paired_shares(units, first.units())
    return replace(figures, difference=gap.mean, difference_low=gap.low, difference_high=gap.high)
