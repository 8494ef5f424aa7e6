"""What the fine-tuning of a space of vectors minimises: a prototypical network's loss of a low-rank change of the space
(Hu et al. 2021, arXiv:2106.09685), which is kept near no change at all (L2-SP, Li et al. 2018, arXiv:1802.01483)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from fsl_demo.layers.low_rank import LowRank
from fsl_demo.losses.prototypical import prototypical
from fsl_demo.training.batches import Episodes
from fsl_demo.training.setup import Objective

RANK = 16
WAY, SHOTS, QUERIES, EPISODES = 16, (1, 2, 3), 4, 60
"""Of training episodes, at most so many each, as far as the pictures go, and how many there are an epoch."""
SCALE = 12.0
"""What cosines are multiplied with at the start; learned."""
PULL = 0.3
"""Of the change's mean square, beside the loss."""


class TunedSpaceObjective(Objective):
    """A change of a space: x + UVx, which begins as x."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.change = LowRank(channels, outputs=channels, rank=RANK)
        self.scale = nn.Parameter(torch.tensor(SCALE).log())

    def vectors(self, values: Tensor) -> Tensor:
        """Unit vectors [N, D] from what is to be changed, [N, D]."""
        return normalize(values + self.change(values))

    def forward(self, batch: Tensor, labels: Tensor) -> Tensor:
        """The loss of one episode, its classes one after the other, each with its queries at the end."""
        way = len(labels.unique())
        vectors = self.vectors(batch).float().unflatten(0, (way, -1))
        queries = min(QUERIES, vectors.shape[1] - 1)
        loss = prototypical(vectors, queries=queries, scale=self.scale.exp())
        return loss + PULL * self.change.change().square().sum() / batch.shape[1]

    def batches(self, labels: np.ndarray, seed: int, epoch: int) -> Iterator[np.ndarray]:
        random = np.random.default_rng((seed, epoch))
        counts = np.unique(labels, return_counts=True)[1]
        size = int(np.median(counts[counts > 1]))
        for _ in range(EPISODES):
            pictures = min(int(random.choice(SHOTS)) + QUERIES, size)
            way = min(WAY, int((counts >= pictures).sum()))
            support, queried = Episodes(labels, way=way, shot=1, queries=pictures - 1).draw(random)
            yield np.concatenate([support, queried], axis=1).ravel()

    def matrix(self) -> np.ndarray:
        """I + UV, float64 [D, D]: what a linear map to the space is multiplied with from the left."""
        change = self.change.change().detach().cpu().double().numpy()
        return np.eye(len(change)) + change
