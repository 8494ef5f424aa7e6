"""Several episodes answered in one go: those of one shape are stacked, and each picture is embedded once."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fsl_demo.core.episodes import Episode, Progress, Scores, ordered_unique, quiet
from fsl_demo.core.pictures import Picture

Embed = Callable[[Sequence[Picture], Progress], np.ndarray]
"""From pictures to their vectors, [N, ...]."""


@dataclass(frozen=True)
class Stack:
    """B episodes whose classes have the same numbers of support pictures and queries.

    Attributes:
        owners: class index of each support picture, [S].
        counts: support pictures of each class, [C].
    """

    episodes: Sequence[Episode]
    owners: np.ndarray
    counts: np.ndarray

    def embed(self, embed: Embed, progress: Progress = quiet) -> tuple[np.ndarray, np.ndarray]:
        """Vectors of the support sets [B, S, ...] and of the queries [B, Q, ...]."""
        supports = [[example.picture for example in episode.support] for episode in self.episodes]
        pictures = ordered_unique([picture for episode in self.episodes for picture in episode.queries])
        pictures = ordered_unique([*(picture for support in supports for picture in support), *pictures])
        place = {picture: row for row, picture in enumerate(pictures)}
        vectors = embed(pictures, progress)
        support = np.array([[place[picture] for picture in support] for support in supports], dtype=int)
        queries = np.array([[place[picture] for picture in episode.queries] for episode in self.episodes], dtype=int)
        return vectors[support], vectors[queries]

    def part(self, rows: Sequence[int]) -> Stack:
        """Some of the episodes."""
        return replace(self, episodes=[self.episodes[row] for row in rows])


def stacked(episodes: Sequence[Episode], score: Callable[[Stack], list[Scores]]) -> list[Scores]:
    """Scores of the episodes in their order; each gets its share of the seconds that its stack took.

    Args:
        score: gives the scores of a stack's episodes.
    """
    return by_key(episodes, _shape, lambda rows: _timed([episodes[row] for row in rows], score))


def by_key(
    episodes: Sequence[Episode], key: Callable[[Episode], Hashable], score: Callable[[list[int]], list[Scores]]
) -> list[Scores]:
    """Scores of the episodes in their order, those of one key at a time."""
    groups: dict[Hashable, list[int]] = {}
    for row, episode in enumerate(episodes):
        groups.setdefault(key(episode), []).append(row)
    scores: dict[int, Scores] = {}
    for rows in groups.values():
        scores.update(zip(rows, score(rows), strict=True))
    return [scores[row] for row in range(len(episodes))]


def _shape(episode: Episode) -> Hashable:
    owners = tuple(example.class_index for example in episode.support)
    return len(episode.classes), owners, len(episode.queries)


def _timed(episodes: list[Episode], score: Callable[[Stack], list[Scores]]) -> list[Scores]:
    started = time.perf_counter()
    owners = np.array([example.class_index for example in episodes[0].support], dtype=int)
    scores = score(Stack(episodes, owners, np.array(episodes[0].shots())))
    seconds = (time.perf_counter() - started) / len(episodes)
    return [replace(each, seconds=seconds) for each in scores]
