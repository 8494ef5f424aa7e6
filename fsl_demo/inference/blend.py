"""How ASIF blends what a picture says with what a text says: of one episode, or of several that are stacked ([...])."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fsl_demo.inference import calibration
from fsl_demo.inference.calibration import Default

WORTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""How many support pictures the text may count for; 1 unless held-out pictures say otherwise."""
PRIOR = 2.0
"""How strongly held-out pictures have to disagree with a worth of 1."""


@dataclass(frozen=True)
class Support:
    """What is known of the classes of an episode.

    Attributes:
        vectors: of the support pictures, [..., S, D].
        relations: of the support pictures to the anchors, [..., S, A].
        owners: class index of each, [S].
        counts: support pictures of each class, [C].
        texts: relations of the classes' texts, [..., C, A]; zeros for a class without text.
    """

    vectors: np.ndarray
    relations: np.ndarray
    owners: np.ndarray
    counts: np.ndarray
    texts: np.ndarray


@dataclass(frozen=True)
class Blend:
    """A blend and its calibration.

    Attributes:
        weights: of the pictures in each class's similarity, [..., C]; 0 without pictures, 1 without text.
        prototypes: class means of the pictures, [..., C, D].
        texts: [..., C, A].
        temperature, none_below: [...].
    """

    weights: np.ndarray
    prototypes: np.ndarray
    texts: np.ndarray
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
    """Choose weights, temperature and threshold: by how well held-out support pictures are told apart, or by default.

    Args:
        weight: of the pictures; None chooses it.
    """
    counts, classes = support.counts, len(support.counts)
    shots = 1 / float((1 / counts[counts > 0]).mean()) if counts.any() else 0.0
    if counts.min() >= 2:
        weights, heat, below = _by_held_out(
            support, temperature=temperature, none_below=none_below, weight=weight, shots=shots
        )
    else:
        weights = _weights(support, shots=shots, worth=1.0, weight=weight)
        overall = weights.mean(axis=-1)
        heat, below = temperature.at(classes, shots, overall), none_below.at(classes, shots, overall)
    prototypes = calibration.class_means(support.vectors, support.owners, classes)
    return Blend(weights=weights, prototypes=prototypes, texts=support.texts, temperature=heat, none_below=below)


def _weights(support: Support, shots: float, worth: float | np.ndarray, weight: float | None) -> np.ndarray:
    """Weights [..., C] where the text counts for so many pictures, [...]."""
    chosen = np.asarray(shots / (shots + worth) if weight is None else weight)[..., None]
    return np.where(support.counts == 0, 0.0, np.where(support.texts.any(axis=-1), chosen, 1.0))


def _by_held_out(
    support: Support, temperature: Default, none_below: Default, weight: float | None, shots: float
) -> tuple[np.ndarray, Any, Any]:
    """Weights, temperature and threshold of the trial that costs least."""
    owners, classes = support.owners, len(support.counts)
    by_picture = calibration.held_out(support.vectors, owners, classes)
    by_text = support.relations @ support.texts.swapaxes(-1, -2)
    worths = np.array(WORTHS if weight is None else (1.0,))
    costs, factors, mixtures, means = [], [], [], []
    for worth in worths:
        weights = _weights(support, shots=shots - 1, worth=float(worth), weight=weight)
        mixed = weights[..., None, :] * by_picture + (1 - weights[..., None, :]) * by_text
        mean = weights.mean(axis=-1)
        losses = calibration.losses(mixed, owners, temperature.at(classes, shots - 1, mean))
        costs.append(losses.min(axis=-1) + PRIOR * np.log(worth) ** 2)
        factors.append(calibration.FACTORS[losses.argmin(axis=-1)])
        mixtures.append(mixed)
        means.append(mean)
    best = np.argmin(costs, axis=0)
    weights = _weights(support, shots=shots, worth=worths[best], weight=weight)
    overall = weights.mean(axis=-1)
    heat = calibration.pick(factors, best) * temperature.at(classes, shots, overall)
    before = none_below.at(classes, shots - 1, calibration.pick(means, best))
    now = none_below.at(classes, shots, overall)
    below = calibration.threshold(calibration.pick(mixtures, best), owners=owners, before=before, now=now)
    return weights, heat, below
