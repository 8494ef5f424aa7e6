"""How text directions and picture keys are mixed (see `vision_language`), and their calibration: of one episode, or of
several that are stacked ([...])."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fsl_demo.inference import calibration
from fsl_demo.inference.calibration import Default

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
        owners: class index of each, [S].
        counts: support pictures of each class, [C].
    """

    texts: np.ndarray
    keys: np.ndarray
    owners: np.ndarray
    counts: np.ndarray

    @property
    def shots(self) -> float:
        """Pictures a class: the harmonic mean of those that have some."""
        return 1 / float((1 / self.counts[self.counts > 0]).mean()) if self.counts.any() else 0.0

    def weights(self, weight: Any) -> np.ndarray:
        """Of the pictures in each class's similarity, [..., C], from [...]: 0 without pictures, 1 without text."""
        described = self.texts.any(axis=-1)
        return np.where(self.counts == 0, 0.0, np.where(described, np.asarray(weight)[..., None], 1.0))

    def means(self, columns: np.ndarray) -> np.ndarray:
        """The mean over each class's support pictures, [..., Q, S] to [..., Q, C]; zeros for a class without any."""
        members = (self.owners[:, None] == np.arange(len(self.counts))).astype(np.float32)
        return columns @ (members / np.maximum(self.counts, 1))


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


@dataclass(frozen=True)
class Mixture:
    """A mixture and its calibration.

    Attributes:
        weight: of the pictures, where a class has both, [...].
        weights: of the pictures in each class's similarity, [..., C].
        sharpness, temperature, none_below: [...].
        held_out: whether held-out pictures had a say.
    """

    known: Known
    weight: Any
    weights: np.ndarray
    sharpness: Any
    temperature: Any
    none_below: Any
    held_out: bool

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
        reason = "held_out" if self.held_out else "default"
        both = np.atleast_1d(((self.known.counts > 0) & self.known.texts.any(axis=-1)).any(axis=-1))
        weights, betas = (np.broadcast_to(values, both.shape) for values in (self.weight, self.sharpness))
        return [
            {"weight": round(float(weight), 3), "sharpness": float(beta), "mixed": reason} if mixed else {}
            for weight, beta, mixed in zip(weights, betas, both, strict=True)
        ]


def mixture(known: Known, recipe: Recipe) -> Mixture:
    """Weight and beta, temperature and threshold: set by a person, by held-out pictures, or by default."""
    classes, shots = len(known.counts), known.shots
    default = shots / (shots + recipe.worth)
    weight: Any = default if recipe.set_weight is None else recipe.set_weight
    sharpness: Any = recipe.sharpness if recipe.set_sharpness is None else recipe.set_sharpness
    factor, similarities = np.asarray(1.0), None
    if held_out := bool(known.counts.min() >= 2):
        weight, sharpness, factor, similarities = by_held_out(known, recipe=recipe, default=default, shots=shots)
    weights = known.weights(weight)
    overall = weights.mean(axis=-1)
    below = recipe.none_below.at(classes, shots, overall)
    if similarities is not None:
        before = recipe.none_below.at(classes, shots - 1, overall)
        below = calibration.threshold(similarities, owners=known.owners, before=before, now=below)
    temperature = factor * recipe.temperature.at(classes, shots, overall)
    return Mixture(
        known,
        weight=weight,
        weights=weights,
        sharpness=sharpness,
        temperature=temperature,
        none_below=below,
        held_out=held_out,
    )


def by_held_out(known: Known, recipe: Recipe, default: float, shots: float) -> tuple[Any, Any, Any, np.ndarray]:
    """The weight, beta and factor of the temperature that tell held-out support pictures apart best.

    Returns:
        Weight, beta and factor, [...], and the similarities of the held-out pictures [..., S, C].
    """
    owners, counts = known.owners, known.counts
    by_text, pairs = known.keys @ known.texts.swapaxes(-1, -2), known.keys @ known.keys.swapaxes(-1, -2)
    rows = np.arange(len(owners))
    weights = (default, *WEIGHTS) if recipe.set_weight is None else (recipe.set_weight,)
    betas = (recipe.sharpness, *SHARPNESS) if recipe.set_sharpness is None else (recipe.set_sharpness,)
    trials = [(weight, beta) for beta in betas for weight in weights]
    costs, factors, mixtures = [], [], []
    for beta in betas:
        affinities = np.exp(-beta * (1 - pairs))
        affinities[..., rows, rows] = 0
        means = known.means(affinities)
        means[..., rows, owners] *= counts[owners] / (counts[owners] - 1)
        for weight in weights:
            mixing = known.weights(weight)
            mixed = mixing[..., None, :] * means + (1 - mixing[..., None, :]) * by_text
            temperature = recipe.temperature.at(len(counts), shots - 1, mixing.mean(axis=-1))
            losses = calibration.losses(mixed, owners, temperature)
            costs.append(losses.min(axis=-1) + PRIOR * (_odds(weight) - _odds(default)) ** 2)
            factors.append(calibration.FACTORS[losses.argmin(axis=-1)])
            mixtures.append(mixed)
    best = np.argmin(costs, axis=0)
    weight, beta = np.moveaxis(np.array(trials)[best], -1, 0)
    return weight, beta, calibration.pick(factors, best), calibration.pick(mixtures, best)


def _odds(weight: float) -> float:
    return float(np.log((weight + 0.05) / (1.05 - weight)))
