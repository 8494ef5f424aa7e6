"""Average precision of boxes, worked out on paper and by pycocotools."""

from __future__ import annotations

from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pytest

from fsl_demo.core.regions import Region
from fsl_demo.evaluation import detection as module
from fsl_demo.evaluation.boxes import Detections, Truth, of_regions, of_scores
from fsl_demo.evaluation.detection import average_precisions, detection, matched

LEFT, RIGHT, TOP = (0.0, 0.0, 0.4, 1.0), (0.6, 0.0, 1.0, 1.0), (0.0, 0.0, 1.0, 0.3)
NOWHERE = (0.45, 0.9, 0.55, 1.0)


def truth(*objects: tuple[tuple[float, ...], int], difficult: tuple[int, ...] = ()) -> Truth:
    return Truth(
        boxes=np.array([box for box, _ in objects], float).reshape(-1, 4),
        labels=np.array([label for _, label in objects], int),
        difficult=np.array([number in difficult for number in range(len(objects))], bool),
    )


def detected(*regions: tuple[tuple[float, ...], int, float]) -> Detections:
    return Detections(
        boxes=np.array([box for box, _, _ in regions], float).reshape(-1, 4),
        labels=np.array([label for _, label, _ in regions], int),
        scores=np.array([score for _, _, score in regions], float),
    )


def of_first_class(truths: list[Truth], detections: list[Detections]) -> float:
    return detection(truths, detections, classes=1).of_class[0]


def test_average_precision_on_paper() -> None:
    """Right, wrong, right of three objects: precision 1 up to recall 1/3, 2/3 up to 2/3, nothing above."""
    truths = [truth((LEFT, 0), (RIGHT, 0)), truth((TOP, 0))]
    detections = [detected((LEFT, 0, 0.9), (NOWHERE, 0, 0.8)), detected((TOP, 0, 0.7))]
    recalls = np.linspace(0, 1, 101)
    expected = ((recalls <= 1 / 3).sum() + (2 / 3) * ((recalls > 1 / 3) & (recalls <= 2 / 3)).sum()) / 101
    assert of_first_class(truths, detections) == pytest.approx(expected)


def test_a_second_box_on_the_same_object_is_wrong() -> None:
    once = detected((LEFT, 0, 0.9), (RIGHT, 0, 0.5))
    twice = detected((LEFT, 0, 0.9), (LEFT, 0, 0.8), (RIGHT, 0, 0.5))
    objects = [truth((LEFT, 0), (RIGHT, 0))]
    assert of_first_class(objects, [once]) == pytest.approx(1.0)
    assert of_first_class(objects, [twice]) == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_a_difficult_object_is_neither_missed_nor_are_boxes_on_it_wrong() -> None:
    objects = [truth((LEFT, 0), (RIGHT, 0), difficult=(1,))]
    assert of_first_class(objects, [detected((LEFT, 0, 0.4))]) == pytest.approx(1.0)
    both = detected((RIGHT, 0, 0.9), (RIGHT, 0, 0.8), (LEFT, 0, 0.4))
    assert of_first_class(objects, [both]) == pytest.approx(1.0)


def test_a_small_box_within_a_difficult_object_is_wrong() -> None:
    """COCO would take it for a part of a crowd."""
    objects = [truth((LEFT, 0), (RIGHT, 0), difficult=(1,))]
    within = detected(((0.7, 0.4, 0.8, 0.6), 0, 0.9), (LEFT, 0, 0.4))
    assert of_first_class(objects, [within]) == pytest.approx(0.5)


def test_pictures_with_nothing_in_them() -> None:
    truths = [truth(), truth((LEFT, 0))]
    nothing = detection(truths, [detected(), detected()], classes=2)
    assert nothing.at_half.value == 0 and np.isnan(nothing.of_class[1])
    wrong = detection(truths, [detected((TOP, 0, 0.9)), detected((LEFT, 0, 0.4))], classes=2)
    assert wrong.of_class[0] == pytest.approx(0.5)


def test_a_box_counts_by_how_far_it_overlaps() -> None:
    close = (0.0, 0.0, 0.4, 0.72)
    figures = detection([truth((LEFT, 0))], [detected((close, 0, 0.9))], classes=1)
    assert figures.at_half.value == pytest.approx(1.0)
    assert figures.coco.value == pytest.approx(0.5)  # at 0.5, 0.55, 0.6, 0.65 and 0.7


