"""Multinomial logistic regression with an L2 penalty, many problems at once.

The objective is that of scikit-learn's `LogisticRegression(C=strength, class_weight="balanced")`. It is minimised by
Newton's method in float64; preconditioned conjugate gradients find each step (Nocedal and Wright 2006, algorithms 5.3
and 7.1), so that no Hessian is made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from fsl_demo.inference.calibration import softmax

STEPS, INNER, HALVINGS = 60, 200, 40
"""Bounds that no problem should meet: Newton steps, conjugate gradients a step, halvings of a step."""
PRECISION = 1e-10
"""A problem is solved when a step promises less than this share of its penalty."""
RESIDUAL = 0.05
"""By how much conjugate gradients reduce what a step leaves."""
NEGLIGIBLE = 1e-6
"""Share of the longest principal axis up to which one is left out."""
CHUNK = 300_000
"""Numbers that the inputs of the problems solved at once may hold."""


@dataclass(frozen=True)
class Models:
    """Linear classifiers of stacked problems.

    Attributes:
        weights: [..., C, D]; they add up to 0 over the classes, as the offsets do.
        offsets: [..., C].
    """

    weights: np.ndarray
    offsets: np.ndarray

    def decisions(self, vectors: np.ndarray) -> np.ndarray:
        """Decision values of vectors [..., N, D], [..., N, C]."""
        return vectors @ self.weights.swapaxes(-1, -2) + self.offsets[..., None, :]


def in_span(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Stacked vectors along the principal axes of what they span, where there are fewer of them than dimensions.

    Weights that are penalised are sums of vectors, so that nothing is lost.

    Args:
        vectors: [..., N, D].

    Returns:
        float64 [..., N, R], and the axes [..., R, D], zeros for those that are not needed.
    """
    vectors = vectors.astype(np.float64)
    count, dimensions = vectors.shape[-2:]
    if count >= dimensions:
        return vectors, np.broadcast_to(np.eye(dimensions), (*vectors.shape[:-2], dimensions, dimensions))
    values, rotation = np.linalg.eigh(vectors @ vectors.swapaxes(-1, -2))
    lengths = np.sqrt(np.maximum(values, 0))[..., None, :]
    there = lengths > NEGLIGIBLE * lengths[..., -1:]
    inverse = np.divide(rotation, lengths, out=np.zeros_like(rotation), where=there)
    return rotation * lengths * there, inverse.swapaxes(-1, -2) @ vectors


