"""Local scaling against a loop."""

import numpy as np
import pytest

from fsl_demo.inference.local_scaling import NEIGHBOURS, locally_scaled


def unit(random: np.random.Generator, count: int) -> np.ndarray:
    vectors = random.normal(size=(count, 6))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_what_both_have_in_common_with_strangers_is_taken_off() -> None:
    random = np.random.default_rng(0)
    first, second, cohort = unit(random, 4), unit(random, 4), unit(random, 30)
    for pair, scaled in enumerate(locally_scaled(first, second, cohort)):
        nearness = []
        for vector in (first[pair], second[pair]):
            cosines = sorted((float(vector @ stranger) for stranger in cohort), reverse=True)
            nearness.append(sum(cosines[:NEIGHBOURS]) / NEIGHBOURS)
        assert scaled == pytest.approx(first[pair] @ second[pair] - (nearness[0] + nearness[1]) / 2)


def test_a_small_cohort_is_taken_whole() -> None:
    random = np.random.default_rng(1)
    first, second, cohort = unit(random, 3), unit(random, 3), unit(random, 2)
    expected = (first * second).sum(1) - ((first @ cohort.T).mean(1) + (second @ cohort.T).mean(1)) / 2
    np.testing.assert_allclose(locally_scaled(first, second, cohort), expected)
