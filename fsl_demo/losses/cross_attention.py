"""The two losses of the Cross Attention Network (Hou et al. 2019, arXiv:1910.07677, section 4)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

SCALE = 7.0


def nearest_neighbour(classes: Tensor, queries: Tensor, labels: Tensor) -> Tensor:
    """Every position of a query has to be nearest to the pooled map of its class (equation 6).

    Args:
        classes, queries: maps attended to each other, [Q, N, D, m].
        labels: index of each query's class, [Q].
    """
    pooled = normalize(classes.mean(-1), dim=2)
    logits = SCALE * torch.einsum("qnd,qndm->qnm", pooled, normalize(queries, dim=2))
    return cross_entropy(logits, labels[:, None].expand(-1, logits.shape[-1]))


def of_positions(logits: Tensor, labels: Tensor) -> Tensor:
    """The global loss (equation 7): every position of a query tells its class among all that training knows.

    Args:
        logits: [Q, classes, m].
        labels: [Q].
    """
    return cross_entropy(logits, labels[:, None].expand(-1, logits.shape[-1]))
