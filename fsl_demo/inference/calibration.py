"""From similarities to probabilities and to "unlike the examples": defaults, and what the support set itself says.

A default is a measured number that depends on how many pictures a class has and on how they are blended with
text. Each support picture whose class has others is held out in turn, with its near-duplicates, and the default is
moved towards what is seen then. Temperature scaling: Guo et al. 2017, arXiv:1706.04599.

Where a shape begins with "...", several episodes with the same owners may be stacked, and each gives a result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from fsl_demo.checkpoints import Checkpoint

FACTORS = np.geomspace(0.25, 4.0, 33)
PRIOR = 8.0
"""How many held-out pictures the default temperature outweighs, and below, the default threshold."""
PRIOR_THRESHOLD = 20.0
REFUSED = 0.05
"""The share of queries of a class that the automatic threshold may call unlike the examples."""
TOLD = 0.1
"""The least share of support pictures that would be unlike the examples if their own class were not there."""


@dataclass(frozen=True)
class Default:
    """A number measured at blends 0 (text), 1/2 and 1 (pictures), the latter two with one and with five pictures.

    Between them it is linear in 1 / shots and quadratic in the blend. The number for text was measured with five
    classes; it falls by a power, `crowding`, of their number.
    """

    text: float
    half: tuple[Any, Any]
    pictures: tuple[Any, Any]
    crowding: float

    @classmethod
    def unpack(cls, values: np.ndarray) -> Default:
        """From the six numbers of a checkpoint."""
        text, half_1_shot, half_5_shot, pictures_1_shot, pictures_5_shot, crowding = map(float, values)
        return cls(
            text=text,
            half=(half_1_shot, half_5_shot),
            pictures=(pictures_1_shot, pictures_5_shot),
            crowding=crowding,
        )

    @classmethod
    def of_pictures(cls, values: np.ndarray) -> Default:
        """For a method that reads no text, from the numbers with one and with five pictures."""
        at_1_shot, at_5_shot = map(float, values)
        return cls(text=0.0, half=(0.0, 0.0), pictures=(at_1_shot, at_5_shot), crowding=0.0)

    @classmethod
    def constant(cls, value: float) -> Default:
        """The same number whatever the episode."""
        return cls(text=value, half=(value, value), pictures=(value, value), crowding=0.0)

    def at(self, classes: int, shots: float | np.ndarray, blend: float | np.ndarray = 1.0) -> Any:
        """The number for so many classes, pictures a class, and this weight (or weights) of pictures against text."""
        many = (1 - 1 / np.maximum(shots, 1.0)) / (1 - 1 / 5)
        half, pictures = (
            at_1_shot + (at_5_shot - at_1_shot) * many for at_1_shot, at_5_shot in (self.half, self.pictures)
        )
        mixed = half - (self.text + pictures) / 2
        text = self.text * (5 / classes) ** self.crowding
        return (1 - blend) * text + blend * pictures + 4 * blend * (1 - blend) * mixed


@dataclass(frozen=True)
class Defaults:
    """Temperature and threshold of a checkpoint."""

    temperature: Default
    none_below: Default

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Defaults:
        """
        Raises:
            UserError: `card_differs`.
        """
        return cls(*(Default.unpack(checkpoint.array(name, 6)) for name in ("temperature", "none_below")))

    @classmethod
    def of_pictures(cls, checkpoint: Checkpoint) -> Defaults:
        """For a method that reads no text.

        Raises:
            UserError: `card_differs`.
        """
        return cls(*(Default.of_pictures(checkpoint.array(name, 2)) for name in ("temperature", "none_below")))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities along the last axis."""
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


@dataclass(frozen=True)
class HeldOut:
    """What is seen of support pictures when each is held out in turn.

    Attributes:
        similarities: [..., S, C].
        owners: class index of each, [S].
        weights: how much each counts, [..., S].
        evidence: how much each says of its own class, [..., S]; nothing where the class has too few others.
    """

    similarities: np.ndarray
    owners: np.ndarray
    weights: np.ndarray
    evidence: np.ndarray

    def losses(self, temperature: float | np.ndarray) -> np.ndarray:
        """What each of `FACTORS` times the temperature, [...], costs, with the prior's pull: [..., F]."""
        logits = np.multiply.outer(temperature, FACTORS)[..., None, None] * self.similarities[..., None, :, :]
        likely = np.log(softmax(logits)[..., np.arange(len(self.owners)), self.owners] + 1e-12)
        return PRIOR * np.log(FACTORS) ** 2 - (likely * self.evidence[..., None, :]).sum(axis=-1)

    def threshold(self, before: float | np.ndarray, now: float | np.ndarray) -> Any:
        """The similarity under which a query is unlike the examples, [...].

        It is NaN where it would let nearly every picture of the classes pass for one of another class: strangers would
        not be told either.

        Args:
            before: the default for the pictures that were left, one fewer a class.
            now: the default for all of them.
        """
        if not len(self.owners):
            return now
        best, total = self.similarities.max(axis=-1), self.evidence.sum(axis=-1)
        mean = _mean(best, self.evidence)
        spread = _mean((best - mean[..., None]) ** 2, self.evidence) * total / np.maximum(total - 1, 1e-12)
        lowest = mean + NormalDist().inv_cdf(REFUSED) * np.sqrt(spread)
        moved = np.where(total > 1, (lowest - before) * total / (total + PRIOR_THRESHOLD), 0.0)
        limit = np.asarray(before + moved)[..., None]
        told = _mean(self._of_other_classes() < limit, self.weights)
        return np.where(told < TOLD, np.nan, now + moved)

    def _of_other_classes(self) -> np.ndarray:
        """Each picture's similarity to the class that it is most like, but for its own, [..., S]."""
        own = self.owners[:, None] == np.arange(self.similarities.shape[-1])
        return np.where(own, -np.inf, self.similarities).max(axis=-1)


def _mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Over the last axis; 0 where nothing weighs."""
    return (values * weights).sum(axis=-1) / np.maximum(weights.sum(axis=-1), 1e-12)


def pick(values: Sequence[np.ndarray], best: np.ndarray) -> np.ndarray:
    """Of T trials' results [..., *], the best one's for each episode, [..., *].

    Args:
        best: which trial, [...].
    """
    stack = np.stack(values)
    places = best.reshape((1, *best.shape, *(1,) * (stack.ndim - 1 - best.ndim)))
    return np.take_along_axis(stack, places, axis=0)[0]
