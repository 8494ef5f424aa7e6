"""`nms` and `roi_align` against slow loops that are obviously right, and torchvision's detection parts with them."""

from __future__ import annotations

from math import ceil, floor

import pytest
import torch
from torch import Tensor

from fsl_demo import box_operators, runtime

NO_BOXES = torch.zeros(0, 4)


def overlap(first: list[float], second: list[float]) -> float:
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(width, 0) * max(height, 0)
    areas = [(right - left) * (bottom - top) for left, top, right, bottom in (first, second)]
    return shared / (sum(areas) - shared) if sum(areas) > shared else 0.0


def slow_nms(boxes: Tensor, scores: Tensor, threshold: float) -> list[int]:
    kept: list[int] = []
    for index in sorted(range(len(boxes)), key=lambda index: -scores[index].item()):
        if all(overlap(boxes[index].tolist(), boxes[other].tolist()) <= threshold for other in kept):
            kept.append(index)
    return kept


def sampled(plane: Tensor, x: float, y: float) -> float:
    """The value between four places, as torchvision's kernel has it."""
    height, width = plane.shape
    if y < -1 or y > height or x < -1 or x > width:
        return 0.0
    x, y = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
    left, top = floor(x), floor(y)
    right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
    upper = plane[top, left] * (1 - x + left) + plane[top, right] * (x - left)
    lower = plane[bottom, left] * (1 - x + left) + plane[bottom, right] * (x - left)
    return (upper * (1 - y + top) + lower * (y - top)).item()


def slow_roi_align(maps: Tensor, rois: Tensor, scale: float, *, size: int, samples: int, aligned: bool) -> Tensor:
    pooled = torch.zeros(len(rois), maps.shape[1], size, size)
    for k, (index, *edges) in enumerate(rois.tolist()):
        left, top, right, bottom = (edge * scale - (0.5 if aligned else 0) for edge in edges)
        width, height = right - left, bottom - top
        if not aligned:
            width, height = max(width, 1), max(height, 1)
        across, down = ((samples if samples > 0 else ceil(extent / size)) for extent in (width, height))
        for c in range(maps.shape[1]):
            for row in range(size):
                for column in range(size):
                    values = [
                        sampled(
                            maps[int(index), c],
                            x=left + width / size * (column + (i + 0.5) / across),
                            y=top + height / size * (row + (j + 0.5) / down),
                        )
                        for i in range(across)
                        for j in range(down)
                    ]
                    pooled[k, c, row, column] = sum(values) / max(len(values), 1)
    return pooled


