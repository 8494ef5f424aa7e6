"""S3Net's dual adaptive loss (Xue et al. 2022, "S3Net: Spectral-Spatial Siamese Network for Few-Shot Hyperspectral
Image Classification"): a contrastive loss weighted by how alike two centres are, and a cross-entropy of both branches.

Its pairs are hyperspectral patches with a centre pixel. A photograph has none: the globally pooled map stands in.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, cross_entropy

MARGIN = 1.25


def weighted_contrastive(
    distances: Tensor, same: Tensor, first: Tensor, second: Tensor, margin: float = MARGIN, power: int = 2
) -> Tensor:
    """`1/2N sum[y (1 - c) d^p + (1 - y) c max(m - d, 0)^p]`, c being the cosine of two centres.

    Cosines below 0 count as 0, and no gradient goes through them.

    Args:
        distances: [P], none negative.
        same: [P], true where both are of one class.
        first, second: centre vectors, [P, D].
        power: 2 as in the authors' code, 1 without squares.
    """
    alike = cosine_similarity(first, second).clamp(0, 1).detach()
    together = (1 - alike) * distances**power
    apart = alike * (margin - distances).clamp(min=0) ** power
    return torch.where(same.bool(), together, apart).mean() / 2


class AdaptiveCrossEntropy(nn.Module):
    """Cross-entropy of `softmax(alpha z_i + beta z_j)`, both weights learned, 0.5 at the start."""

    def __init__(self) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.tensor(0.5))
        self.beta = nn.Parameter(torch.tensor(0.5))

    def forward(self, first: Tensor, second: Tensor, labels: Tensor) -> Tensor:
        """Class outputs [B, C] of the two branches, labels [B]."""
        return cross_entropy(self.alpha * first + self.beta * second, labels)
