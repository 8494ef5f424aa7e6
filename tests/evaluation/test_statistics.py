"""Intervals, fair credit and calibration error, against known values."""

import numpy as np
import pytest

from fsl_demo.evaluation import intervals
from fsl_demo.evaluation.calibration import credits, expected_calibration_error


def test_wilson_against_the_textbook() -> None:
    assert intervals.wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    low, high = intervals.wilson(0, 20)
    assert low == 0 and 0.1 < high < 0.2
    with pytest.raises(ValueError):
        intervals.wilson(0, 0)


def test_mean_and_paired_difference() -> None:
    interval = intervals.mean([0.5, 0.7, 0.9])
    assert interval.mean == pytest.approx(0.7) and interval.reach == pytest.approx(1.96 * 0.2 / 3**0.5, abs=1e-4)
    gap = intervals.paired([0.6, 0.8, 1.0], [0.5, 0.7, 0.9])
    assert (gap.low, gap.high) == pytest.approx((0.1, 0.1))
    with pytest.raises(ValueError):
        intervals.mean([0.5])


def test_intervals_cover_the_truth_about_95_times_in_100() -> None:
    random = np.random.default_rng(0)
    draws = [intervals.mean(random.binomial(75, 0.9, 600) / 75) for _ in range(400)]
    assert 0.92 < np.mean([draw.low <= 0.9 <= draw.high for draw in draws]) < 0.98


def test_tied_classes_share_the_credit() -> None:
    scores = np.array([[0.2, 0.8], [0.5, 0.5], [0.9, 0.1]])
    np.testing.assert_array_equal(credits(scores, np.array([1, 0, 1])), [1, 0.5, 0])


def test_calibration_error_by_hand() -> None:
    confidence, right = np.array([0.9, 0.9, 0.6, 0.6]), np.array([1.0, 1.0, 1.0, 0.0])
    assert expected_calibration_error(confidence, right) == pytest.approx(0.1)
    assert expected_calibration_error(np.array([1.0, 0.0]), np.array([1.0, 0.0])) == 0


def test_honest_probabilities_have_no_calibration_error() -> None:
    random = np.random.default_rng(0)
    confidence = random.uniform(0.2, 1, 50_000)
    right = (random.random(50_000) < confidence).astype(float)
    assert expected_calibration_error(confidence, right) < 0.01
    assert expected_calibration_error(confidence**0.5, right) > 0.1


def test_an_interval_of_shares_stays_within_0_and_1() -> None:
    for values in ([1.0, 0.9], [1, 1, 1], [0, 0, 0.1], [0.98, 1.0, 0.97, 1.0], [0, 0]):
        interval = intervals.share(values)
        assert 0 <= interval.low <= interval.mean <= interval.high <= 1, values
        assert interval.low < interval.high
    gap = intervals.paired_shares([1.0, 0.9], [0.0, 0.2])
    assert intervals.paired([1.0, 0.9], [0.0, 0.2]).high > 1 == gap.high and gap.mean == pytest.approx(0.85)


def test_an_interval_of_shares_is_the_usual_one_away_from_the_ends() -> None:
    shares = np.random.default_rng(0).binomial(75, 0.7, 600) / 75
    usual, bounded = intervals.mean(shares), intervals.share(shares)
    assert (bounded.low, bounded.high) == pytest.approx((usual.low, usual.high), abs=1e-4)
    assert intervals.share(np.full(5, 1 / 3)).high == pytest.approx(1 / 3)


def test_single_trials_give_wilsons_interval() -> None:
    trials = np.repeat([1.0, 0.0], [190, 10])
    interval = intervals.share(trials)
    assert (interval.low, interval.high) == pytest.approx(intervals.wilson(190, 200), abs=5e-4)
    assert intervals.share(np.ones(20)).low == intervals.wilson(20, 20)[0]


def test_intervals_near_the_end_cover_the_truth() -> None:
    random = np.random.default_rng(1)
    draws = [intervals.share(random.binomial(15, 0.99, 40) / 15) for _ in range(400)]
    assert np.mean([interval.low <= 0.99 <= interval.high for interval in draws]) > 0.92
