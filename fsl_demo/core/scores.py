"""What methods say about queries: scores of one method, and several methods' answers as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

TINY = 1e-30
LEAST = 1e-6
"""No method alone can make a class less probable than this."""


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
        if (np.abs(self.probabilities.sum(axis=1) - 1) > 1e-3).any():
            raise ValueError("probabilities: rows must sum to 1")
        if self.pairs is not None and len(self.pairs) != len(self.similarities):
            raise ValueError(f"pairs: [Q, S] expected, got {self.pairs.shape}")

    def best(self, query: int) -> int:
        """Index of the most probable class."""
        return int(self.probabilities[query].argmax())

    def unlike(self, query: int) -> bool | None:
        """Whether the query is unlike the examples of the most probable class; None where nothing is known."""
        return bool(self.similarities[query, self.best(query)] < self.none_below) if self.tells else None

    @property
    def tells(self) -> bool:
        """Whether it is known when a query is unlike the examples."""
        return not np.isnan(self.none_below)

    @cached_property
    def likeness(self) -> Any:
        """How far above the threshold the similarity to the most probable class is, in log-odds of two classes, [Q]."""
        rows, order = np.arange(len(self.probabilities)), np.argsort(-self.probabilities, axis=1)[:, :2]
        best, second = order.T
        logits = np.log(np.maximum(self.probabilities, TINY))
        gaps = self.similarities[rows, best] - self.similarities[rows, second]
        odds, gap = float((logits[rows, best] - logits[rows, second]).sum()), float(np.abs(gaps).sum())
        margins = self.similarities[rows, best] - np.float32(self.none_below)
        return margins * (odds / gap if gap else 1.0)

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
        probabilities: float32 [Q, C], the methods' as a logarithmic opinion pool (Genest and Zidek 1986).
        likeness: how like the examples the query is, below 0 where it is unlike them; NaN where nothing is known, [Q].
    """

    probabilities: np.ndarray
    likeness: np.ndarray

    def best(self, query: int) -> int:
        """Index of the most probable class."""
        return int(self.probabilities[query].argmax())

    def unlike(self, query: int) -> bool | None:
        """Whether the query is unlike the examples; None where nothing is known."""
        return None if np.isnan(self.likeness[query]) else bool(self.likeness[query] < 0)


def combine(scores: Sequence[Scores]) -> Combined:
    """The methods' answers to the same queries and classes as one."""
    logits = np.mean([np.log(np.maximum(part.probabilities, LEAST)) for part in scores], axis=0)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    likeness = [part.likeness for part in scores if part.tells]
    return Combined(
        probabilities=(weights / weights.sum(axis=1, keepdims=True)).astype(np.float32),
        likeness=np.mean(likeness, axis=0) if likeness else np.full(len(logits), np.nan),
    )


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