def crowd(pictures: int, seed: int = 0) -> tuple[list[Truth], list[Detections]]:
    """Pictures with objects of three classes, and boxes near them and elsewhere."""
    random = np.random.default_rng(seed)
    truths, detections = [], []
    for _ in range(pictures):
        count = int(random.integers(0, 4))
        corners = random.uniform(0, 0.6, (count, 2))
        boxes = np.concatenate([corners, corners + random.uniform(0.1, 0.4, (count, 2))], axis=1)
        labels = random.integers(0, 3, count)
        truths.append(Truth(boxes, labels, np.zeros(count, bool)))
        near = np.clip(np.repeat(boxes, 2, axis=0) + random.normal(0, 0.03, (2 * count, 4)), 0, 1)
        near = np.concatenate([near, [[0.1, 0.1, 0.3, 0.3]]])
        guessed = np.where(random.uniform(size=len(near)) < 0.8, [*np.repeat(labels, 2), 0], 1)
        detections.append(Detections(near, guessed, random.uniform(size=len(near))))
    return truths, detections


def test_without_difficult_objects_it_is_what_pycocotools_says() -> None:
    truths, detections = crowd(30)
    with redirect_stdout(StringIO()):
        sides = [module._coco(30, 3, module._annotations(boxes)) for boxes in (truths, detections)]
        official = module.COCOeval(*sides, "bbox")
        official.params.areaRng, official.params.areaRngLbl = [[0, 10]], ["all"]
        official.params.maxDets = [100]
        official.evaluate()
        official.accumulate()
    precision = official.eval["precision"][:, :, :, 0, 0]
    figures = detection(truths, detections, classes=3)
    assert figures.at_half.value == pytest.approx(precision[0].mean())
    assert figures.coco.value == pytest.approx(precision.mean())


def test_pictures_drawn_again_count_as_often_as_they_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    truths, detections = crowd(6)
    drawn = np.array([[1, 1, 1, 1, 1, 1], [3, 0, 1, 0, 2, 0]])
    monkeypatch.setattr(module, "counts", lambda _: drawn)
    repeated = [number for number, often in enumerate(drawn[1]) for _ in range(often)]
    matches = list(matched(truths, detections, 3))
    again = [average_precisions(item)[:, 1] for item in matches]
    monkeypatch.setattr(module, "counts", lambda count: np.ones((1, count)))
    copies = matched([truths[n] for n in repeated], [detections[n] for n in repeated], 3)
    for precisions, item in zip(again, copies, strict=True):
        np.testing.assert_allclose(precisions, average_precisions(item)[:, 0], atol=1e-6)


def test_a_difference_is_paired_by_picture() -> None:
    truths, detections = crowd(30)
    figures = detection(truths, detections, classes=3)
    low, high = figures.at_half.interval.low, figures.at_half.interval.high
    assert 0 <= low < figures.at_half.value < high <= 1
    same = (figures.at_half - figures.at_half).interval
    assert same.low == same.high == 0


def test_every_word_of_a_region_that_is_a_class_is_a_detection() -> None:
    regions = [Region(LEFT, 0.7, (("cat", 0.7), ("sky", 0.6), ("dog", 0.2))), Region(RIGHT, 0.9, (("dog", 0.9),))]
    detections = of_regions(regions, ["dog", "cat"])
    assert detections.labels.tolist() == [0, 1, 0]
    assert detections.scores.tolist() == [0.9, 0.7, 0.2]
    assert detections.boxes[1].tolist() == list(LEFT)
    assert len(of_regions([], ["dog"]).boxes) == 0


def test_boxes_with_scores_lose_repeats_within_a_class() -> None:
    boxes = np.array([LEFT, (0.0, 0.0, 0.4, 0.9), RIGHT])
    detections = of_scores(boxes, np.array([[0.9, 0.1], [0.8, 0.3], [0.2, 0.05]], np.float32))
    rows = list(zip(detections.labels.tolist(), [round(score, 2) for score in detections.scores.tolist()], strict=True))
    assert rows == [(0, 0.9), (1, 0.3), (0, 0.2), (1, 0.05)]
