"""Arithmetic on boxes, against the region's own and cases by hand."""

import numpy as np
import pytest

from fsl_demo.core.regions import Region
from fsl_demo.inference.boxes import apart, areas, as_box, overlaps


def drawn(count: int) -> np.ndarray:
    corners = np.sort(np.random.default_rng(0).random((count, 2, 2)), axis=1)
    return corners.reshape(count, 4)


def test_overlaps_as_regions_have_them() -> None:
    first, second = drawn(6)[:4], drawn(6)
    expected = [[Region(as_box(a)).overlap(Region(as_box(b))) for b in second] for a in first]
    np.testing.assert_allclose(overlaps(first, second), expected)
    np.testing.assert_allclose(areas(first), [Region(as_box(box)).area for box in first])


def test_boxes_without_area_overlap_nothing() -> None:
    nothing = np.array([[0.5, 0.5, 0.5, 0.5]])
    assert overlaps(nothing, np.array([[0, 0, 1, 1.0]])).item() == overlaps(nothing, nothing).item() == 0


def test_of_boxes_that_overlap_the_best_stays() -> None:
    """The third overlaps the second alone, which has gone; of equal scores, the first comes first."""
    boxes = np.array([[0, 0, 4, 1], [1, 0, 5, 1], [2, 0, 6, 1], [0, 5, 1, 6.0], [8, 8, 9, 9]])
    assert apart(boxes, np.array([0.9, 0.8, 0.7, 0.7, 0.95]), most=0.5).tolist() == [4, 0, 2, 3]
    assert apart(boxes, np.array([0.9, 0.8, 0.7, 0.7, 0.95]), most=0.7).tolist() == [4, 0, 1, 2, 3]


@pytest.mark.parametrize("most", [0.0, 1.0])
def test_no_boxes(most: float) -> None:
    assert apart(np.zeros((0, 4)), np.zeros(0), most).tolist() == []
