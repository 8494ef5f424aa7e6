"""How what pictures say is blended with what texts say: of one episode, or of several that are stacked ([...]).

The similarity of a query x to a class is w a + (1 - w) (t - b): a is the cosine with the mean of the class's pictures,
t the product with the class's text, and b how much more readily that text agrees with the support pictures than the
other texts do. So w = 0 is zero-shot, where b = 0, and w = 1 knows pictures only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fsl_demo.inference import calibration
from fsl_demo.inference.calibration import Default, HeldOut
from fsl_demo.inference.shares import Shares

WORTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""How many times its default number of support pictures the text may count for: once, unless held-out pictures say
otherwise."""
PRIOR = 2.0
"""How strongly held-out pictures have to disagree."""
OTHERS, OWN = 0.4, 0.1
"""Shares of a text's mean product with pictures of other classes, and with those of its own, that are taken off. Chosen
on validation classes of CIFAR-FS and `photos`; `python -m experiments.text_and_pictures` measures the grid anew."""


@dataclass(frozen=True)
class Support:
    """What is known of the classes of an episode.

    Attributes:
        vectors: of the support pictures, [..., S, D].
        originals: vectors of the same pictures, in which near-duplicates are found, [..., S, O].
        relations: what is compared with texts, [..., S, A].
        owners: class index of each, [S].
        texts: of the classes, [..., C, A]; zeros for a class without text.
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
        weight: of the pictures, where a class has both, [...].
        weights: of the pictures in each class's similarity, [..., C]; 0 without pictures, 1 without text.
        prototypes: class means of the pictures, [..., C, D].
        texts: [..., C, A].
        common: what is taken off the products with the texts, [..., C]; the mean over the classes is 0.
        held_out: support pictures when their class does without them.
        temperature, none_below: [...].
    """

    weight: Any
    weights: np.ndarray
    prototypes: np.ndarray
    texts: np.ndarray
    common: np.ndarray
    held_out: HeldOut
    temperature: Any
    none_below: Any

    def similarities(self, vectors: np.ndarray, relations: np.ndarray) -> np.ndarray:
        """Of queries, [..., Q, C], from vectors [..., Q, D] and relations [..., Q, A]."""
        weights = self.weights[..., None, :]
        by_picture = vectors @ self.prototypes.swapaxes(-1, -2)
        by_text = relations @ self.texts.swapaxes(-1, -2) - self.common[..., None, :]
        return weights * by_picture + (1 - weights) * by_text

    def probabilities(self, similarities: np.ndarray) -> np.ndarray:
        """From similarities [..., Q, C]."""
        return calibration.softmax(np.asarray(self.temperature)[..., None, None] * similarities)

    def directions(self) -> np.ndarray:
        """What vectors are multiplied with where they are their own relations, [..., C, D]."""
        weights = self.weights[..., None]
        return weights * self.prototypes + (1 - weights) * self.texts

    def offsets(self) -> np.ndarray:
        """What is added to the products then, [..., C]."""
        return -(1 - self.weights) * self.common

    def notes(self) -> list[dict[str, Any]]:
        """What was chosen, of each episode; nothing where no class has both pictures and text."""
        both = np.atleast_1d(((self.weights > 0) & (self.weights < 1)).any(axis=-1))
        seen = np.broadcast_to(self.held_out.evidence.any(axis=-1), both.shape)
        return [
            {"weight": round(float(weight), 3), "mixed": "held_out" if by_pictures else "default"} if mixed else {}
            for weight, mixed, by_pictures in zip(np.broadcast_to(self.weight, both.shape), both, seen, strict=True)
        ]


def blended(
    support: Support, temperature: Default, none_below: Default, weight: float | None, worth: float = 1.0
) -> Blend:
    """Choose weights, temperature and threshold: the default, moved by how well held-out pictures are told apart.

    Args:
        weight: of the pictures; None chooses it.
        worth: how many pictures a text counts for: the default weight of K pictures is K / (K + worth).
    """
    classes = support.classes
    cosines = support.originals @ support.originals.swapaxes(-1, -2)
    shares = Shares.of(cosines, owners=support.owners, classes=classes, limit=none_below.pictures[0])
    by_picture, by_text = shares.held_out(support.vectors), support.relations @ support.texts.swapaxes(-1, -2)
    both = _weights(support, shares, _weight(shares.shots, worth=worth, weight=weight))
    both = (both > 0) & (both < 1)
    everyone = np.ones((1, len(support.owners)), by_text.dtype)
    common = _common(shares, by_text=by_text, both=both, counted=everyone)[..., 0, :]
    by_text = by_text - _common(shares, by_text=by_text, both=both, counted=1 - shares.near)
    worths = np.array(WORTHS if weight is None else (1.0,))
    costs, factors, mixtures, means = [], [], [], []
    for factor in worths:
        weights = _weights(support, shares, _weight(shares.before, worth=worth * float(factor), weight=weight))
        mixed = weights[..., None, :] * by_picture + (1 - weights[..., None, :]) * by_text
        mean = weights.mean(axis=-1)
        losses = shares.seen(mixed).losses(temperature.at(classes, shares.before, mean))
        costs.append(losses.min(axis=-1) + PRIOR * np.log(factor) ** 2)
        factors.append(calibration.FACTORS[losses.argmin(axis=-1)])
        mixtures.append(mixed)
        means.append(mean)
    best = np.argmin(costs, axis=0)
    chosen = _weight(shares.shots, worth=worth * worths[best], weight=weight)
    weights = _weights(support, shares, chosen)
    overall = weights.mean(axis=-1)
    held_out = shares.seen(calibration.pick(mixtures, best))
    before = shares.none_below(none_below, shares.before, calibration.pick(means, best))
    return Blend(
        weight=chosen,
        weights=weights,
        prototypes=shares.class_means(support.vectors),
        texts=support.texts,
        common=common,
        held_out=held_out,
        temperature=calibration.pick(factors, best) * temperature.at(classes, shares.shots, overall),
        none_below=held_out.threshold(before=before, now=shares.none_below(none_below, shares.shots, overall)),
    )


def _common(shares: Shares, by_text: np.ndarray, both: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """How readily each text agrees with the support pictures, less the mean of the texts, [..., N, C].

    Args:
        by_text: products of the support pictures with the texts, [..., S, C].
        both: which classes have pictures and text, [..., C]; for the others nothing is taken off.
        counted: 1 for the support pictures that are looked at, in N cases, [..., N, S].
    """

    def mean(of_class: np.ndarray) -> np.ndarray:
        weights = shares.weights[..., None] * of_class
        return np.asarray(counted @ (weights * by_text) / np.maximum(counted @ weights, 1e-6))

    means, told = OTHERS * mean(1 - shares.members) + OWN * mean(shares.members), both[..., None, :]
    centre = (means * told).sum(axis=-1, keepdims=True) / np.maximum(told.sum(axis=-1, keepdims=True), 1)
    return np.where(told, means - centre, 0.0)


def _weight(shots: np.ndarray, worth: float | np.ndarray, weight: float | None) -> np.ndarray:
    """Of pictures where the text counts for so many of them, [...]."""
    return np.asarray(shots / (shots + worth) if weight is None else np.full(np.shape(shots), weight))


def _weights(support: Support, shares: Shares, weight: np.ndarray) -> np.ndarray:
    """Of the pictures in each class's similarity, [..., C]."""
    return np.where(shares.counts == 0, 0.0, np.where(support.texts.any(axis=-1), weight[..., None], 1.0))
