"""What methods say about queries: scores of one method, and several methods' answers as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Scores:
    """What a method says about Q queries and C classes.

    Attributes:
        method: the method's id.
        checkpoint: hash of the weights that it used.
        settings: the settings that it used.
        seconds: wall-clock time of fit and predict.
        similarities: float32 [Q, C], raw, comparable within a method only.
        probabilities: float32 [Q, C], calibrated, rows sum to 1.
        none_below: a query whose best similarity is lower is unlike the examples; NaN where nothing is known.
        pairs: float32 [Q, S], similarity to each support picture, or None.
        note: what the method chose by itself and why, in plain values ("variant", "reason" …).
    """

    method: str
    checkpoint: str
    settings: Mapping[str, object]
    seconds: float
    similarities: np.ndarray
    probabilities: np.ndarray
    none_below: float
    pairs: np.ndarray | None = None
    note: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("similarities", "probabilities"):
            values = getattr(self, name)
            if values.dtype != np.float32 or values.ndim != 2 or not np.isfinite(values).all():
                raise ValueError(f"{name}: finite float32 [Q, C] expected, got {values.dtype} {values.shape}")
        if self.similarities.shape != self.probabilities.shape:
            raise ValueError(f"{self.similarities.shape} similarities, {self.probabilities.shape} probabilities")
        if not np.allclose(self.probabilities.sum(axis=1), 1.0, atol=1e-3):
            raise ValueError("probabilities: rows must sum to 1")
        if self.pairs is not None and len(self.pairs) != len(self.similarities):
            raise ValueError(f"pairs: [Q, S] expected, got {self.pairs.shape}")

    def best(self, query: int) -> int:
        """Index of the most probable class."""
        return int(self.probabilities[query].argmax())

    def unlike(self, query: int) -> bool:
        """Whether the query is unlike the examples of the most probable class."""
        return bool(self.similarities[query, self.best(query)] < self.none_below)

    def part(self, first: int, end: int) -> Scores:
        """The scores of the queries from `first` to before `end`."""
        return self.rows(slice(first, end))

    def rows(self, chosen: slice | Sequence[int]) -> Scores:
        """The scores of some of the queries."""
        pairs = None if self.pairs is None else self.pairs[chosen]
        return replace(
            self, similarities=self.similarities[chosen], probabilities=self.probabilities[chosen], pairs=pairs
        )


@dataclass(frozen=True)
class Combined:
    """One answer a query from several methods: what page, files and command line give first.

    Attributes:
        probabilities: float32 [Q, C], the mean over the methods.
        unlike: bool [Q], whether most methods find the query unlike the examples.
    """

    probabilities: np.ndarray
    unlike: np.ndarray

    def best(self, query: int) -> int:
        """Index of the most probable class."""
        return int(self.probabilities[query].argmax())


def combine(scores: Sequence[Scores]) -> Combined:
    """The methods' answers to the same queries and classes as one."""
    probabilities = np.stack([answered.probabilities for answered in scores]).mean(axis=0)
    unlike = [[answered.unlike(query) for query in range(len(probabilities))] for answered in scores]
    return Combined(probabilities, 2 * np.sum(np.array(unlike, dtype=int), axis=0) > len(scores))


def join(parts: Sequence[Scores]) -> Scores:
    """What one method says about queries that it was given in several batches; the seconds add up.

    Raises:
        ValueError: for scores of different methods, classes or thresholds.
    """
    first = parts[0]
    for part in parts[1:]:
        if (part.method, part.checkpoint) != (first.method, first.checkpoint):
            raise ValueError(f"scores of {first.method} and of {part.method} cannot be joined")
        if not np.array_equal(part.none_below, first.none_below, equal_nan=True):
            raise ValueError(f"none_below: {first.none_below} and {part.none_below}")
    pairs = [part.pairs for part in parts if part.pairs is not None]
    return replace(
        first,
        seconds=sum(part.seconds for part in parts),
        similarities=np.concatenate([part.similarities for part in parts]),
        probabilities=np.concatenate([part.probabilities for part in parts]),
        pairs=np.concatenate(pairs) if pairs else None,
    )
