"""What a method made of each query of some episodes: all that figures are computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fsl_demo.core.capabilities import Method, ScoresEpisodes
from fsl_demo.core.episodes import Episode, Progress, Scores, quiet
from fsl_demo.evaluation.calibration import credits


@dataclass(frozen=True)
class Outcomes:
    """Of E episodes with Q queries in all, one episode after the other.

    Attributes:
        right: 1 for a right answer, 0 for a wrong one; ties share, float64 [Q].
        sure: probability of the answer, float32 [Q].
        unlike: whether the query was marked unlike the examples, bool [Q].
        sizes: queries of each episode, int [E].
    """

    right: np.ndarray
    sure: np.ndarray
    unlike: np.ndarray
    sizes: np.ndarray

    def units(self) -> np.ndarray:
        """What is independent: the accuracies of episodes, or the queries of a single one."""
        if len(self.sizes) == 1:
            return self.right
        return np.array([part.mean() for part in np.split(self.right, np.cumsum(self.sizes)[:-1])])

    def first(self, episodes: int) -> Outcomes:
        """Of the first so many episodes."""
        end = int(self.sizes[:episodes].sum())
        return Outcomes(
            right=self.right[:end], sure=self.sure[:end], unlike=self.unlike[:end], sizes=self.sizes[:episodes]
        )

    def followed_by(self, other: Outcomes) -> Outcomes:
        """Of these episodes and of others."""
        pairs = zip(self._arrays(), other._arrays(), strict=True)
        return Outcomes(*(np.concatenate(pair) for pair in pairs))

    def _arrays(self) -> tuple[np.ndarray, ...]:
        return self.right, self.sure, self.unlike, self.sizes


NOTHING = Outcomes(right=np.zeros(0), sure=np.zeros(0, np.float32), unlike=np.zeros(0, bool), sizes=np.zeros(0, int))


def scores(method: Method, settings: Any, episodes: Sequence[Episode], progress: Progress = quiet) -> list[Scores]:
    """Of the queries of each episode: all at once where the method can do that.

    Args:
        progress: told "score" and how many episodes are done; may raise `Cancelled`.

    Raises:
        UserError: what the method or a picture raises.
    """
    if isinstance(method, ScoresEpisodes):
        progress("score", 0, len(episodes))
        return method.score_episodes(episodes, settings)
    answered = []
    for done, episode in enumerate(episodes):
        progress("score", done, len(episodes))
        answered.append(method.fit(episode, settings, quiet).predict(episode.queries, quiet))
    return answered


def outcomes(
    method: Method,
    settings: Any,
    episodes: Sequence[Episode],
    truths: Sequence[np.ndarray],
    progress: Progress = quiet,
) -> Outcomes:
    """Score episodes: all at once where the method can do that.

    Args:
        truths: the class index of each query, an array an episode.
        progress: told "score" and how many episodes are done; may raise `Cancelled`.

    Raises:
        UserError: what the method or a picture raises.
    """
    answered = scores(method, settings, episodes, progress)
    return Outcomes(
        right=np.concatenate(
            [credits(each.probabilities, truth) for each, truth in zip(answered, truths, strict=True)]
        ),
        sure=np.concatenate([each.probabilities.max(axis=1) for each in answered]),
        unlike=np.concatenate([_unlike(each) for each in answered]),
        sizes=np.array([len(truth) for truth in truths]),
    )


def _unlike(scores: Scores) -> np.ndarray:
    best = scores.probabilities.argmax(axis=1)
    return scores.similarities[np.arange(len(best)), best] < scores.none_below
