"""The box operators of torchvision in PyTorch and NumPy, for where its own library does not load: `nms`, `roi_align`.

A convolutional detector needs these two. They give what torchvision's CPU kernels give.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

BLOCK = 256
"""Boxes that are compared with all that follow them in one step."""


def declare() -> torch.library.Library:
    """Declare the operators and make torchvision use them; its operators last as long as what is returned.

    torchvision finds out at its import whether its library loads, and refuses these functions where it does not.
    """
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define(
        "roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width,"
        " int sampling_ratio, bool aligned) -> Tensor"
    )
    library.impl("nms", nms, "CPU")
    library.impl("roi_align", roi_align, "CompositeImplicitAutograd")
    import torchvision  # noqa: F401  (which `ops.roi_align` of is the function, not the module)

    boxes, align = (sys.modules[f"torchvision.ops.{name}"] for name in ("boxes", "roi_align"))
    for module in (boxes, align):
        vars(module)["_assert_has_ops"] = lambda: None
    vars(align)["_has_ops"] = lambda: True
    return library


def nms(dets: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Greedy non-maximum suppression: a box goes where it overlaps a better one that stays by more than the threshold.

    Args:
        dets: boxes, left top right bottom, [N, 4].
        scores: [N]; of equal ones, the first is the better.

    Returns:
        Indices of the boxes that stay, best first, int64.
    """
    order = torch.argsort(scores, descending=True, stable=True)
    edges = dets.detach()[order].T.contiguous()
    alive = torch.ones(len(order), dtype=torch.bool)
    for start in range(0, len(order), BLOCK):
        block = start + alive[start : start + BLOCK].nonzero()[:, 0]
        kept = block[_greedy(_overlap(edges[:, block], edges[:, block], iou_threshold))]
        alive[start : start + BLOCK] = False
        alive[kept] = True
        rest = start + BLOCK + alive[start + BLOCK :].nonzero()[:, 0]
        alive[rest] = ~_overlap(edges[:, kept], edges[:, rest], iou_threshold).any(dim=0)
    return order[alive]


def _greedy(overlap: Tensor) -> Tensor:
    """Which of the boxes stay, where none of those overlap, best first; bool [N]."""
    rows = overlap.numpy()
    alive = np.ones(len(rows), bool)
    for row in range(len(rows)):
        if alive[row]:
            alive[row + 1 :] &= ~rows[row, row + 1 :]
    return torch.from_numpy(alive)


def _overlap(first: Tensor, second: Tensor, threshold: float) -> Tensor:
    """Whether the intersection over union is above the threshold, bool [F, S]; the edges are [4, F] and [4, S].

    It is not for two boxes without an area.
    """
    wide, high = (
        (torch.minimum(first[axis + 2, :, None], second[axis + 2]) - torch.maximum(first[axis, :, None], second[axis]))
        for axis in (0, 1)
    )
    shared = wide.clamp_(min=0).mul_(high.clamp_(min=0))
    area, other = ((edges[2] - edges[0]) * (edges[3] - edges[1]) for edges in (first, second))
    return shared.div_(area[:, None] + other - shared) > threshold


def roi_align(
    input: Tensor,
    rois: Tensor,
    spatial_scale: float,
    pooled_height: int,
    pooled_width: int,
    sampling_ratio: int,
    aligned: bool,
) -> Tensor:
    """Features of boxes: the mean of bilinear samples in each cell of a grid (Mask R-CNN, He et al. 2017, section 3).

    Args:
        input: maps [N, C, H, W].
        rois: index of the map, left, top, right, bottom, [K, 5].
        spatial_scale: places of the map for a unit of the boxes.
        sampling_ratio: samples of a cell along each axis; 0 or below takes one a place of the map.
        aligned: whether a place's value lies in its middle; if not, a box is at least one place wide and high.

    Returns:
        [K, C, pooled_height, pooled_width].
    """
    edges = rois[:, 1:].detach() * spatial_scale - (0.5 if aligned else 0.0)
    begin, extent = edges[:, :2], edges[:, 2:] - edges[:, :2]
    if not aligned:
        extent = extent.clamp(min=1.0)
    cells = extent / extent.new_tensor([pooled_width, pooled_height])
    taken = torch.full_like(cells, sampling_ratio) if sampling_ratio > 0 else cells.ceil().clamp(min=0)
    pooled = input.new_zeros(len(rois), pooled_height * pooled_width, input.shape[1])
    rows = input.permute(0, 2, 3, 1).flatten(0, 2).contiguous()
    for samples in taken.unique(dim=0):
        if not samples.all():
            continue
        chosen = (taken == samples).all(dim=1).nonzero()[:, 0]
        across, down = (
            _taps(begin[chosen, axis], cell=cells[chosen, axis], samples=int(samples[axis]), bins=bins, places=places)
            for axis, bins, places in ((0, pooled_width, input.shape[3]), (1, pooled_height, input.shape[2]))
        )
        first = rois[chosen, 0].long()[:, None, None, None, None] * (input.shape[2] * input.shape[3])
        indices = first + down.places[:, :, None, :, None] * input.shape[3] + across.places[:, None, :, None, :]
        weights = down.weights[:, :, None, :, None] * across.weights[:, None, :, None, :]
        sums = functional.embedding_bag(
            indices.flatten(3).flatten(0, 2), rows, mode="sum", per_sample_weights=weights.flatten(3).flatten(0, 2)
        )
        pooled = pooled.index_copy(0, chosen, sums.view(len(chosen), *pooled.shape[1:]))
    return pooled.transpose(1, 2).reshape(len(rois), input.shape[1], pooled_height, pooled_width)


@dataclass(frozen=True)
class _Taps:
    """Along one axis: the places that the samples of each cell lie between, and what each adds to the cell's mean.

    Attributes:
        places, weights: [boxes, cells, twice the samples].
    """

    places: Tensor
    weights: Tensor


def _taps(begin: Tensor, cell: Tensor, samples: int, bins: int, places: int) -> _Taps:
    """A sample more than a place outside the map counts as zero; one just outside has the value of the edge."""
    offsets = torch.arange(bins)[:, None] + (torch.arange(samples) + 0.5) / samples
    at = begin[:, None, None] + cell[:, None, None] * offsets.to(cell)
    inside = (at >= -1.0) & (at <= places)
    at = at.clamp(0, places - 1)
    low = at.long()
    high = (low + 1).clamp(max=places - 1)
    share = at - low
    weights = torch.cat([1 - share, share], dim=2) * inside.repeat(1, 1, 2) / samples
    return _Taps(torch.cat([low, high], dim=2), weights)
