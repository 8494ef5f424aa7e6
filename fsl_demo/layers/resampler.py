"""Flamingo's resampler (Alayrac et al. 2022, arXiv:2204.14198, section 3.1.1): any number of positions to a few."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu


class Attention(nn.Module):
    """Multi-head attention of one sequence to another, with its weights at hand.

    Args:
        width: channels of either sequence.
        heads: they share the channels.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.out = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        self.key_value = nn.Linear(width, 2 * width, bias=False)

    def forward(self, asking: Tensor, asked: Tensor, allowed: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """From [N, T, C] and [N, S, C] to what is found, [N, T, C], and the weights, mean over heads, [N, T, S].

        Args:
            allowed: which of `asked` each may look at, boolean [N, T, S]; one that may look at none finds zeros.
        """
        count, length, width = asking.shape
        query = self.query(asking).view(count, length, self.heads, -1).transpose(1, 2)
        key, value = self.key_value(asked).view(count, asked.shape[1], 2, self.heads, -1).permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(2, 3) / query.shape[3] ** 0.5
        if allowed is not None:
            scores = scores.masked_fill(~allowed[:, None], torch.finfo(scores.dtype).min)
        weights = scores.softmax(-1)
        if allowed is not None:
            weights = weights * allowed.any(-1)[:, None, :, None]
        attended = (weights @ value).transpose(1, 2).reshape(count, length, width)
        return self.out(attended), weights.mean(1)


class FeedForward(nn.Module):
    """LayerNorm and two layers, [..., C] to [..., C]."""

    def __init__(self, width: int, factor: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.rise, self.fall = nn.Linear(width, factor * width), nn.Linear(factor * width, width)

    def forward(self, states: Tensor) -> Tensor:
        return self.fall(gelu(self.rise(self.norm(states))))


class Resampler(nn.Module):
    """Learned latents that ask a picture's positions, and each other, what is on the picture.

    Args:
        channels: of a position.
        positions: their number; each has an embedding.
        width: channels of a latent.
        latents: their number.
    """

    def __init__(self, channels: int, positions: int, width: int, latents: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.project = nn.Linear(channels, width)
        self.places = nn.Parameter(torch.randn(positions, width) * 0.02)
        self.latents = nn.Parameter(torch.randn(latents, width) * 0.02)
        self.norm_media, self.norm_latents = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.feed_forward = FeedForward(width, 2)
        self.norm = nn.LayerNorm(width)

    def forward(self, media: Tensor) -> tuple[Tensor, Tensor]:
        """From [N, P, channels] to latents [N, L, width], and how each looks at the positions, [N, L, P].

        The weights leave out what latents look at among themselves, so that they sum to less than 1.
        """
        places = self.norm_media(self.project(self.dropout(media)) + self.places)
        latents = self.latents.expand(len(media), -1, -1)
        asking = self.norm_latents(latents)
        attended, weights = self.attention(asking, torch.cat([places, asking], dim=1))
        latents = latents + attended
        latents = latents + self.feed_forward(latents)
        return self.norm(latents), weights[:, :, : media.shape[1]]
