"""Regions are validated, whoever makes them."""

from __future__ import annotations

import math

import pytest

from fsl_demo.core.class_names import MAX_NAME
from fsl_demo.core.regions import Region, RegionLabel

HALF = (0.0, 0.0, 0.5, 1.0)


@pytest.mark.parametrize("box", [(0.0, 0.0, 1.0, 1.0), HALF, (0.25, 0.5, 0.26, 0.51)])
def test_boxes_in_the_picture(box: tuple[float, float, float, float]) -> None:
    assert Region(box).box == box


NOT_BOXES = pytest.mark.parametrize(
    "box",
    [
        (0.5, 0.0, 0.5, 1.0),
        (0.6, 0.0, 0.5, 1.0),
        (0.0, 0.7, 1.0, 0.3),
        (-0.1, 0.0, 0.5, 1.0),
        (0.0, 0.0, 1.01, 1.0),
        (0.0, math.nan, 1.0, 1.0),
        (0.0, 0.0, math.inf, 1.0),
    ],
)


@NOT_BOXES
def test_boxes_that_are_none(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="box"):
        Region(box)
    with pytest.raises(ValueError, match="box"):
        RegionLabel(box, "cat")


@pytest.mark.parametrize("score", [-0.1, 1.1, math.nan, math.inf])
def test_scores_out_of_range(score: float) -> None:
    with pytest.raises(ValueError, match="score"):
        Region(HALF, score)
    with pytest.raises(ValueError, match="words"):
        Region(HALF, 1.0, (("cat", score),))


def test_words_come_best_first() -> None:
    assert Region(HALF, 0.9, (("cat", 0.8), ("dog", 0.1))).words[0] == ("cat", 0.8)
    with pytest.raises(ValueError, match="best first"):
        Region(HALF, 0.9, (("dog", 0.1), ("cat", 0.8)))


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        ((-0.5, 0.2, 0.5, 1.5), (0.0, 0.2, 0.5, 1.0)),
        ((0.2, 0.2, 0.4, 0.4), (0.2, 0.2, 0.4, 0.4)),
        ((1.1, 0.0, 1.2, 1.0), None),
        ((-0.3, 0.0, 0.0, 1.0), None),
    ],
)
def test_boxes_are_cut_at_the_edges(
    box: tuple[float, float, float, float], inside: tuple[float, float, float, float] | None
) -> None:
    region = Region.within(box)
    assert (region and region.box) == inside


def test_a_box_of_no_numbers_is_not_cut() -> None:
    with pytest.raises(ValueError, match="finite"):
        Region.within((0.0, 0.0, math.nan, 1.0))


def test_area_pixels_and_overlap() -> None:
    left, top = Region(HALF), Region((0.0, 0.0, 1.0, 0.5))
    assert left.area == 0.5 and left.pixels(300, 200) == (0, 0, 150, 200)
    assert left.overlap(left) == 1.0
    assert left.overlap(top) == pytest.approx(0.25 / 0.75)
    assert left.overlap(Region((0.5, 0.0, 1.0, 1.0))) == 0.0


@pytest.mark.parametrize("name", ["", " \t", "a" * (MAX_NAME + 1)])
def test_a_region_has_a_name_that_fits(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        RegionLabel(HALF, name)


def test_what_a_person_says_of_a_region() -> None:
    label = RegionLabel(HALF, "赤い ball, große", "ana")
    assert (label.name, label.annotator, label.source) == ("赤い ball, große", "ana", "drawn")
    assert RegionLabel(HALF, "a" * MAX_NAME).annotator == ""
