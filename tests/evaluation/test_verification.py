"""Pair verification: thresholds against all thresholds, folds against leaks."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.evaluation.verification import accuracy, across_folds, best_threshold, similarities, verify, verify_folds


def best_of_all(scores: np.ndarray, same: np.ndarray) -> float:
    """The best accuracy that any threshold reaches: at each similarity, and above them all."""
    cuts = [*scores.tolist(), np.inf]
    return max(float(np.mean([(s >= cut) == t for s, t in zip(scores, same, strict=True)])) for cut in cuts)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("values", [2, 5, 1000])
def test_no_threshold_does_better(seed: int, values: int) -> None:
    random = np.random.default_rng(seed)
    pairs = int(random.integers(1, 30))
    scores, same = random.integers(0, values, pairs) / values, random.random(pairs) < 0.5
    assert accuracy(scores, same, best_threshold(scores, same)) == pytest.approx(best_of_all(scores, same))


def test_the_threshold_lies_in_the_middle_of_the_gap() -> None:
    assert best_threshold(np.array([0.9, 0.2, 0.8, 0.1]), np.array([1, 0, 1, 0])) == pytest.approx(0.5)


def test_equal_similarities_stay_together() -> None:
    scores, same = np.array([0.5, 0.5, 0.5, 0.1]), np.array([True, True, False, False])
    assert best_threshold(scores, same) == pytest.approx(0.3)
    assert accuracy(scores, same, best_threshold(scores, same)) == 0.75


@pytest.mark.parametrize("pairs", [2, 10, 600])
def test_a_constant_score_is_right_for_half_of_balanced_pairs(pairs: int) -> None:
    scores, same = np.ones(pairs, np.float32), np.arange(pairs) < pairs // 2
    for truth in (same, ~same, np.random.default_rng(0).permutation(same)):
        assert accuracy(scores, truth, best_threshold(scores, truth)) == 0.5


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("start", [1.0, 0.99999994, -0.3, 1e-30, 0.0])
def test_neighbouring_numbers_are_told_apart(kind: type, start: float) -> None:
    below = kind(start)
    above = np.nextafter(below, kind(2), dtype=kind)
    scores, same = np.array([below, above], kind), np.array([False, True])
    assert accuracy(scores, same, best_threshold(scores, same)) == 1.0


def test_only_the_other_folds_choose_a_folds_threshold() -> None:
    same = np.arange(20) < 10
    good = np.where(same, 0.8, 0.2)
    shifted = good + 1.0  # right by a threshold of its own, wrong by the others'
    assert across_folds([(good, same), (shifted, same)]) == [0.5, 0.5]
    assert across_folds([(good, same)] * 3 + [(shifted, same)]) == [1.0, 1.0, 1.0, 0.5]
    assert across_folds([(good, same)] * 3) == [1.0] * 3


def test_the_figure_of_folds_is_their_mean() -> None:
    same = np.arange(20) < 10
    good, useless = np.where(same, 0.8, 0.2), np.full(20, 0.5)
    report = verify_folds("siamese", [(good, same), (good, same), (useless, same), (good, same)])
    assert (report.pairs, report.folds, report.accuracy) == (80, 4, pytest.approx(0.875))
    assert report.low < report.accuracy < report.high
    assert "mean of 4 folds" in report.markdown() and "87.50%" in report.markdown()


class Redness:
    """Pictures are of one class when they are equally red."""

    shift = 0.0

    def verify(self, first: Sequence[Picture], second: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        red = [[np.asarray(picture.image())[0, 0, 0] / 255 for picture in pictures] for pictures in (first, second)]
        return self.shift - np.abs(np.array(red[0]) - np.array(red[1]))


def picture(red: int) -> Picture:
    return from_image(Image.new("RGB", (2, 2), (red, 0, 0)), f"{red}.png")


PAIRS = [(picture(a), picture(b), abs(a - b) < 50) for a, b in ((0, 10), (200, 210), (0, 200), (10, 210))]


def test_the_threshold_of_test_pairs_comes_from_validation_pairs() -> None:
    report = verify("redness", Redness(), validation=PAIRS, test=PAIRS * 10)
    assert (report.accuracy, report.pairs, report.folds, report.threshold) == (1.0, 40, 1, "validation pairs")
    assert report.low < 1 and report.as_dict()["method"] == "redness"
    far = [(picture(a), picture(b), False) for a, b in ((0, 60), (100, 160))]
    assert verify("redness", Redness(), validation=PAIRS, test=far).accuracy == 0.0


def test_files_are_read_and_named_when_they_cannot_be(tmp_path: Path) -> None:
    files = {red: tmp_path / f"{red}.png" for red in (0, 10, 200)}
    for red, file in files.items():
        Image.new("RGB", (2, 2), (red, 0, 0)).save(file)
    scores, same = similarities(Redness(), [(files[0], files[10], True), (files[0], files[200], False)])
    np.testing.assert_allclose(scores, [-10 / 255, -200 / 255])
    assert same.tolist() == [True, False]
    files[10].write_text("no picture")
    with pytest.raises(UserError, match=r"10\.png"):
        similarities(Redness(), [(files[0], files[10], True)])
