"""What methods that learn from labelled pictures minimise.

A batch is pictures, each augmented on its own, and their labels. The parts that are shipped are called `embedder` and
`attention`; the rest serves training only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from fsl_demo.backbones.embedder import Embedder
from fsl_demo.datasets.pairs import PairSampler
from fsl_demo.layers.cross_attention import CrossAttention
from fsl_demo.losses import cross_attention as can_losses
from fsl_demo.losses.contrastive import batch_contrastive, distances
from fsl_demo.losses.margin_softmax import MarginSoftmax
from fsl_demo.losses.s3net import AdaptiveCrossEntropy, weighted_contrastive
from fsl_demo.training.batches import Episodes, grouped
from fsl_demo.training.setup import Objective

SHIPPED = ("embedder", "attention")


@dataclass(frozen=True)
class Sampling:
    """How batches are drawn: `size` pictures, `together` of one class; `way`, `shot`, `queries` of episodes."""

    size: int
    together: int = 4
    way: int = 5
    shot: int = 1
    queries: int = 6
    episodes: int = 0
    """Episodes an epoch, for methods that learn from episodes."""


class MetricObjective(Objective):
    """An embedder and how its batches are drawn.

    Attributes:
        attention: what compares maps, where a method compares maps and not vectors.
        frozen: the embedder stays as the checkpoint to begin with has it.
    """

    frozen = False

    def __init__(self, embedder: Embedder, sampling: Sampling) -> None:
        super().__init__()
        self.embedder, self.sampling = embedder, sampling
        self.attention: CrossAttention | None = None


class Siamese(MetricObjective):
    """Contrastive loss (Hadsell et al. 2006) on the pairs of a batch, with a margin softmax beside it if asked for.

    Each member of the network has losses of its own.
    """

    def __init__(
        self,
        embedder: Embedder,
        classes: int,
        sampling: Sampling,
        margin: float = 1.0,
        softmax: tuple[float, float, float] | None = None,
        twins: bool = False,
    ) -> None:
        """`softmax` is its weight, scale and margin; with `twins`, a class's only picture comes twice, changed in two
        ways, as instance discrimination has it (Dosovitskiy et al. 2014, arXiv:1406.6909)."""
        super().__init__(embedder, sampling)
        self.twins = twins
        self.margin, members = margin, embedder.architecture.members
        self.softmax_weight = softmax[0] if softmax else 0.0
        self.softmax = nn.ModuleList(
            MarginSoftmax(embedder.channels // members, classes=classes, scale=softmax[1], margin=softmax[2])
            for _ in range(members)
            if softmax
        )

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        vectors = self.embedder(images)
        members = self.embedder.architecture.members
        parts = [normalize(part) for part in vectors.chunk(members, 1)] if members > 1 else [vectors]
        with torch.autocast(images.device.type, enabled=False):  # cosines are told apart by less than half precision
            losses = [batch_contrastive(part, labels, self.margin) for part in parts]
            for softmax, part in zip(self.softmax, parts, strict=False):
                losses.append(self.softmax_weight * softmax(part, labels))
        return torch.stack(losses).sum() / len(parts)

    def batches(self, labels: np.ndarray, seed: int, epoch: int) -> Iterator[np.ndarray]:
        sampling, rows = self.sampling, np.arange(len(labels))
        if self.twins:
            alone = np.flatnonzero(np.bincount(labels)[labels] == 1)
            rows = np.concatenate([rows, alone])
        drawn = grouped(labels[rows], size=sampling.size, together=sampling.together, seed=seed, epoch=epoch)
        return (rows[batch] for batch in drawn)


class S3Net(MetricObjective):
    """S3Net's dual adaptive loss (Xue et al. 2022) on pairs of photographs.

    Centre vectors are the pooled maps of the backbone, d is the distance of the unit vectors. The cross-entropy of
    both branches needs one label for both: a pair of one class has it; in place of a pair of two classes, both branches
    see the first picture, augmented twice.
    """

    def __init__(
        self, embedder: Embedder, classes: int, sampling: Sampling, weight: float = 1.0, scale: float = 16.0
    ) -> None:
        super().__init__(embedder, sampling)
        self.weight, self.scale = weight, scale
        self.classifier = nn.Linear(embedder.channels, classes)
        self.entropy = AdaptiveCrossEntropy()

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        maps = self.embedder.backbone(images)
        centres = maps.float().mean((2, 3))
        first, second, again = self.embedder.vectors(maps).chunk(3)
        label, other, _ = labels.chunk(3)
        same = label == other
        centre, other_centre, _ = centres.chunk(3)
        contrast = weighted_contrastive(distances(first, second), same=same, first=centre, second=other_centre)
        branch = torch.where(same[:, None], second, again)
        entropy = self.entropy(self.classifier(self.scale * first), self.classifier(self.scale * branch), label)
        return contrast + self.weight * entropy

    def batches(self, labels: np.ndarray, seed: int, epoch: int) -> Iterator[np.ndarray]:
        pairs = max(1, self.sampling.size // 3)
        first, second, _ = PairSampler(labels, seed).draw(epoch, len(labels) // (3 * pairs) * pairs)
        for start in range(0, len(first) - pairs + 1, pairs):
            chosen = slice(start, start + pairs)
            yield np.concatenate([first[chosen], second[chosen], first[chosen]])


class Can(MetricObjective):
    """The Cross Attention Network's two losses (Hou et al. 2019) on several episodes at once.

    With `frozen`, the embedder stays as a checkpoint has it, and the attention alone is learned.
    """

    def __init__(self, embedder: Embedder, classes: int, sampling: Sampling, frozen: bool = False) -> None:
        super().__init__(embedder.requires_grad_(not frozen), sampling)
        self.frozen = frozen
        self.attention: CrossAttention = CrossAttention(embedder.size)
        self.classifier = nn.Conv1d(embedder.channels, classes, 1)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        way, shot, queries = self.sampling.way, self.sampling.shot, self.sampling.queries
        size, losses = way * (shot + queries), []
        if self.frozen:
            self.embedder.eval()
        maps = self.embedder.maps(images).float()
        truth = torch.arange(way, device=maps.device).repeat_interleave(queries)
        for episode, episode_labels in zip(maps.split(size), labels.split(size), strict=True):
            classes = episode[: way * shot].unflatten(0, (way, shot)).mean(1)
            attended = self.attention(classes, episode[way * shot :])
            near = can_losses.nearest_neighbour(attended.classes, attended.queries, truth)
            own = attended.queries[torch.arange(len(truth)), truth]
            losses.append(can_losses.of_positions(self.classifier(own), episode_labels[way * shot :]) + 0.5 * near)
        return torch.stack(losses).mean()

    def batches(self, labels: np.ndarray, seed: int, epoch: int) -> Iterator[np.ndarray]:
        sampling, random = self.sampling, np.random.default_rng((seed, epoch))
        episodes = Episodes(labels, way=sampling.way, shot=sampling.shot, queries=sampling.queries)
        each = max(1, sampling.size // (sampling.way * (sampling.shot + sampling.queries)))
        for _ in range(sampling.episodes // each):
            rows = [np.concatenate([part.ravel() for part in episodes.draw(random)]) for _ in range(each)]
            yield np.concatenate(rows)
