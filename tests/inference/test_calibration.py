"""Calibration, by hand and on made-up similarities."""

from dataclasses import replace

import numpy as np
import pytest

from fsl_demo.inference import calibration
from fsl_demo.inference.calibration import Default, HeldOut
from fsl_demo.inference.shares import Shares

OWNERS = np.array([0, 0, 1, 1])
VECTORS = np.array([[1, 0], [0.6, 0.8], [0, 1], [-0.6, 0.8]], np.float32)


def apart(owners: np.ndarray, classes: int) -> Shares:
    """What pictures count for where none is near another, and a mean is as long as one of its pictures."""
    return Shares.of(np.eye(len(owners)), owners=owners, classes=classes, limit=1.0)


def seen(similarities: np.ndarray, owners: np.ndarray) -> HeldOut:
    ones = np.ones(len(owners))
    return HeldOut(similarities, owners=owners, weights=ones, evidence=ones)


def test_a_default_is_what_was_measured_and_between() -> None:
    default = Default.unpack(np.array([10, 20, 30, 14, 26, 0.5], np.float32))
    assert default.at(5, 0, blend=0) == 10
    assert default.at(20, 0, blend=0) == 5
    assert default.at(5, 1, blend=0.5) == pytest.approx(20) and default.at(5, 5, blend=0.5) == pytest.approx(30)
    assert default.at(5, 1) == 14 and default.at(5, 5) == pytest.approx(26)
    assert 14 < default.at(5, 2) < 26 < default.at(5, 50) < 30


def test_class_means_by_hand() -> None:
    means = apart(OWNERS, 3).class_means(VECTORS)
    np.testing.assert_allclose(means[0], np.array([1.6, 0.8]) / np.hypot(1.6, 0.8), rtol=1e-6)
    np.testing.assert_allclose(means[1], np.array([-0.6, 1.8]) / np.hypot(0.6, 1.8), rtol=1e-6)
    np.testing.assert_array_equal(means[2], [0, 0])


def test_a_held_out_picture_is_compared_with_the_others() -> None:
    similarities = apart(OWNERS, 2).held_out(VECTORS)
    np.testing.assert_allclose(similarities[:2, 0], [0.6, 0.6], rtol=1e-6)
    np.testing.assert_allclose(similarities[2:, 1], [0.8, 0.8], rtol=1e-6)
    others = apart(OWNERS, 2).class_means(VECTORS)
    np.testing.assert_allclose(similarities[:2, 1], VECTORS[:2] @ others[1], rtol=1e-6)
    np.testing.assert_allclose(similarities[2:, 0], VECTORS[2:] @ others[0], rtol=1e-6)


def test_probabilities_follow_the_data_and_the_prior_holds_a_handful_back() -> None:
    random = np.random.default_rng(0)

    def chosen(size: int, true: float) -> float:
        similarities = random.normal(0, 0.2, (size, 4))
        draws = random.random((size, 1))
        owners = (calibration.softmax(true * similarities).cumsum(axis=1) < draws).sum(axis=1)
        return 20 * calibration.FACTORS[seen(similarities, owners).losses(20.0).argmin()]

    assert chosen(4000, 10.0) == pytest.approx(10, rel=0.1)
    assert chosen(4000, 30.0) == pytest.approx(30, rel=0.1)
    few = np.tile([0.5, 0.0, 0.0, 0.0], (4, 1))
    assert calibration.FACTORS[seen(few, np.zeros(4, int)).losses(20.0).argmin()] < 1.5


def test_the_threshold_moves_towards_what_is_seen() -> None:
    similarities = np.full((20, 2), 0.5)
    owners = np.zeros(20, int)
    similarities[:, 1] = 0.1
    assert seen(similarities, owners).threshold(before=0.3, now=0.4) == pytest.approx(0.5)
    assert seen(similarities, owners).threshold(before=0.5, now=0.6) == pytest.approx(0.6)


def test_a_threshold_that_would_tell_no_stranger_is_none() -> None:
    """With its own class away, every picture would pass for one of the other class."""
    owners = np.array([0, 1])
    held_out = replace(seen(np.array([[0.5, 0.45], [0.4, 0.6]]), owners), evidence=np.zeros(2))
    assert held_out.threshold(before=0.42, now=0.42) == 0.42
    assert np.isnan(held_out.threshold(before=0.39, now=0.39))
