"""How ASIF blends what a picture says with what a text says: of one episode, or of several that are stacked ([...])."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fsl_demo.inference import calibration
from fsl_demo.inference.calibration import Default, HeldOut
from fsl_demo.inference.shares import Shares

WORTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""How many support pictures the text may count for; 1 unless held-out pictures say otherwise."""
PRIOR = 2.0
"""How strongly held-out pictures have to disagree with a worth of 1."""


@dataclass(frozen=True)
class Support:
    """What is known of the classes of an episode.

    Attributes:
        vectors: of the support pictures, [..., S, D].
        originals: vectors of the same pictures, in which near-duplicates are found, [..., S, O].
        relations: of the support pictures to the anchors, [..., S, A].
        owners: class index of each, [S].
        texts: relations of the classes' texts, [..., C, A]; zeros for a class without text.
    """

    vectors: np.ndarray
    originals: np.ndarray
    relations: np.ndarray
    owners: np.ndarray
    texts: np.ndarray

    @property
    def classes(self) -> int:
        return self.texts.shape[-2]


@dataclass(frozen=True)
class Blend:
    """A blend and its calibration.

    Attributes:
        weights: of the pictures in each class's similarity, [..., C]; 0 without pictures, 1 without text.
        prototypes: class means of the pictures, [..., C, D].
        texts: [..., C, A].
        held_out: support pictures when their class does without them.
        temperature, none_below: [...].
    """

    weights: np.ndarray
    prototypes: np.ndarray
    texts: np.ndarray
    held_out: HeldOut
    temperature: Any
    none_below: Any

    def similarities(self, vectors: np.ndarray, relations: np.ndarray) -> np.ndarray:
        """Of queries, [..., Q, C], from vectors [..., Q, D] and relations [..., Q, A]."""
        weights = self.weights[..., None, :]
        by_picture = vectors @ self.prototypes.swapaxes(-1, -2)
        return weights * by_picture + (1 - weights) * (relations @ self.texts.swapaxes(-1, -2))

    def probabilities(self, similarities: np.ndarray) -> np.ndarray:
        """From similarities [..., Q, C]."""
        return calibration.softmax(np.asarray(self.temperature)[..., None, None] * similarities)


def blended(support: Support, temperature: Default, none_below: Default, weight: float | None) -> Blend:
    """Choose weights, temperature and threshold: the default, moved by how well held-out pictures are told apart.

    Args:
        weight: of the pictures; None chooses it.
    """
    classes = support.classes
    cosines = support.originals @ support.originals.swapaxes(-1, -2)
    shares = Shares.of(cosines, owners=support.owners, classes=classes, limit=none_below.pictures[0])
    by_picture, by_text = shares.held_out(support.vectors), support.relations @ support.texts.swapaxes(-1, -2)
    worths = np.array(WORTHS if weight is None else (1.0,))
    costs, factors, mixtures, means = [], [], [], []
    for worth in worths:
        weights = _weights(support, shares, shots=shares.before, worth=float(worth), weight=weight)
        mixed = weights[..., None, :] * by_picture + (1 - weights[..., None, :]) * by_text
        mean = weights.mean(axis=-1)
        losses = shares.seen(mixed).losses(temperature.at(classes, shares.before, mean))
        costs.append(losses.min(axis=-1) + PRIOR * np.log(worth) ** 2)
        factors.append(calibration.FACTORS[losses.argmin(axis=-1)])
        mixtures.append(mixed)
        means.append(mean)
    best = np.argmin(costs, axis=0)
    weights = _weights(support, shares, shots=shares.shots, worth=worths[best], weight=weight)
    overall = weights.mean(axis=-1)
    held_out = shares.seen(calibration.pick(mixtures, best))
    before = shares.none_below(none_below, shares.before, calibration.pick(means, best))
    return Blend(
        weights=weights,
        prototypes=shares.class_means(support.vectors),
        texts=support.texts,
        held_out=held_out,
        temperature=calibration.pick(factors, best) * temperature.at(classes, shares.shots, overall),
        none_below=held_out.threshold(before=before, now=shares.none_below(none_below, shares.shots, overall)),
    )


def _weights(
    support: Support, shares: Shares, shots: np.ndarray, worth: float | np.ndarray, weight: float | None
) -> np.ndarray:
    """Weights [..., C] where the text counts for so many pictures, [...]."""
    chosen = np.asarray(shots / (shots + worth) if weight is None else weight)[..., None]
    return np.where(shares.counts == 0, 0.0, np.where(support.texts.any(axis=-1), chosen, 1.0))
