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
        passed: what it let through, the length of the output at each position, [N, h, w].
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = max(channels // 16, LEAST)
        self.mlp = nn.Sequential(nn.Linear(channels, narrow), nn.ReLU(), nn.Linear(narrow, channels))
        self.convolution = nn.Conv2d(2, 1, 7, padding=3, bias=False)
        self.norm = nn.BatchNorm2d(1)
        self.channel = self.spatial = self.passed = torch.empty(0)

    def forward(self, maps: Tensor) -> Tensor:
        """[N, C, h, w] to the same shape."""
        channel = torch.sigmoid(self.mlp(maps.mean((2, 3))) + self.mlp(maps.amax((2, 3))))
        maps = maps * channel[:, :, None, None]
        spatial = torch.sigmoid(self.norm(self.convolution(_summary(maps))))
        self.channel, self.spatial = channel.detach(), spatial[:, 0].detach()
        maps = maps * spatial
        self.passed = maps.detach().norm(dim=1)
        return maps


def _summary(maps: Tensor) -> Tensor:
    """Strongest channel and mean of the channels at each position, [N, 2, h, w]."""
    return torch.cat([maps.amax(1, keepdim=True), maps.mean(1, keepdim=True)], 1)
