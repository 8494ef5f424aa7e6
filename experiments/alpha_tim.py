"""Alpha-TIM (Veilleux et al. 2021, arXiv:2204.11181): TIM for queries whose classes are not equally many.

TIM's entropies are Shannon's, and the marginal one is highest where all classes are predicted equally often. Here they
are Tsallis' entropies of order alpha, H(p) = (1 - sum_k p_k^alpha) / (alpha - 1), which resist unequal classes less.
"""

from __future__ import annotations

from typing import Any

from fsl_demo import runtime

runtime.guard_torchvision()

import torch  # noqa: E402
from easyfsl.methods import TIM  # noqa: E402
from torch import Tensor  # noqa: E402
from torch.nn.functional import one_hot  # noqa: E402


class AlphaTIM(TIM):
    """Marked transductive: it learns from all queries at once.

    Args:
        alpha: order of the entropies; towards 1 it is TIM.
    """

    def __init__(self, *args: Any, alpha: float, **kwargs: Any) -> None:
        super().__init__(*args, conditional_entropy_weight=1.0, **kwargs)
        self.alpha = alpha

    def forward(self, query_images: Tensor) -> Tensor:
        """Moves the prototypes; returns cosines of the queries to them."""
        queries = self.compute_features(query_images)
        truth = one_hot(self.support_labels, len(self.prototypes)).float()
        with torch.enable_grad():
            self.prototypes.requires_grad_()
            optimiser = torch.optim.Adam([self.prototypes], lr=self.fine_tuning_lr)
            for _ in range(self.fine_tuning_steps):
                predicted = self._probabilities(queries)
                loss = self.cross_entropy_weight * self._cross_entropy(truth).mean()
                loss = loss - self.marginal_entropy_weight * self._entropy(predicted.mean(0))
                loss = loss + self.conditional_entropy_weight * self._entropy(predicted).mean()
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
        return self.cosine_distance_to_prototypes(queries).detach()

    def _probabilities(self, features: Tensor) -> Tensor:
        return (self.temperature * self.cosine_distance_to_prototypes(features)).softmax(1)

    def _entropy(self, probabilities: Tensor) -> Tensor:
        """Tsallis' entropy along the last axis."""
        return (1 - (probabilities**self.alpha).sum(-1)) / (self.alpha - 1)

    def _cross_entropy(self, truth: Tensor) -> Tensor:
        """Of the support pictures: -log p of the right class, with Tsallis' logarithm."""
        right = (self._probabilities(self.support_features) * truth).sum(1)
        return (1 - right ** (self.alpha - 1)) / (self.alpha - 1)
