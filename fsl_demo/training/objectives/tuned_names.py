"""What the fine-tuning of the built-in vision-language model minimises: the cross-entropy of pictures with the names of
their classes, under a low-rank change of what the head makes of pictures, which is kept near no change.

Texts stay as they are: of z'Mh, one side is enough, and every other text keeps its place.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from fsl_demo.layers.low_rank import LowRank
from fsl_demo.training.objectives.tuned_space import PULL, RANK
from fsl_demo.training.setup import Objective

SIZE, STEPS = 64, 60
"""Pictures a step, at most, and steps an epoch."""
SCALE = 20.0
"""What similarities are multiplied with at the start; learned."""


class TunedNamesObjective(Objective):
    """A change of pictures in the space of the heads.

    Args:
        texts: of the classes, the heads' part, as long as it counts, [C, D].
    """

    texts: Tensor

    def __init__(self, texts: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("texts", torch.from_numpy(texts), persistent=False)
        self.change = LowRank(texts.shape[1], outputs=texts.shape[1], rank=RANK)
        self.scale = nn.Parameter(torch.tensor(SCALE).log())

    def similarities(self, batch: Tensor) -> Tensor:
        """With each class, [N, C], from [N, D + C]: what the head makes of pictures, and what else they share with the
        texts, which stays as it is."""
        values, others = batch.split([self.texts.shape[1], len(self.texts)], dim=1)
        return normalize(values + self.change(values)) @ self.texts.T + others

    def forward(self, batch: Tensor, labels: Tensor) -> Tensor:
        loss = cross_entropy(self.scale.exp() * self.similarities(batch).float(), labels)
        return loss + PULL * self.change.change().square().sum() / self.texts.shape[1]

    def batches(self, labels: np.ndarray, seed: int, epoch: int) -> Iterator[np.ndarray]:
        random = np.random.default_rng((seed, epoch))
        for _ in range(STEPS):
            yield random.permutation(len(labels))[:SIZE]
