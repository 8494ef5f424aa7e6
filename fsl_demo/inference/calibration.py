"""From similarities to probabilities and to "unlike the examples": defaults, and what the support set itself says.

A default is a measured number that depends on how many pictures a class has and on how they are blended with
text. With two or more pictures of every class, each support picture is held out in turn and the default is
moved towards what is seen then. Temperature scaling: Guo et al. 2017, arXiv:1706.04599.

Where a shape begins with "...", several episodes with the same owners may be stacked, and each gives a result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fsl_demo.checkpoints import Checkpoint
from fsl_demo.inference.vectors import l2_normalize

FACTORS = np.geomspace(0.25, 4.0, 33)
PRIOR = 8.0
"""How many held-out pictures the default temperature outweighs, and below, the default threshold."""
PRIOR_THRESHOLD = 20.0
REFUSED = 0.05
"""The share of queries of a class that the automatic threshold may call unlike the examples."""


@dataclass(frozen=True)
class Default:
    """A number measured at blends 0 (text), 1/2 and 1 (pictures), the latter two with one and with five pictures.

    Between them it is linear in 1 / shots and quadratic in the blend. The number for text was measured with five
    classes; it falls by a power, `crowding`, of their number.
    """

    text: float
    half: tuple[float, float]
    pictures: tuple[float, float]
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

    def at(self, classes: int, shots: float, blend: float | np.ndarray = 1.0) -> Any:
        """The number for so many classes, pictures a class, and this weight (or weights) of pictures against text."""
        many = (1 - 1 / max(shots, 1.0)) / (1 - 1 / 5)
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


def class_means(vectors: np.ndarray, owners: np.ndarray, classes: int) -> np.ndarray:
    """The sum of each class's vectors, scaled to length 1: [..., C, D]; zeros for a class without any.

    Args:
        vectors: support features [..., S, D].
        owners: class index of each, [S].
    """
    return l2_normalize(_sums(vectors, owners, classes))


def held_out(vectors: np.ndarray, owners: np.ndarray, classes: int) -> np.ndarray:
    """Cosine of each support picture to the class means, with its own class's mean taken without it: [..., S, C]."""
    sums, rows = _sums(vectors, owners, classes), np.arange(len(owners))
    similarities = vectors @ l2_normalize(sums).swapaxes(-1, -2)
    others = sums[..., owners, :] - vectors
    similarities[..., rows, owners] = (vectors * l2_normalize(others)).sum(axis=-1)
    return similarities


def losses(similarities: np.ndarray, owners: np.ndarray, temperature: float | np.ndarray) -> np.ndarray:
    """What each of `FACTORS` times the temperature costs on held-out pictures, with the prior's pull: [..., F].

    Args:
        similarities: of held-out pictures, [..., S, C].
        temperature: [...].
    """
    logits = np.multiply.outer(temperature, FACTORS)[..., None, None] * similarities[..., None, :, :]
    likelihood = np.log(softmax(logits)[..., np.arange(len(owners)), owners] + 1e-12).sum(axis=-1)
    return PRIOR * np.log(FACTORS) ** 2 - likelihood


def threshold(similarities: np.ndarray, owners: np.ndarray, before: float | np.ndarray, now: float | np.ndarray) -> Any:
    """The similarity under which a query is unlike the examples, [...].

    Args:
        similarities: of held-out pictures, [..., S, C].
        before: the default for the pictures that were left, one fewer a class.
        now: the default for all of them.
    """
    own = similarities[..., np.arange(len(owners)), owners]
    return now + (np.quantile(own, REFUSED, axis=-1) - before) * len(owners) / (len(owners) + PRIOR_THRESHOLD)


def pick(values: Sequence[np.ndarray], best: np.ndarray) -> np.ndarray:
    """Of T trials' results [..., *], the best one's for each episode, [..., *].

    Args:
        best: which trial, [...].
    """
    stack = np.stack(values)
    places = best.reshape((1, *best.shape, *(1,) * (stack.ndim - 1 - best.ndim)))
    return np.take_along_axis(stack, places, axis=0)[0]


def _sums(vectors: np.ndarray, owners: np.ndarray, classes: int) -> np.ndarray:
    return (owners == np.arange(classes)[:, None]).astype(vectors.dtype) @ vectors
