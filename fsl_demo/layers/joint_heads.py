"""Heads that bring the features of frozen towers into one space (as in LiT, Zhai et al. 2022, arXiv:2111.07991)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import normalize


class PictureHead(nn.Module):
    """A linear layer, so that each position of a picture has its share of the vector."""

    def __init__(self, channels: int, dimension: int, dropout: float) -> None:
        super().__init__()
        self.dropout, self.linear = nn.Dropout(dropout), nn.Linear(channels, dimension)

    def forward(self, features: Tensor) -> Tensor:
        """From [N, channels] to unit vectors [N, dimension]."""
        return normalize(self.linear(self.dropout(features)).float(), dim=-1)


class TextHead(nn.Module):
    """A linear layer and, beside it, one with a hidden layer."""

    def __init__(self, channels: int, dimension: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.dropout, self.linear = nn.Dropout(dropout), nn.Linear(channels, dimension)
        self.hidden = nn.Sequential(
            nn.Linear(channels, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, dimension)
        )

    def forward(self, features: Tensor) -> Tensor:
        """From [N, channels] to unit vectors [N, dimension]."""
        features = self.dropout(features)
        return normalize((self.linear(features) + self.hidden(features)).float(), dim=-1)
