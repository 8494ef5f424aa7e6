"""How good a support set is: every picture classified by the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fsl_demo.core.capabilities import Method
from fsl_demo.core.episodes import Episode, Progress, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.evaluation import intervals
from fsl_demo.evaluation.calibration import credits


@dataclass(frozen=True)
class LeaveOneOut:
    """What a method makes of each support picture when it is held out.

    Attributes:
        probabilities: float32 [S, C], in the order of the support set.
        right: 1 where the answer is the picture's class, [S].
        accuracy, low, high: mean of `right` with Wilson's 95 % interval.
    """

    probabilities: np.ndarray
    right: np.ndarray
    accuracy: float
    low: float
    high: float

    def suspects(self) -> list[int]:
        """Support pictures that the others put into another class, most confidently first."""
        wrong = np.flatnonzero(self.right < 1)
        return [int(i) for i in wrong[np.argsort(-self.probabilities[wrong].max(axis=1))]]


def leave_one_out(method: Method, episode: Episode, settings: Any, progress: Progress = quiet) -> LeaveOneOut:
    """Classify each support picture with a support set that lacks it.

    Raises:
        UserError: `setting_bad` when a class has a single picture, and whatever the method raises.
    """
    episode.check()
    for spec, shots in zip(episode.classes, episode.shots(), strict=True):
        if shots < 2:
            reason = f"Two pictures of “{spec.name}” are needed, to hold one out."
            raise UserError("setting_bad", name="shots", value=shots, reason=reason)
    answers = []
    for number, example in enumerate(episode.support):
        progress("score", number, len(episode.support))
        others = replace(episode, support=episode.support[:number] + episode.support[number + 1 :])
        answers.append(method.fit(others, settings, quiet).predict([example.picture], quiet).probabilities[0])
    progress("score", len(episode.support), len(episode.support))
    probabilities = np.stack(answers)
    right = credits(probabilities, np.array([example.class_index for example in episode.support]))
    low, high = intervals.wilson(float(right.sum()), len(right))
    return LeaveOneOut(probabilities=probabilities, right=right, accuracy=float(right.mean()), low=low, high=high)