def crowd(count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Boxes that overlap, with scores among which there are ties."""
    random = torch.Generator().manual_seed(seed)
    corners = torch.randint(0, 60, (count, 2), generator=random).float()
    sizes = torch.randint(0, 40, (count, 2), generator=random).float()
    scores = torch.randint(0, count // 3, (count,), generator=random) / count
    return torch.cat([corners, corners + sizes], dim=1), scores


@pytest.mark.parametrize("threshold", [0.0, 0.33, 0.7, 1.0])
@pytest.mark.parametrize("block", [7, 256])
def test_nms_keeps_what_a_slow_loop_keeps(threshold: float, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box_operators, "BLOCK", block)
    boxes, scores = crowd(90)
    assert box_operators.nms(boxes, scores, threshold).tolist() == slow_nms(boxes, scores, threshold)


def test_nms_of_no_boxes_and_of_boxes_without_an_area() -> None:
    none = box_operators.nms(NO_BOXES, torch.zeros(0), 0.5)
    assert none.shape == (0,) and none.dtype == torch.int64
    points = torch.tensor([[1.0, 1, 1, 1], [1.0, 1, 1, 1]])
    assert box_operators.nms(points, torch.tensor([0.1, 0.2]), 0.5).tolist() == [1, 0]


def test_of_equal_scores_the_first_box_stays() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [0.0, 0, 10, 9], [0.0, 0, 9, 10]])
    assert box_operators.nms(boxes, torch.ones(3), 0.5).tolist() == [0]


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("samples", [1, 2, 3, -1])
def test_roi_align_is_the_mean_of_bilinear_samples(samples: int, aligned: bool) -> None:
    maps = torch.randn(2, 3, 9, 12, generator=torch.Generator().manual_seed(1))
    rois = torch.tensor(
        [
            [0, 3.0, 5, 30, 28],
            [1, 0.0, 0, 48, 36],
            [1, -20.0, -9, 10, 60],
            [0, 40.0, 30, 90, 90],
            [0, 200.0, 200, 240, 240],
            [1, 7.0, 7, 7, 7],
            [0, 20.0, 20, 10, 10],
        ]
    )
    expected = slow_roi_align(maps, rois, 0.25, size=3, samples=samples, aligned=aligned)
    pooled = box_operators.roi_align(
        maps,
        rois,
        spatial_scale=0.25,
        pooled_height=3,
        pooled_width=3,
        sampling_ratio=samples,
        aligned=aligned,
    )
    torch.testing.assert_close(pooled, expected, rtol=1e-4, atol=1e-5)
    assert expected.abs().amax(dim=(1, 2, 3))[4] == 0


def test_gradients_go_through_roi_align() -> None:
    maps = torch.randn(1, 2, 5, 6, dtype=torch.float64, requires_grad=True)
    rois = torch.tensor([[0, 0.4, 0.3, 4.7, 3.9], [0, -2.0, 1, 3, 9]], dtype=torch.float64)

    def pooled(maps: Tensor) -> Tensor:
        return box_operators.roi_align(
            maps,
            rois,
            spatial_scale=1.0,
            pooled_height=2,
            pooled_width=3,
            sampling_ratio=2,
            aligned=True,
        )

    assert torch.autograd.gradcheck(pooled, (maps,))


def test_torchvision_uses_them() -> None:
    runtime.guard_torchvision()
    from torchvision import ops

    boxes, scores = crowd(60)
    groups = torch.arange(60) % 3
    apart = [slow_nms(boxes[groups == group], scores[groups == group], 0.3) for group in range(3)]
    assert len(ops.nms(boxes, scores, 0.3)) == len(slow_nms(boxes, scores, 0.3))
    assert len(ops.batched_nms(boxes, scores, groups, 0.3)) == sum(map(len, apart))
    maps = torch.randn(1, 4, 8, 8, requires_grad=True)
    ops.roi_align(maps, [boxes[:5]], output_size=2, spatial_scale=0.1, sampling_ratio=2).sum().backward()
    assert maps.grad is not None and maps.grad.abs().sum() > 0
    assert ops.roi_align(maps, [NO_BOXES], output_size=2).shape == (0, 4, 2, 2)
    poolers = ops.MultiScaleRoIAlign(["0", "1"], output_size=2, sampling_ratio=2)
    pooled = poolers({"0": torch.randn(1, 4, 16, 16), "1": torch.randn(1, 4, 8, 8)}, [boxes[:5]], [(64, 64)])
    assert pooled.shape == (5, 4, 2, 2)


def test_a_small_faster_rcnn_trains_and_detects() -> None:
    runtime.guard_torchvision()
    from torch import nn
    from torchvision.models.detection import FasterRCNN
    from torchvision.models.detection.rpn import AnchorGenerator
    from torchvision.ops import MultiScaleRoIAlign

    torch.manual_seed(0)
    backbone: nn.Module = nn.Conv2d(3, 8, kernel_size=8, stride=8)
    backbone.out_channels = 8  # type: ignore[assignment]
    network = FasterRCNN(
        backbone,
        num_classes=3,
        min_size=64,
        max_size=64,
        rpn_anchor_generator=AnchorGenerator(((16, 32),), ((1.0,),)),
        box_roi_pool=MultiScaleRoIAlign(["0"], output_size=2, sampling_ratio=2),
    )
    picture = torch.rand(3, 64, 64)
    target = {"boxes": torch.tensor([[8.0, 8, 40, 40]]), "labels": torch.tensor([1])}
    losses = network([picture], [target])
    sum(losses.values()).backward()
    assert backbone.weight.grad is not None and backbone.weight.grad.abs().sum() > 0
    regions = network.eval()([picture])[0]
    assert regions["boxes"].shape == (len(regions["scores"]), 4)
