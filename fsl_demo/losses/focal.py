"""Focal loss (Lin et al. 2017, arXiv:1708.02002, equation 5) on pairs."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


def focal(logits: Tensor, same: Tensor, gamma: float = 2.0, alpha: float = 0.5) -> Tensor:
    """Mean over pairs of `-a (1 - p)^gamma log p`, p being the probability of what is true.

    Args:
        logits: [P], high for pairs of one class.
        same: [P], true where both are of one class.
        alpha: weight of the same-class pairs; 1 - alpha is that of the others.
    """
    same = same.bool()
    log_p = logsigmoid(torch.where(same, logits, -logits))
    weight = torch.where(same, alpha, 1 - alpha)
    return (-weight * (1 - log_p.exp()) ** gamma * log_p).mean()
