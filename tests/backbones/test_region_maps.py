"""Means of maps over boxes, against torchvision's RoIAlign and cases by hand."""

import numpy as np
import pytest
import torch

from fsl_demo import runtime
from fsl_demo.backbones.region_maps import SAMPLES, pooled


def test_as_torchvisions_roi_align_with_one_bin() -> None:
    runtime.guard_torchvision()
    ops = pytest.importorskip("torchvision.ops")
    random = np.random.default_rng(0)
    maps = random.normal(size=(5, 6, 9)).astype(np.float32)
    corners = np.sort(random.random((20, 2, 2)), axis=1)
    boxes = np.concatenate([corners[:, 0], corners[:, 1]], axis=1).astype(np.float32)
    places = torch.from_numpy(boxes * np.array([9, 6, 9, 6], np.float32))
    expected = ops.roi_align(
        torch.from_numpy(maps)[None], [places], output_size=1, sampling_ratio=SAMPLES, aligned=True
    )[:, :, 0, 0]
    np.testing.assert_allclose(pooled(maps, boxes), expected.numpy(), atol=1e-5)


def test_a_box_sees_only_what_it_covers() -> None:
    maps = np.zeros((1, 4, 4), np.float32)
    maps[0, :2, :2] = 8
    boxes = np.array([[0, 0, 0.25, 0.25], [0.75, 0.75, 1, 1]], np.float32)
    assert pooled(maps, boxes).ravel().tolist() == pytest.approx([8, 0])


def test_the_whole_of_an_even_map_and_a_box_without_area() -> None:
    maps = np.full((2, 3, 3), 5, np.float32)
    np.testing.assert_allclose(pooled(maps, np.array([[0, 0, 1, 1], [0.4, 0.4, 0.4, 0.4]], np.float32)), 5, rtol=1e-6)


def test_no_boxes_give_no_rows() -> None:
    assert pooled(np.ones((3, 2, 2), np.float32), np.zeros((0, 4), np.float32)).shape == (0, 3)
