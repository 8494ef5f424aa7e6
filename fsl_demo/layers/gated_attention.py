"""Flamingo's gated cross-attention (Alayrac et al. 2022, arXiv:2204.14198, section 3.1.2 and figure 4)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fsl_demo.layers.resampler import Attention, FeedForward

SPEED = 10.0
"""How much faster than the weights the gates learn."""


class GatedAttention(nn.Module):
    """Lets words look at pictures in front of a frozen block: x + tanh(a) attention, then x + tanh(b) feed-forward.

    Both gates are 0 to begin with: the states go through unchanged.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.feed_forward = FeedForward(width, 2)
        self.gates = nn.Parameter(torch.zeros(2))

    def opened(self) -> Tensor:
        """How far the gates of attention and of feed-forward are open, [2], each from -1 to 1."""
        return (SPEED * self.gates).tanh()

    def forward(self, states: Tensor, media: Tensor, preceding: Tensor) -> tuple[Tensor, Tensor]:
        """From words [N, T, C] and the latents of P pictures [N, P, L, C] to words, and where they look [N, T, P * L].

        Args:
            preceding: the number of the picture right before each word, [N, T], the only one that it sees; -1 for none.
        """
        count, pictures, latents, width = media.shape
        owners = torch.arange(pictures, device=media.device).repeat_interleave(latents)
        allowed = preceding[:, :, None] == owners
        attended, weights = self.attention(self.norm(states), media.reshape(count, pictures * latents, width), allowed)
        attend, feed = self.opened()
        states = states + attend * attended
        seen = (preceding >= 0)[:, :, None]
        return states + feed * self.feed_forward(states) * seen, weights