def fit(vectors: np.ndarray, owners: np.ndarray, strengths: np.ndarray, included: np.ndarray | None = None) -> Models:
    """Train P models on each of B stacks of vectors.

    Args:
        vectors: [B, N, D].
        owners: class index of each vector, [N]; every class has one.
        strengths: scikit-learn's C, [P] or [B, P].
        included: which vectors a model is trained on, [P, N], some of each class; None for all.

    Returns:
        Weights [B, P, C, D], and offsets.
    """
    models = np.shape(strengths)[-1]
    taken = np.ones((models, len(owners))) if included is None else included.astype(np.float64)
    members = (owners == np.arange(int(owners.max()) + 1)[:, None]).astype(np.float64)
    balanced = taken * (taken.sum(axis=1, keepdims=True) / (len(members) * (taken @ members.T)))[:, owners]
    # of two classes, scikit-learn penalises the difference of the weights, whose square is twice the sum of theirs
    penalties = np.broadcast_to((2.0 if len(members) == 2 else 1.0) / strengths, (len(vectors), models))
    centres = vectors.mean(axis=1, keepdims=True)  # the offset makes up for it; far better conditioned
    inputs = np.concatenate([vectors - centres, np.ones((*vectors.shape[:2], 1))], axis=2)
    step = max(1, CHUNK // inputs[0].size)
    numbers = np.arange(penalties.size)
    solved = np.concatenate(
        [
            _newton(
                _Problems(
                    inputs=inputs,
                    stacks=rows // models,
                    targets=members,
                    samples=balanced[rows % models],
                    penalties=penalties.ravel()[rows],
                )
            )
            for rows in np.split(numbers, range(step, len(numbers), step))
        ]
    ).reshape(*penalties.shape, len(members), -1)
    solved -= solved.mean(axis=-2, keepdims=True)  # as at the optimum
    weights, offsets = solved[..., :-1], solved[..., -1]
    return Models(weights=weights, offsets=offsets - (weights @ centres[:, None].swapaxes(-1, -2))[..., 0])


@dataclass(frozen=True)
class _Problems:
    """K problems of N vectors in R - 1 dimensions; parameters are [K, C, R], the offset last.

    Attributes:
        inputs: of all stacks, the vectors, each with a 1, [B, N, R].
        stacks: which stack a problem is about, [K].
        targets: which vectors are of which class, [C, N].
        samples: what each vector counts, [K, N].
        penalties: [K].
    """

    inputs: np.ndarray
    stacks: np.ndarray
    targets: np.ndarray
    samples: np.ndarray
    penalties: np.ndarray

    @cached_property
    def given(self) -> np.ndarray:
        """The inputs of each problem, [K, N, R]."""
        return self.inputs[self.stacks]

    def part(self, rows: np.ndarray) -> _Problems:
        return replace(self, stacks=self.stacks[rows], samples=self.samples[rows], penalties=self.penalties[rows])

    def logits(self, parameters: np.ndarray) -> np.ndarray:
        """[K, C, N]."""
        return parameters @ self.given.swapaxes(1, 2)

    def penalised(self, parameters: np.ndarray) -> np.ndarray:
        """Parameters times the penalty, which the offset has none of."""
        scaled = parameters * self.penalties[:, None, None]
        scaled[..., -1] = 0
        return scaled

    def losses(self, parameters: np.ndarray, logits: np.ndarray) -> np.ndarray:
        """What is minimised, [K]."""
        highest = logits.max(axis=1)
        likelihood = (logits * self.targets).sum(axis=1) - highest
        surprise = np.log(np.exp(logits - highest[:, None]).sum(axis=1)) - likelihood
        return (self.samples * surprise).sum(axis=1) + _dot(parameters, self.penalised(parameters)) / 2


def _newton(problems: _Problems) -> np.ndarray:
    """The parameters that minimise the losses, [K, C, R]."""
    parameters = np.zeros((len(problems.stacks), len(problems.targets), problems.inputs.shape[2]))
    rows = np.arange(len(parameters))
    for _ in range(STEPS):
        part, current = problems.part(rows), parameters[rows]
        logits = part.logits(current)
        probabilities = softmax(logits.swapaxes(1, 2)).swapaxes(1, 2)
        residuals = (probabilities - part.targets) * part.samples[:, None]
        gradients = residuals @ part.given + part.penalised(current)
        steps = _conjugate_gradients(part, probabilities=probabilities, gradients=gradients)
        promised = -_dot(gradients, steps)
        parameters[rows] = _shortened(part, parameters=current, logits=logits, steps=steps, promised=promised)
        rows = rows[promised > PRECISION * _dot(current, part.penalised(current))]
        if not len(rows):
            break
    return parameters


def _conjugate_gradients(problems: _Problems, probabilities: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Newton's steps s with H s = -g, roughly, [K, C, R].

    The Hessian's diagonal is the preconditioner.
    """
    curvature = probabilities * problems.samples[:, None]
    diagonal = (curvature * (1 - probabilities)) @ problems.given**2 + problems.penalties[:, None, None]
    steps, residuals = np.zeros_like(gradients), -gradients
    preconditioned = residuals / diagonal
    directions, sizes = preconditioned, _dot(residuals, preconditioned)
    enough = RESIDUAL**2 * sizes
    for _ in range(INNER):
        moved = problems.logits(directions)
        moved = curvature * (moved - (probabilities * moved).sum(axis=1, keepdims=True))
        images = moved @ problems.given + problems.penalised(directions)
        lengths = _ratio(sizes, _dot(directions, images))[:, None, None]
        steps = steps + lengths * directions
        residuals = residuals - lengths * images
        preconditioned = residuals / diagonal
        before, sizes = sizes, _dot(residuals, preconditioned)
        if (sizes <= enough).all():
            break
        directions = preconditioned + _ratio(sizes, before)[:, None, None] * directions
    return steps


def _shortened(
    problems: _Problems, parameters: np.ndarray, logits: np.ndarray, steps: np.ndarray, promised: np.ndarray
) -> np.ndarray:
    """Parameters after the steps, each halved until the loss falls by a share of what was promised."""
    before, moved = problems.losses(parameters, logits), problems.logits(steps)
    lengths = np.ones(len(parameters))
    for _ in range(HALVINGS):
        factors = lengths[:, None, None]
        after = problems.losses(parameters + factors * steps, logits + factors * moved)
        short = after > before - 1e-4 * lengths * promised + 1e-12 * np.abs(before)
        if not short.any():
            break
        lengths = np.where(short, lengths / 2, lengths)
    return parameters + lengths[:, None, None] * steps


def _dot(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Of each problem, [K]."""
    return np.einsum("kcr,kcr->k", first, second)


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """0 where a problem has nothing left to gain."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
