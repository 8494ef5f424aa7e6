"""Several episodes answered in one go: those of one shape are stacked, and each picture is embedded once."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

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
    """

    episodes: Sequence[Episode]
    owners: np.ndarray

    @property
    def classes(self) -> int:
        """How many classes each episode has."""
        return len(self.episodes[0].classes)

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

    def support(self, embed: Embed) -> np.ndarray:
        """Vectors of the support sets alone, [B, S, ...]."""
        return replace(self, episodes=[replace(episode, queries=()) for episode in self.episodes]).embed(embed)[0]

    def part(self, rows: Sequence[int]) -> Stack:
        """Some of the episodes."""
        return replace(self, episodes=[self.episodes[row] for row in rows])


@dataclass(frozen=True)
class Scored:
    """What a method says of a stack, as `Scores` has it for each episode.

    Attributes:
        similarities, probabilities: [B, Q, C].
        none_below: [B], or one number for all.
        notes: one an episode.
    """

    method: str
    checkpoint: str
    settings: Mapping[str, Any]
    similarities: np.ndarray
    probabilities: np.ndarray
    none_below: Any
    notes: Sequence[Mapping[str, Any]]


def scores_of(scored: Scored) -> list[Scores]:
    """The scores of each episode of a stack."""
    below = np.broadcast_to(scored.none_below, len(scored.notes))
    return [
        Scores(
            method=scored.method,
            checkpoint=scored.checkpoint,
            settings=scored.settings,
            seconds=0.0,
            similarities=scored.similarities[row].astype(np.float32),
            probabilities=scored.probabilities[row].astype(np.float32),
            none_below=float(below[row]),
            note=note,
        )
        for row, note in enumerate(scored.notes)
    ]


def stacked(episodes: Sequence[Episode], score: Callable[[Stack], list[Scores]]) -> list[Scores]:
    """Scores of the episodes in their order; each gets its share of the seconds that its stack took.

    Args:
        score: gives the scores of a stack's episodes.
    """
    return by_key(
        [_shape(episode) for episode in episodes], lambda rows: _timed([episodes[row] for row in rows], score)
    )


def by_key(keys: Sequence[Hashable], score: Callable[[list[int]], list[Scores]]) -> list[Scores]:
    """Scores of episodes in their order, those of one key at a time.

    Args:
        keys: of each episode.
        score: gives the scores of the episodes with these numbers.
    """
    scores: dict[int, Scores] = {}
    for key in dict.fromkeys(keys):
        rows = [row for row, other in enumerate(keys) if other == key]
        scores.update(zip(rows, score(rows), strict=True))
    return [scores[row] for row in range(len(keys))]


def _shape(episode: Episode) -> Hashable:
    owners = tuple(example.class_index for example in episode.support)
    return len(episode.classes), owners, len(episode.queries)


def _timed(episodes: list[Episode], score: Callable[[Stack], list[Scores]]) -> list[Scores]:
    started = time.perf_counter()
    owners = np.array([example.class_index for example in episodes[0].support], dtype=int)
    scores = score(Stack(episodes, owners))
    seconds = (time.perf_counter() - started) / len(episodes)
    return [replace(each, seconds=seconds) for each in scores]
