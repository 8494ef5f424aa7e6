"""Stacked logistic regressions against scikit-learn's, each run to its optimum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from fsl_demo.inference.logistic_regression import fit, in_span
from fsl_demo.inference.vectors import l2_normalize

STRENGTHS = np.array([1.0, 10.0, 100.0, 1_000.0, 10_000.0])


def task(shots: Sequence[int], dimensions: int, noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around a centre a class, with much in common, as pictures' vectors have."""
    random, owners = np.random.default_rng(seed), np.repeat(range(len(shots)), shots)
    centres = 1 + random.normal(size=(len(shots), dimensions))
    return l2_normalize(centres[owners] + noise * random.normal(size=(len(owners), dimensions))), owners


def expected(vectors: np.ndarray, owners: np.ndarray, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's weights [C, D] and offsets [C], of two classes written for each."""
    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=100_000, tol=1e-9).fit(vectors, owners)
    weights, offsets = model.coef_, model.intercept_
    halves = np.array([[-0.5], [0.5]])
    return (halves * weights, halves[:, 0] * offsets) if len(weights) == 1 else (weights, offsets)


def relative(actual: np.ndarray, wanted: np.ndarray, size: np.ndarray) -> float:
    return float(np.linalg.norm(actual - wanted) / np.linalg.norm(size))


@pytest.mark.parametrize("noise", [0.5, 4.0])
@pytest.mark.parametrize(
    ("shots", "dimensions"),
    [((1, 1), 40), ((4, 4), 40), ((9, 2, 3), 40), ((5,) * 5, 300), ((1,) * 6, 40), ((15, 20, 25), 6), ((8, 6), 3)],
)
def test_the_optimum_is_scikit_learns(shots: tuple[int, ...], dimensions: int, noise: float) -> None:
    vectors, owners = task(shots, dimensions, noise)
    asked, _ = task(shots, dimensions, noise, seed=1)
    spanned, axes = in_span(vectors[None])
    models = fit(spanned, owners, STRENGTHS)
    for number, strength in enumerate(STRENGTHS):
        weights, offsets = expected(vectors, owners, strength)
        mine = models.weights[0, number] @ axes[0]
        assert relative(mine, weights, weights) < 1e-3
        assert relative(models.offsets[0, number], offsets, weights) < 1e-3
        decisions = asked @ mine.T + models.offsets[0, number]
        np.testing.assert_array_equal(decisions.argmax(axis=1), (asked @ weights.T + offsets).argmax(axis=1))


def test_the_same_picture_several_times_in_one_class_and_in_two() -> None:
    vectors, owners = task((4, 4, 4), 30, 1.0)
    vectors[1] = vectors[2] = vectors[0]
    vectors[4] = vectors[8]
    spanned, axes = in_span(vectors[None])
    models = fit(spanned, owners, STRENGTHS)
    for number, strength in enumerate(STRENGTHS):
        weights, offsets = expected(vectors, owners, strength)
        assert relative(models.weights[0, number] @ axes[0], weights, weights) < 1e-3
        assert relative(models.offsets[0, number], offsets, weights) < 1e-3


def test_all_pictures_alike_say_nothing() -> None:
    vectors = np.tile(l2_normalize(np.ones((1, 8))), (5, 1))
    models = fit(in_span(vectors[None])[0], np.array([0, 0, 0, 1, 1]), STRENGTHS)
    np.testing.assert_allclose(models.weights, 0, atol=1e-6)
    np.testing.assert_allclose(models.offsets, 0, atol=1e-6)


def test_vectors_left_out_have_no_part() -> None:
    vectors, owners = task((5, 4, 3), 50, 1.0)
    included = np.arange(len(owners)) % 3 != np.arange(3)[:, None]
    models = fit(vectors[None], owners=owners, strengths=np.full(3, 100.0), included=included)
    for number, kept in enumerate(included):
        weights, offsets = expected(vectors[kept], owners[kept], 100.0)
        assert relative(models.weights[0, number], weights, weights) < 1e-3
        assert relative(models.offsets[0, number], offsets, weights) < 1e-3


def test_a_problem_is_solved_alone_as_in_a_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    owners = task((3, 3), 20, 1.0)[1]
    vectors = np.stack([task((3, 3), 20, noise, seed=seed)[0] for seed, noise in enumerate((0.1, 1.0, 5.0))])
    strengths = np.array([[1.0, 1e4], [30.0, 3.0], [1e4, 1.0]])
    together = fit(vectors, owners, strengths)
    monkeypatch.setattr("fsl_demo.inference.logistic_regression.CHUNK", 1)
    apart = fit(vectors, owners, strengths)
    np.testing.assert_allclose(apart.weights, together.weights, rtol=1e-3, atol=1e-3)
    for row in range(3):
        for number in range(2):
            weights, _ = expected(vectors[row], owners, strengths[row, number])
            assert relative(together.weights[row, number], weights, weights) < 1e-3


def test_weights_and_offsets_add_up_to_nothing_over_the_classes() -> None:
    vectors, owners = task((2, 5, 3), 30, 1.0)
    models = fit(vectors[None], owners, STRENGTHS)
    np.testing.assert_allclose(models.weights.sum(axis=2), 0, atol=1e-5)
    np.testing.assert_allclose(models.offsets.sum(axis=2), 0, atol=1e-9)
