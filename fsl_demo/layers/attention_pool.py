"""Pictures pooled by what each position shows, so that every position has its share of the vector."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, normalize


class AttentionPool(nn.Module):
    """Each group of channels of the vector weighs the positions its own way; it begins with their mean.

    Args:
        channels: of a position.
        parts: positions of each network's map, one after the other; each part has its own layers.
        groups: of channels of the vector.
        hidden: width of the layer beside the linear one.
    """

    def __init__(
        self, channels: int, parts: tuple[int, ...], dimension: int, groups: int, hidden: int, dropout: float
    ) -> None:
        super().__init__()
        self.parts, self.groups, self.dropout = parts, groups, nn.Dropout(dropout)
        scores = [nn.Linear(channels, groups) for _ in parts]
        for score in scores:
            nn.init.zeros_(score.weight)
        self.scores = nn.ModuleList(scores)
        self.values = nn.ModuleList(nn.Linear(channels, dimension) for _ in parts)
        self.into = nn.ModuleList(nn.Linear(channels, hidden) for _ in parts)
        self.out = nn.ModuleList(nn.Linear(hidden, dimension) for _ in parts)

    def shares(self, positions: Tensor) -> Tensor:
        """What each position adds to the vector before it has unit length, [N, P, dimension]."""
        shares = []
        for number, part in enumerate(self.dropout(positions).split(self.parts, dim=1)):
            weights = self.scores[number](part).float().softmax(dim=1)
            values = self.values[number](part) + self.out[number](gelu(self.into[number](part)))
            grouped = values.unflatten(2, (self.groups, -1)) * weights[..., None].to(values.dtype)
            shares.append(grouped.flatten(2))
        return torch.cat(shares, dim=1)

    def forward(self, positions: Tensor) -> Tensor:
        """From [N, P, channels] to unit vectors [N, dimension]."""
        return normalize(self.shares(positions).float().sum(dim=1), dim=-1)
