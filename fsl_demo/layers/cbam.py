"""CBAM (Woo et al. 2018, arXiv:1807.06521): attention over channels, then over positions."""

from __future__ import annotations

import torch
from torch import Tensor, nn

LEAST = 4
"""Channels that the narrow layer keeps at least; a sixteenth of a narrow network would be next to nothing."""


class CBAM(nn.Module):
    """Scales a map by what is in it: each channel (equation 2), then each position (equation 3).

    Attributes:
        channel, spatial: the attention of the last call, [N, C] and [N, h, w] in (0, 1), detached, to be shown.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = max(channels // 16, LEAST)
        self.mlp = nn.Sequential(nn.Linear(channels, narrow), nn.ReLU(), nn.Linear(narrow, channels))
        self.convolution = nn.Conv2d(2, 1, 7, padding=3, bias=False)
        self.norm = nn.BatchNorm2d(1)
        self.channel = self.spatial = torch.empty(0)

    def forward(self, maps: Tensor) -> Tensor:
        """[N, C, h, w] to the same shape."""
        channel = self.over_channels(maps)
        maps = maps * channel[:, :, None, None]
        spatial = self.over_positions(maps)
        self.channel, self.spatial = channel.detach(), spatial.detach()
        return maps * spatial[:, None]

    def over_channels(self, maps: Tensor) -> Tensor:
        """Attention [N, C] from the mean and the strongest value of each channel."""
        return torch.sigmoid(self.mlp(maps.mean((2, 3))) + self.mlp(maps.amax((2, 3))))

    def over_positions(self, maps: Tensor) -> Tensor:
        """Attention [N, h, w] from the strongest value and the mean of the channels at each position."""
        summary = torch.cat([maps.amax(1, keepdim=True), maps.mean(1, keepdim=True)], 1)
        return torch.sigmoid(self.norm(self.convolution(summary)))[:, 0]
