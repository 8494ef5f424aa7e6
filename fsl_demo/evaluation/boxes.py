"""Boxes of pictures as arrays: what is there, what is detected, and how far boxes overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fsl_demo import runtime
from fsl_demo.core.regions import Region
from fsl_demo.datasets.voc2007 import Photograph

MOST = 100
"""Detections of a picture that count (COCO's limit)."""
OVERLAP = 0.5
"""Of two boxes of one class that overlap more, the less certain goes."""


@dataclass(frozen=True)
class Truth:
    """The objects of a picture.

    Attributes:
        boxes: left, top, right, bottom, [N, 4].
        labels: class indices, [N].
        difficult: which ones neither count as missed nor, where they are detected, as wrong, [N].
    """

    boxes: np.ndarray
    labels: np.ndarray
    difficult: np.ndarray


@dataclass(frozen=True)
class Detections:
    """What is detected on a picture, the most certain first.

    Attributes:
        boxes: left, top, right, bottom, [N, 4].
        labels: class indices, [N].
        scores: [N].
    """

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray

    def best(self, most: int = MOST) -> Detections:
        order = np.argsort(-self.scores, kind="stable")[:most]
        return Detections(self.boxes[order], self.labels[order], self.scores[order])


def truth(photograph: Photograph, names: Sequence[str]) -> Truth:
    """The objects of these classes."""
    things = [thing for thing in photograph.things if thing.name in names]
    return Truth(
        boxes=np.array([thing.box for thing in things], float).reshape(-1, 4),
        labels=np.array([names.index(thing.name) for thing in things], int),
        difficult=np.array([thing.difficult for thing in things], bool),
    )


def of_regions(regions: Sequence[Region], names: Sequence[str]) -> Detections:
    """A detection for each word of a region that is the name of a class."""
    rows = [
        (region.box, names.index(word), score) for region in regions for word, score in region.words if word in names
    ]
    return Detections(
        boxes=np.array([box for box, _, _ in rows], float).reshape(-1, 4),
        labels=np.array([label for _, label, _ in rows], int),
        scores=np.array([score for _, _, score in rows], float),
    ).best()


def of_scores(boxes: np.ndarray, scores: np.ndarray) -> Detections:
    """From scores [R, C] of boxes [R, 4] for each class, those above 0, without repeats that overlap."""
    runtime.guard_torchvision()
    import torch
    from torchvision.ops import nms

    kept = [
        (row, label)
        for label in range(scores.shape[1])
        for row in nms(torch.from_numpy(boxes).float(), torch.from_numpy(scores[:, label]), OVERLAP).tolist()
        if scores[row, label] > 0
    ]
    rows, labels = np.array(kept, int).reshape(-1, 2).T
    return Detections(boxes[rows], labels, scores[rows, labels]).best()
