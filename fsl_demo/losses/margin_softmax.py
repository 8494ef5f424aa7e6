"""Large-margin cosine softmax, CosFace (Wang et al. 2018, arXiv:1801.09414, equation 4)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear, normalize


class MarginSoftmax(nn.Module):
    """Cross-entropy over cosines to one learned vector a class; the true class's cosine counts `margin` less."""

    def __init__(self, channels: int, classes: int, scale: float, margin: float) -> None:
        super().__init__()
        self.scale, self.margin = scale, margin
        self.weight = nn.Parameter(torch.randn(classes, channels) * 0.01)

    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """Vectors [B, D] of any length, labels [B]."""
        cosines = linear(normalize(vectors), normalize(self.weight))
        taken = torch.full_like(cosines[:, :1], -self.margin)
        return cross_entropy(cosines.scatter_add(1, labels[:, None], taken) * self.scale, labels)
