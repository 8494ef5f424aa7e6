"""The loss of a prototypical network (Snell et al. 2017, arXiv:1703.05175)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize


def prototypical(vectors: Tensor, queries: int, scale: Tensor) -> Tensor:
    """Cross-entropy of an episode's queries with the class means of its support set.

    Args:
        vectors: unit vectors [way, shot + queries, D], the queries of each class at the end.
        queries: how many a class has.
        scale: what cosines are multiplied with.
    """
    support, queried = vectors[:, :-queries], vectors[:, -queries:].flatten(0, 1)
    similarities = queried @ normalize(support.sum(1)).T
    truth = torch.arange(len(vectors), device=vectors.device).repeat_interleave(queries)
    return cross_entropy(scale * similarities, truth)
