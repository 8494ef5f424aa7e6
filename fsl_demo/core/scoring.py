"""Capabilities of methods that measurements use: which weights an answer depends on, and many episodes at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from fsl_demo.core.episodes import Episode, Progress, Scores, quiet


class HasWeights(ABC):
    """Knows before it answers which weights its answers depend on. Results of such a method are kept."""

    @abstractmethod
    def weights(self, settings: Any) -> str:
        """Hashes of all weights that it may use with these settings, joined by "+"."""


class ScoresEpisodes(ABC):
    """Answers many episodes at once, faster than one by one."""

    @abstractmethod
    def score_episodes(self, episodes: Sequence[Episode], settings: Any, progress: Progress = quiet) -> list[Scores]:
        """What `fit` and `predict` say of the queries of each episode, without `pairs`.

        Raises:
            UserError: what `fit` and `predict` raise.
        """
