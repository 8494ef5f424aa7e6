"""Arithmetic on boxes."""

import numpy as np

from fsl_demo.inference.boxes import overlaps


def test_overlaps_of_boxes() -> None:
    left, top = (0.0, 0.0, 0.4, 1.0), (0.0, 0.0, 1.0, 0.3)
    ratios = overlaps(np.array([left, top]), np.array([(0.0, 0.0, 0.4, 0.5), (0.5, 0.5, 0.5, 0.5)]))
    np.testing.assert_allclose(ratios, [[0.5, 0], [0.12 / (0.3 + 0.2 - 0.12), 0]])
    assert overlaps(np.zeros((0, 4)), np.array([left])).shape == (0, 1)
