"""CLIP's symmetric contrastive loss (Radford et al. 2021, arXiv:2103.00020, figure 3)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy


def symmetric_contrastive(pictures: Tensor, texts: Tensor, scale: Tensor, alike: Tensor | None = None) -> Tensor:
    """The mean of two cross-entropies: which text is this picture's, and which picture is this text's.

    Args:
        pictures, texts: unit vectors [N, D]; those of one row belong together.
        scale: what cosines are multiplied with.
        alike: pairs that belong together as well, so that they are not told apart, [N, N].
    """
    logits = scale * pictures @ texts.T
    if alike is not None:
        own = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
        logits = logits.masked_fill(alike & ~own, -torch.inf)
    truth = torch.arange(len(logits), device=logits.device)
    return (cross_entropy(logits, truth) + cross_entropy(logits.T, truth)) / 2


def soft_classification(pictures: Tensor, texts: Tensor, scale: Tensor, teacher: Tensor) -> Tensor:
    """Cross-entropy with a teacher's probabilities (Hinton et al. 2015, arXiv:1503.02531).

    Args:
        pictures: unit vectors [N, D].
        texts: unit vectors [C, D] of the classes.
        teacher: [N, C], rows sum to 1.
    """
    return -(teacher * (scale * pictures @ texts.T).log_softmax(dim=1)).sum(dim=1).mean()
