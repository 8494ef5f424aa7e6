"""Methods on the same folds of a support set: which is best on these pictures, or that nobody can tell yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fsl_demo.core.capabilities import Method, ScoresEpisodes
from fsl_demo.core.episodes import Episode, Progress, Scores, quiet
from fsl_demo.evaluation import intervals
from fsl_demo.evaluation.calibration import credits
from fsl_demo.evaluation.intervals import Interval

FOLDS = 10
TOGETHER = 6
"""Episodes that are scored at once."""


@dataclass(frozen=True)
class Comparison:
    """Methods on the same held-out pictures.

    Attributes:
        right: credits of each method's answers by its id, [P].
        pictures: how many could be held out, P.
        best: id of the method that is right most often.
        gaps: what the best one is ahead of each other one, by id.
    """

    right: Mapping[str, np.ndarray]
    pictures: int
    best: str
    gaps: Mapping[str, Interval]

    @property
    def tells(self) -> bool:
        """Whether the best one is ahead of all others beyond chance."""
        return bool(self.gaps) and all(gap.low > 0 for gap in self.gaps.values())

    def share(self, method: str) -> Interval:
        """How many pictures a method gets right."""
        right = float(self.right[method].sum())
        low, high = intervals.wilson(right, self.pictures)
        return Interval(right / self.pictures, low, high)


def compared(right: Mapping[str, np.ndarray]) -> Comparison | None:
    """Methods by what they get right; None with fewer than two pictures or without methods."""
    pictures = len(next(iter(right.values()))) if right else 0
    if pictures < 2:
        return None
    best = max(right, key=lambda method: float(right[method].sum()))
    gaps = {method: intervals.paired_shares(right[best], right[method]) for method in right if method != best}
    return Comparison(right, pictures=pictures, best=best, gaps=gaps)


def folds(owners: np.ndarray, groups: np.ndarray, seed: int = 0) -> np.ndarray:
    """In which fold each picture is held out, with its near-duplicates; -1 where its class would be empty then: [N]."""
    random = np.random.default_rng(seed)
    place: dict[int, int] = {}
    offset = 0
    for index in np.unique(owners):
        for group in random.permutation(np.unique(groups[owners == index])).tolist():
            if group not in place:
                place[group] = offset % FOLDS
                offset += 1
    drawn = np.array([place[int(group)] for group in groups], int)
    for index in np.unique(owners):
        of_class = owners == index
        if len(np.unique(drawn[of_class])) == 1:
            drawn[of_class] = -1
    return drawn


def held_out_credits(
    method: Method, episode: Episode, settings: Any, drawn: np.ndarray, progress: Progress = quiet
) -> np.ndarray:
    """Credits of a method's answers to each picture whose fold is held out, in the order of the pictures, [P].

    Raises:
        UserError: what the method raises.
    """
    support = np.array(episode.support, dtype=object)
    numbers = [fold for fold in np.unique(drawn).tolist() if fold >= 0]
    parts = [
        replace(
            episode,
            support=tuple(support[drawn != fold]),
            queries=tuple(example.picture for example in support[drawn == fold]),
        )
        for fold in numbers
    ]
    right = np.zeros(len(support))
    answers = answered(method, episodes=parts, settings=settings, progress=progress)
    for fold, probabilities in zip(numbers, answers, strict=True):
        truth = np.array([example.class_index for example in support[drawn == fold]])
        right[drawn == fold] = credits(probabilities, truth)
    return right[drawn >= 0]


def answered(
    method: Method, episodes: Sequence[Episode], settings: Any, progress: Progress = quiet
) -> list[np.ndarray]:
    """Probabilities of the queries of each episode, [Q, C].

    Raises:
        UserError: what the method raises.
    """
    scored: list[Scores] = []
    for start in range(0, len(episodes), TOGETHER):
        progress("score", start, len(episodes))
        part = episodes[start : start + TOGETHER]
        if isinstance(method, ScoresEpisodes):
            scored += method.score_episodes(part, settings, quiet)
        else:
            scored += [method.fit(episode, settings, quiet).predict(episode.queries, quiet) for episode in part]
    progress("score", len(episodes), len(episodes))
    return [scores.probabilities for scores in scored]
