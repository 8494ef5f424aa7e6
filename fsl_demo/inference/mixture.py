"""How text directions and picture keys are mixed (see `vision_language`), and their calibration: of one episode, or of
several that are stacked ([...])."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fsl_demo.inference import calibration
from fsl_demo.inference.calibration import Default, HeldOut
from fsl_demo.inference.shares import Shares

WEIGHTS = (0.2, 0.35, 0.5, 0.65, 0.8)
SHARPNESS = (1.0, 3.0, 5.5, 10.0)
"""What held-out pictures choose from; Tip-Adapter's own beta is 1 to 5.5."""
PRIOR = 2.0
"""How strongly held-out pictures have to disagree with the default weight."""


@dataclass(frozen=True)
class Known:
    """What is known of the classes of an episode.

    Attributes:
        texts: a direction a class, [..., C, D]; zeros for a class without text.
        keys: vectors of the support pictures, [..., S, D].
        shares: what each of them counts for.
    """

    texts: np.ndarray
    keys: np.ndarray
    shares: Shares

    def weights(self, weight: Any) -> np.ndarray:
        """Of the pictures in each class's similarity, [..., C], from [...]: 0 without pictures, 1 without text."""
        described = self.texts.any(axis=-1)
        return np.where(self.shares.counts == 0, 0.0, np.where(described, np.asarray(weight)[..., None], 1.0))

    def means(self, columns: np.ndarray) -> np.ndarray:
        """The mean over each class's support pictures, [..., Q, S] to [..., Q, C]; zeros for a class without any."""
        shares = self.shares
        return (columns * shares.weights[..., None, :]) @ (shares.members / np.maximum(shares.counts, 1)[..., None, :])

    def held_out(self, pairs: np.ndarray) -> np.ndarray:
        """`means` of the support pictures themselves, [..., S, S], its own class's without near-duplicates."""
        shares, rows = self.shares, np.arange(len(self.shares.owners))
        means = self.means(pairs)
        others = (pairs * (1 - shares.near) * shares.weights[..., None, :]) @ shares.members
        means[..., rows, shares.owners] = others[..., rows, shares.owners] / np.where(shares.left > 0, shares.left, 1)
        return means


@dataclass(frozen=True)
class Recipe:
    """Defaults, and what a person has set.

    Attributes:
        temperature, none_below: defaults by classes, pictures a class and weight.
        worth: how many pictures a text counts for: the default weight of K pictures is K / (K + worth).
        sharpness: the default beta.
        set_weight, set_sharpness: None lets held-out pictures choose.
    """

    temperature: Default
    none_below: Default
    worth: float
    sharpness: float
    set_weight: float | None
    set_sharpness: float | None

    @property
    def limit(self) -> float:
        """The cosine that nearly all pairs of pictures of a class reach; NaN where nobody has measured it."""
        lowest = self.none_below.pictures[0]
        return 1 + math.log(lowest) / self.sharpness if lowest > 0 else math.nan

    def limits(self, sharpness: np.ndarray) -> Default:
        """`none_below` with another beta, [...]: exp(-beta (1 - x k)) is a power of what it is with the default."""
        default, power = self.none_below, sharpness / self.sharpness
        pictures = [value**power if value > 0 else value for value in default.pictures]
        half = [
            value + (picture - before) / 2
            for value, picture, before in zip(default.half, pictures, default.pictures, strict=True)
        ]
        return replace(default, half=(half[0], half[1]), pictures=(pictures[0], pictures[1]))


