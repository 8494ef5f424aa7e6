"""Contrastive loss (Hadsell et al. 2006, equation 4): same-class pairs together, others a margin apart."""

from __future__ import annotations

import torch
from torch import Tensor

EPSILON = 1e-8


def contrastive(distances: Tensor, same: Tensor, margin: float = 1.0) -> Tensor:
    """Mean over pairs of `y d^2 + (1 - y) max(0, m - d)^2`.

    Args:
        distances: [P], none negative.
        same: [P], true where both are of one class.
    """
    apart = (margin - distances).clamp(min=0) ** 2
    return torch.where(same.bool(), distances**2, apart).mean()


def distances(first: Tensor, second: Tensor) -> Tensor:
    """Euclidean, between the rows of two [P, D]; the epsilon keeps the gradient of equal rows finite."""
    return ((first - second) ** 2).sum(-1).add(EPSILON).sqrt()


def batch_contrastive(vectors: Tensor, labels: Tensor, margin: float = 1.0) -> Tensor:
    """The loss on all same-class pairs of a batch and on as many other pairs, at least one, the closest ones.

    Distances are differences of products, too small for half precision, so these are not autocast. No size depends on
    values, so a GPU is not waited for.

    Args:
        vectors: [B, D].
        labels: [B].
    """
    first, second = torch.triu_indices(len(labels), len(labels), 1, device=vectors.device)
    same = labels[first] == labels[second]
    with torch.autocast(vectors.device.type, enabled=False):
        products = vectors @ vectors.T
    squares = products.diagonal()
    distances = (squares[first] + squares[second] - 2 * products[first, second]).clamp(min=0).add(EPSILON).sqrt()
    together = same.sum()
    apart = torch.minimum(together.clamp(min=1), len(same) - together)
    closest = torch.where(same, torch.inf, distances).sort().values
    close = torch.where(torch.arange(len(same), device=same.device) < apart, margin - closest, 0).clamp(min=0) ** 2
    return (torch.where(same, distances**2, 0).sum() + close.sum()) / (together + apart)
