"""What the region network minimises: Faster R-CNN's four losses, and what makes its features tell words apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, grid_sample

from fsl_demo.backbones.region_network import CLASSES, RegionNetwork
from fsl_demo.losses.regions import box_loss, class_loss, thing_loss, word_loss
from fsl_demo.training.scenes import SIDE, Scene
from fsl_demo.training.setup import Objective

CANVAS = 448
"""Pixels of a training picture's side; a multiple of the coarsest level's stride."""
SCALES, SHAPES = (0.6, 1.6), (0.85, 1.18)
"""Of a picture that just fits the canvas; how much wider than high it may become."""
LEAST_SEEN, LEAST_SIDE = 0.35, 6
"""Share of a thing that has to be on the canvas, and the pixels of its shorter side there."""
BATCH = 32
WORDS_WEIGHT, WHOLE_WEIGHT = 0.3, 0.5
SCALE = 15.0
"""What cosines of words are multiplied with at the start; learned."""
NOTHING = -1
FROZEN_BLOCKS = 2
"""First blocks of the backbone, and its stem, that stay as ImageNet left them."""


@dataclass(frozen=True)
class Things:
    """Everything in N photographs, padded to the fullest one.

    Attributes:
        boxes: pixels of the stored canvas, [N, M, 4]; without area where there is nothing.
        labels: [N, M].
        texts: numbers of what each is called, [N, M, T], the last one repeated; `NOTHING` where it is called nothing.
        complete: [N].
        extents: width and height of each picture, [N, 2].
    """

    boxes: np.ndarray
    labels: np.ndarray
    texts: np.ndarray
    complete: np.ndarray
    extents: np.ndarray

    @classmethod
    def of(cls, scenes: list[Scene], extents: np.ndarray, numbers: dict[str, int], texts: int = 5) -> Things:
        most = max(len(scene.boxes) for scene in scenes)
        boxes, labels = np.zeros((len(scenes), most, 4), np.float32), np.zeros((len(scenes), most), int)
        called = np.full((len(scenes), most, texts), NOTHING)
        for row, (scene, extent) in enumerate(zip(scenes, extents, strict=True)):
            count = len(scene.boxes)
            boxes[row, :count], labels[row, :count] = scene.boxes * np.tile(extent, 2), scene.labels
            for column, own in enumerate(scene.texts):
                if own:
                    called[row, column] = [numbers[own[min(number, len(own) - 1)]] for number in range(texts)]
        return cls(boxes, labels, called, np.array([scene.complete for scene in scenes]), extents)


class DetectorObjective(Objective):
    """A region network, and what it learns to find.

    Args:
        network: with ImageNet's weights in its trunk.
        things: of the training pictures.
        vectors: of all texts, [T, D].
        batch: pictures a step.
        whole: also train the backbone, but for its first blocks.
    """

    def __init__(
        self, network: RegionNetwork, things: Things, vectors: np.ndarray, batch: int = BATCH, whole: bool = True
    ) -> None:
        super().__init__()
        self.network, self.batch = network, batch
        self.scale = nn.Parameter(torch.tensor(SCALE).log())
        frozen: list[nn.Module] = [network.trunk.stem, *network.trunk.blocks[: FROZEN_BLOCKS if whole else None]]
        for module in frozen:
            module.requires_grad_(False)
        self._boxes: Tensor
        self._labels: Tensor
        self._texts: Tensor
        self._complete: Tensor
        self._extents: Tensor
        self._vectors: Tensor
        for name, array in {**vars(things), "vectors": vectors}.items():
            self.register_buffer(f"_{name}", torch.from_numpy(array), persistent=False)

    def forward(self, images: Tensor, rows: Tensor) -> Tensor:
        """The loss of some pictures, uint8 [B, SIDE, SIDE, 3], by their numbers [B]."""
        images, targets = self._changed(images, rows)
        size = (CANVAS, CANVAS)
        maps = self.network.trunk(images)
        proposed, losses = self.network.propose(maps, images, sizes=[size] * len(images), targets=targets)
        boxes, matched, labels, moves = self.network.samples.select_training_samples(proposed, targets)
        counts = [len(label) for label in labels]
        heads = self.network.read(maps, boxes, size)
        label = torch.cat(labels)
        complete = self._complete[rows].repeat_interleave(torch.tensor(counts, device=rows.device))
        spoken = torch.cat(
            [
                target["texts"][match] if len(target["texts"]) else match
                for target, match in zip(targets, matched, strict=True)
            ]
        )
        named = (label > 0) & (spoken != NOTHING)
        words = self.network.words(heads.features[named]).float()
        loss: Tensor = sum(losses.values(), torch.zeros((), device=images.device))
        loss = loss + class_loss(heads.classes, label, complete) + thing_loss(heads.things, label, complete)
        loss = loss + box_loss(heads.boxes, torch.cat(moves), label)
        loss = loss + WORDS_WEIGHT * word_loss(
            words, own=spoken[named], texts=self._vectors, scale=self.scale.exp().clamp(max=100)
        )
        return loss + WHOLE_WEIGHT * self._whole_loss(maps, targets)

    def _whole_loss(self, maps: Any, targets: list[dict[str, Any]]) -> Tensor:
        """Binary cross-entropy of which of the 20 classes a completely annotated picture shows."""
        features = self.network.read(maps, [target["extent"] for target in targets], (CANVAS, CANVAS)).features
        shown = torch.stack([_shown(target["labels"]) for target in targets])
        counted = torch.stack([target["complete"] for target in targets]).float()
        losses = binary_cross_entropy_with_logits(self.network.whole(features).float(), shown, reduction="none")
        return (losses.sum(1) * counted).sum() / counted.sum().clamp(min=1) / 4

    def _changed(self, images: Tensor, rows: Tensor) -> tuple[Tensor, list[dict[str, Any]]]:
        """Pictures scaled, stretched, moved and mirrored at random, with what is in them."""
        count, device = len(rows), images.device
        extents = self._extents[rows]

        def drawn(low: float, high: float) -> Tensor:
            return torch.empty(count, device=device).uniform_(low, high)

        scale = CANVAS / SIDE * drawn(*np.log(SCALES)).exp()
        shape = drawn(*np.log(SHAPES)).exp().sqrt()
        scales = torch.stack([scale * shape, scale / shape], 1)
        room = CANVAS - extents * scales
        offsets = room * torch.rand(count, 2, device=device)
        mirrored = torch.rand(count, device=device) < 0.5
        places = (torch.arange(CANVAS, device=device) + 0.5).expand(count, 2, CANVAS)
        places = (places - offsets[:, :, None]) / scales[:, :, None]
        across = torch.where(mirrored[:, None], extents[:, :1] - places[:, 0], places[:, 0])
        grid = torch.stack(
            [
                across[:, None, :].expand(count, CANVAS, CANVAS),
                places[:, 1, :, None].expand(count, CANVAS, CANVAS),
            ],
            3,
        )
        values = images.permute(0, 3, 1, 2).float() / 127.5 - 1
        values = grid_sample(values, 2 * grid / SIDE - 1, align_corners=False)
        values = values * drawn(0.7, 1.3)[:, None, None, None] + drawn(-0.2, 0.2)[:, None, None, None]
        grey = values.mean(1, keepdim=True)
        values = grey + (values - grey) * drawn(0.6, 1.3)[:, None, None, None]
        boxes = _mirrored(self._boxes[rows], extents[:, 0], mirrored)
        boxes = boxes * scales.repeat(1, 2)[:, None] + offsets.repeat(1, 2)[:, None]
        ends = torch.cat([offsets, offsets + extents * scales], 1).clamp(0, CANVAS)
        return values, self._targets(boxes, rows=rows, ends=ends)

    def _targets(self, boxes: Tensor, rows: Tensor, ends: Tensor) -> list[dict[str, Any]]:
        """What torchvision's stages read, of each picture: things that are still to be seen."""
        inside = boxes.clamp(0, CANVAS)
        sides, whole = inside[..., 2:] - inside[..., :2], boxes[..., 2:] - boxes[..., :2]
        seen = sides.prod(-1) / whole.prod(-1).clamp(min=1e-3)
        kept = (seen >= LEAST_SEEN) & (sides.amin(-1) >= LEAST_SIDE) & (self._labels[rows] > 0)
        texts = self._texts[rows]
        chosen = torch.randint(texts.shape[2], texts.shape[:2], device=texts.device)
        texts = texts.gather(2, chosen[..., None])[..., 0]
        return [
            {
                "boxes": inside[number][kept[number]],
                "labels": self._labels[row][kept[number]],
                "texts": texts[number][kept[number]],
                "complete": self._complete[row],
                "extent": ends[number : number + 1],
            }
            for number, row in enumerate(rows)
        ]

    def batches(self, labels: np.ndarray, seed: int, epoch: int) -> Iterator[np.ndarray]:
        """All completely annotated pictures and as many of the others, in random order."""
        random = np.random.default_rng((seed, epoch))
        complete = self._complete.cpu().numpy()
        others = np.flatnonzero(~complete)
        chosen = random.permutation(others)[: complete.sum()]
        rows = random.permutation(np.concatenate([np.flatnonzero(complete), chosen]))
        for start in range(0, len(rows) - self.batch + 1, self.batch):
            yield rows[start : start + self.batch]


def _mirrored(boxes: Tensor, widths: Tensor, which: Tensor) -> Tensor:
    """Boxes [B, M, 4] of pictures of these widths, mirrored in some of them."""
    left, top, right, bottom = boxes.unbind(2)
    other = torch.stack([widths[:, None] - right, top, widths[:, None] - left, bottom], 2)
    return torch.where(which[:, None, None], other, boxes)


def _shown(labels: Tensor) -> Tensor:
    """1 for each of the 20 classes that is among the labels, [20]."""
    shown = torch.zeros(CLASSES + 2, device=labels.device)
    shown[labels] = 1
    return shown[1 : CLASSES + 1]
