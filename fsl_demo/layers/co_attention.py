"""Co-attention of two streams (ViLBERT, Lu et al. 2019, arXiv:1908.02265; LXMERT, Tan & Bansal 2019,
arXiv:1908.07490): the queries of each attend to the keys and values of the other."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

WIDER = 2
"""How much wider the hidden layer between two streams is than they are."""


class Streams(NamedTuple):
    """Two streams that have looked at each other; the first dimensions are those of the pairs.

    Attributes:
        pictures: [..., P, D].
        texts: [..., L, D].
        on_texts: what each position attends to, [..., heads, P, L]; rows sum to 1, and are 0 where a text is masked.
        on_pictures: what each token attends to, [..., heads, L, P]; rows sum to 1.
    """

    pictures: Tensor
    texts: Tensor
    on_texts: Tensor
    on_pictures: Tensor


class CrossHeads(nn.Module):
    """Scaled dot-product attention of several heads (Vaswani et al. 2017), from one stream to another."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.queries, self.keys, self.values, self.out = (nn.Linear(channels, channels) for _ in range(4))

    def forward(self, asking: Tensor, asked: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """What `asking` [..., A, D] finds in `asked` [..., B, D], and with which weights [..., heads, A, B].

        Args:
            mask: bool [..., B], true for what may be attended to; None for all of it.
        """
        queries, keys, values = (
            layer(stream).unflatten(-1, (self.heads, -1)).transpose(-3, -2)
            for layer, stream in ((self.queries, asking), (self.keys, asked), (self.values, asked))
        )
        logits = queries @ keys.transpose(-2, -1) * queries.shape[-1] ** -0.5
        if mask is not None:
            logits = logits.masked_fill(~mask[..., None, None, :], float("-inf"))
        weights = torch.softmax(logits, dim=-1)
        return self.out((weights.to(values.dtype) @ values).transpose(-3, -2).flatten(-2)), weights


class Stream(nn.Module):
    """What a stream does with what it found: residual and LayerNorm, then a hidden layer and the same again."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.attention = CrossHeads(channels, heads)
        self.norm, self.last_norm = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.hidden = nn.Sequential(
            nn.Linear(channels, WIDER * channels), nn.GELU(), nn.Linear(WIDER * channels, channels)
        )

    def forward(self, own: Tensor, other: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The stream [..., A, D] after a look at the other [..., B, D], and the weights of the look."""
        attended, weights = self.attention(own, other, mask)
        own = self.norm(own + attended)
        return self.last_norm(own + self.hidden(own)), weights


class CoAttention(nn.Module):
    """A layer in which both streams look at each other at once."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.pictures, self.texts = (Stream(channels, heads) for _ in range(2))

    def forward(self, pictures: Tensor, texts: Tensor, mask: Tensor) -> Streams:
        """Let positions [..., P, D] and tokens [..., L, D] look at each other.

        The first dimensions are broadcast: [A, 1, P, D] and [1, B, L, D] make all A x B pairs.

        Args:
            mask: bool [..., L], true for real tokens.
        """
        attended_pictures, on_texts = self.pictures(pictures, texts, mask)
        attended_texts, on_pictures = self.texts(texts, pictures)
        return Streams(pictures=attended_pictures, texts=attended_texts, on_texts=on_texts, on_pictures=on_pictures)