@dataclass(frozen=True)
class Mixture:
    """A mixture and its calibration.

    Attributes:
        weight: of the pictures, where a class has both, [...].
        weights: of the pictures in each class's similarity, [..., C].
        sharpness, temperature, none_below: [...].
        held_out: support pictures when their class does without them.
    """

    known: Known
    weight: Any
    weights: np.ndarray
    sharpness: Any
    temperature: Any
    none_below: Any
    held_out: HeldOut

    def similarities(self, queries: np.ndarray, pairs: np.ndarray) -> np.ndarray:
        """Of queries [..., Q, D], [..., Q, C]; `pairs` are their products with the keys, [..., Q, S]."""
        weights, sharpness = self.weights[..., None, :], np.asarray(self.sharpness)[..., None, None]
        affinities = self.known.means(np.exp(-sharpness * (1 - pairs)))
        return weights * affinities + (1 - weights) * (queries @ self.known.texts.swapaxes(-1, -2))

    def probabilities(self, similarities: np.ndarray) -> np.ndarray:
        """From similarities [..., Q, C]."""
        return calibration.softmax(np.asarray(self.temperature)[..., None, None] * similarities)

    def notes(self) -> list[dict[str, Any]]:
        """What was chosen, of each episode; nothing where no class has both pictures and text."""
        counts = self.known.shares.counts
        both = np.atleast_1d(((counts > 0) & self.known.texts.any(axis=-1)).any(axis=-1))
        seen = np.broadcast_to(self.held_out.evidence.any(axis=-1), both.shape)
        weights, betas = (np.broadcast_to(values, both.shape) for values in (self.weight, self.sharpness))
        return [
            {
                "weight": round(float(weight), 3),
                "sharpness": float(beta),
                "mixed": "held_out" if by_pictures else "default",
            }
            if mixed
            else {}
            for weight, beta, mixed, by_pictures in zip(weights, betas, both, seen, strict=True)
        ]


def mixture(known: Known, recipe: Recipe) -> Mixture:
    """Weight and beta, temperature and threshold: set by a person, or the default, moved by held-out pictures.

    Those weight, beta and factor of the temperature are taken that tell held-out pictures apart best.
    """
    shares, classes = known.shares, known.texts.shape[-2]
    default = shares.shots / (shares.shots + recipe.worth)
    by_text, pairs = known.keys @ known.texts.swapaxes(-1, -2), known.keys @ known.keys.swapaxes(-1, -2)
    weights = (default, *WEIGHTS) if recipe.set_weight is None else (recipe.set_weight,)
    betas = (recipe.sharpness, *SHARPNESS) if recipe.set_sharpness is None else (recipe.set_sharpness,)
    trials = [(np.broadcast_to(weight, default.shape), beta) for beta in betas for weight in weights]
    costs, factors, mixtures = [], [], []
    for weight, beta in trials:
        mixing = known.weights(weight)
        affinities = known.held_out(np.exp(-beta * (1 - pairs)))
        mixed = mixing[..., None, :] * affinities + (1 - mixing[..., None, :]) * by_text
        temperature = recipe.temperature.at(classes, shares.before, mixing.mean(axis=-1))
        losses = shares.seen(mixed).losses(temperature)
        costs.append(losses.min(axis=-1) + PRIOR * (_odds(weight) - _odds(default)) ** 2)
        factors.append(calibration.FACTORS[losses.argmin(axis=-1)])
        mixtures.append(mixed)
    best = np.argmin(costs, axis=0)
    weight, factor = (calibration.pick(values, best) for values in ([weight for weight, _ in trials], factors))
    held_out = shares.seen(calibration.pick(mixtures, best))
    sharpness = np.array([beta for _, beta in trials])[best]
    overall, limits = known.weights(weight).mean(axis=-1), recipe.limits(sharpness)
    before, now = (limits.at(classes, shots, overall) for shots in (shares.before, shares.shots))
    return Mixture(
        known,
        weight=weight,
        weights=known.weights(weight),
        sharpness=sharpness,
        temperature=factor * recipe.temperature.at(classes, shares.shots, overall),
        none_below=held_out.threshold(before=before, now=now),
        held_out=held_out,
    )


def _odds(weight: np.ndarray) -> np.ndarray:
    return np.log((weight + 0.05) / (1.05 - weight))
