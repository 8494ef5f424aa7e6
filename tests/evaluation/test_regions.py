"""Recall of proposals, labels of whole pictures, the pointing game and phrases, each counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from fsl_demo.core.episodes import Layer
from fsl_demo.datasets.flickr8k_entities import Phrase
from fsl_demo.evaluation import multi_label as labels_module
from fsl_demo.evaluation.boxes import Truth
from fsl_demo.evaluation.grounding import Grounded, grounding
from fsl_demo.evaluation.multi_label import multi_label
from fsl_demo.evaluation.pointing import maximum, middles, pointing
from fsl_demo.evaluation.proposals import recall
from tests.backbones.loaded import crops
from tests.evaluation.test_detection import LEFT, NOWHERE, RIGHT, TOP, detected, truth


def test_recall_of_the_first_regions() -> None:
    truths = [truth((LEFT, 0), (RIGHT, 1), (TOP, 0), difficult=(2,)), truth(), truth((TOP, 1))]
    regions = [np.array([NOWHERE, LEFT, RIGHT]), np.array([LEFT]), np.zeros((0, 4))]
    assert recall(truths, regions, most=2).value == pytest.approx(1 / 3)
    assert recall(truths, regions, most=3).value == pytest.approx(2 / 3)


def test_labels_of_whole_pictures_on_paper() -> None:
    """Of the first class: right, wrong, right, the difficult one left out; of the second nothing is there."""
    truths = [truth((LEFT, 0)), truth((LEFT, 0), difficult=(0,)), truth(), truth((TOP, 0), (LEFT, 0), difficult=(1,))]
    figures = multi_label(truths, np.array([[0.9, 0], [0.8, 0], [0.7, 0], [0.6, 0]]))
    assert figures.of_class[0] == pytest.approx((1 + 2 / 3) / 2) and np.isnan(figures.of_class[1])
    assert figures.mean.value == pytest.approx(figures.of_class[0])


def test_labels_are_averaged_as_scikit_learn_does(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    shown, scores = random.uniform(size=(40, 3)) < 0.3, random.uniform(size=(40, 3))
    truths = [truth(*((LEFT, label) for label in np.flatnonzero(row))) for row in shown]
    often = random.integers(0, 3, 40)
    monkeypatch.setattr(labels_module, "counts", lambda count: np.array([np.ones(count), often]))
    figures = multi_label(truths, scores)
    pairs = list(zip(shown.T, scores.T, strict=True))
    assert figures.mean.value == pytest.approx(np.mean([average_precision_score(*pair) for pair in pairs]))
    again = [average_precision_score(np.repeat(right, often), np.repeat(column, often)) for right, column in pairs]
    assert figures.mean.draws[0] == pytest.approx(np.mean(again), abs=0.02)  # of equal pictures, one comes first


def test_the_pointing_game() -> None:
    truths = [truth((LEFT, 0), (RIGHT, 0), (TOP, 1)), truth((LEFT, 1), (RIGHT, 0), difficult=(1,)), truth()]
    places = [{0: (0.7, 0.9), 1: (0.5, 0.5)}, {0: (0.9, 0.9)}, {0: (0.5, 0.5)}]
    assert pointing(truths, places).value == pytest.approx(1 / 3)  # right, beside it, and nowhere


def test_a_map_points_to_its_maximum_within_what_was_seen() -> None:
    evidence = np.zeros((2, 4), np.float32)
    evidence[1, 3] = 1
    layer = Layer(crops("cat")[0], "query", evidence, seen=(0.2, 0.0, 0.6, 1.0))
    assert maximum(layer) == pytest.approx((0.2 + 0.875 * 0.4, 0.75))
    with pytest.raises(ValueError, match="without a map"):
        maximum(Layer(crops("cat")[0], "query"))


def test_a_detector_points_to_the_middle_of_its_best_box() -> None:
    places = middles(detected((RIGHT, 1, 0.9), (LEFT, 0, 0.8), (LEFT, 1, 0.7)))
    assert places == {1: pytest.approx((0.8, 0.5)), 0: pytest.approx((0.2, 0.5))}


def test_phrases_mean_the_box_around_all_that_they_mean() -> None:
    everything = (0.0, 0.0, 1.0, 1.0)
    dog, dogs = Phrase("a dog", ("animals",), (LEFT,)), Phrase("two dogs", ("animals", "other"), (LEFT, RIGHT))
    sky = Phrase("the sky", ("scene",), (TOP,))
    pictures = [
        [Grounded(dog, np.array([LEFT, TOP])), Grounded(dogs, np.array([LEFT, everything]))],
        [Grounded(sky, np.array([NOWHERE]))],
        [],
    ]
    figures = grounding(pictures)
    assert figures.at[1].value == pytest.approx(1 / 3) and figures.at[5].value == pytest.approx(2 / 3)
    assert figures.bound.value == pytest.approx(2 / 3)
    assert figures.any_box.value == pytest.approx(2 / 3)
    assert {kind: share.value for kind, share in figures.of_kind.items()} == pytest.approx(
        {"animals": 0.5, "other": 0, "scene": 0}
    )
    assert figures.phrases == {"animals": 2, "other": 1, "scene": 1}


def test_a_picture_without_objects_counts_for_nothing() -> None:
    nothing = Truth(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0, bool))
    assert recall([nothing], [np.array([LEFT])], most=1).value == 0
    assert pointing([nothing], [{0: (0.5, 0.5)}]).value == 0
