"""Cohen's kappa against hand-computed cases and scikit-learn's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from fsl_demo.evaluation.agreement import LEAST, agreement, kappa


def words(cells: dict[str, int]) -> tuple[list[str], list[str]]:
    """Two people's words from counts of pairs: {"yn": 5} is five pictures on which they say y and n."""
    pairs = [pair for pair, count in cells.items() for _ in range(count)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"yy": 20, "yn": 5, "ny": 10, "nn": 15}, 0.4),  # p_o 0.7, p_e 0.5
        ({"yy": 45, "yn": 15, "ny": 25, "nn": 15}, (0.60 - 0.54) / 0.46),
        ({"yy": 25, "yn": 35, "ny": 5, "nn": 35}, (0.60 - 0.46) / 0.54),
        ({"yn": 10, "ny": 10}, -1.0),
        ({"aa": 5, "bb": 5, "cc": 5}, 1.0),
    ],
)
def test_kappa_of_cases_that_are_computed_by_hand(cells: dict[str, int], expected: float) -> None:
    assert kappa(*words(cells)) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_that_of_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    first = random.integers(0, 2 + seed, 80)
    second = np.where(random.random(80) < 0.6, first, random.integers(0, 3 + seed, 80))
    assert kappa(first.tolist(), second.tolist()) == pytest.approx(cohen_kappa_score(first, second))


def test_kappa_cannot_be_told_where_both_say_one_class_only() -> None:
    assert math.isnan(kappa(["a"] * 9, ["a"] * 9))
    assert math.isnan(kappa([], []))
    agreed = agreement(["a"] * LEAST, ["a"] * LEAST)
    assert agreed.kappa is None and agreed.share is not None and agreed.share.mean == 1


def test_none_of_these_is_a_word() -> None:
    assert kappa(["a", None, "a", None], ["a", None, None, "a"]) == pytest.approx(0)


def test_too_few_pictures_tell_nothing() -> None:
    few = agreement(["a", "b"] * 9, ["a", "b"] * 9)
    assert (few.pictures, few.share, few.kappa) == (18, None, None)


def test_the_interval_is_that_of_pictures_drawn_again() -> None:
    first, second = words({"yy": 20, "yn": 5, "ny": 10, "nn": 15})
    told = agreement(first, second, seed=3).kappa
    assert told is not None
    random, pairs = np.random.default_rng(11), np.array([first, second])
    drawn = [kappa(*pairs[:, random.integers(0, 50, 50)].tolist()) for _ in range(1_500)]
    assert told.mean == pytest.approx(0.4)
    assert (told.low, told.high) == pytest.approx(tuple(np.quantile(drawn, (0.025, 0.975))), abs=0.03)


def test_perfect_agreement_on_few_pictures_is_not_certain() -> None:
    told = agreement(["a", "b"] * 10, ["a", "b"] * 10)
    assert told.kappa is not None and told.kappa.mean == told.kappa.high == 1
    assert 0.6 < told.kappa.low < 0.75  # Wilson's 0.84 of 20 of 20, beyond chance of 0.5


def test_words_are_of_the_same_pictures() -> None:
    with pytest.raises(ValueError, match="2 words and 1"):
        kappa(["a", "b"], ["a"])
