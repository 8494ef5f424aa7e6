"""A dictionary of words in the space of features (DSDL, Zhou et al. 2021, "Deep Semantic Dictionary Learning for
Multi-label Image Classification"): an auto-encoder makes its rows of texts, and codes explain features by its rows."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

SLOPE = 0.2


class SemanticDictionary(nn.Module):
    """From texts E to rows D = LeakyReLU(E W1) W2, and back: E' = LeakyReLU(D W2^T) W1^T.

    Args:
        texts, hidden, features: channels of E, of what lies between, and of D.
    """

    def __init__(self, texts: int, hidden: int, features: int) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.randn(texts, hidden) / math.sqrt(texts))
        self.second = nn.Parameter(torch.randn(hidden, features) / math.sqrt(hidden))

    def forward(self, texts: Tensor) -> Tensor:
        """From texts [C, e] to rows [C, d]."""
        return leaky_relu(texts @ self.first, SLOPE) @ self.second

    def texts(self, rows: Tensor) -> Tensor:
        """From rows [C, d] to texts [C, e], by the same weights."""
        return leaky_relu(rows @ self.second.T, SLOPE) @ self.first.T


def codes(features: Tensor, rows: Tensor, penalty: float | Tensor) -> Tensor:
    """How much of each row explains a feature: s = (D D^T + penalty I)^-1 D f, which minimises
    |s D - f|^2 + penalty |s|^2.

    With more rows than channels, the equal D (D^T D + penalty I)^-1 f is the smaller system. Either needs float32, so
    this is not autocast.

    Args:
        features: f, [N, d].
        rows: D, [C, d].
        penalty: above 0.

    Returns:
        s, float32 or float64 [N, C].
    """
    with torch.autocast(features.device.type, enabled=False):
        kind = torch.promote_types(rows.dtype, torch.float32)
        rows, features = rows.to(kind), features.to(kind)
        count, channels = rows.shape
        products = rows @ rows.T if count <= channels else rows.T @ rows
        system = products + penalty * torch.eye(len(products), dtype=kind, device=rows.device)
        if count <= channels:
            return torch.linalg.solve(system, rows @ features.T).T
        return torch.linalg.solve(system, features.T).T @ rows.T


def margins(logits: Tensor, nothing: Tensor) -> Tensor:
    """How far each logit lies above all others and nothing together: log p / (1 - p) of the softmax, [N, C].

    Args:
        logits: [N, C].
        nothing: logit of none of them.
    """
    values = torch.cat([logits, nothing.expand(len(logits), 1)], 1).double()
    likely = values.softmax(1)[:, :-1].clamp(1e-9, 1 - 1e-9)
    return (likely.log() - torch.log1p(-likely)).to(logits.dtype)
