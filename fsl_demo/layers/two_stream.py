"""A small two-stream model (ViLBERT, Lu et al. 2019; LXMERT, Tan & Bansal 2019) on frozen towers.

Its pictures are positions of a frozen network, each with its place; its texts are token vectors of a frozen language
model. Both are brought to one width and look at each other in layers of co-attention.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, layer_norm, linear, normalize

from fsl_demo.layers.co_attention import CoAttention, Streams

CHANNELS, LAYERS, HEADS, DROPOUT = 192, 1, 4, 0.25
GRID = 9
"""Rows and columns of the positions."""
PAIRS = 250
"""Pictures with a text each that are looked at at once."""
SCALE = 30.0
"""What positions and tokens, whose means have length 1, are multiplied with, so that their channels are near 1."""


class TwoStreamNetwork(nn.Module):
    """Pictures and texts that look at each other; whether they match, and which words are missing.

    Args:
        words: how many words a blank may hold.
        positions, tokens: channels of either input; `tokens` are twice those of a word's embedding.
    """

    boxes: Tensor

    def __init__(self, words: int, positions: int = 999, tokens: int = 768) -> None:
        super().__init__()
        # these names are keys in the weights of checkpoints
        self.seen, self.placed, self.said = (
            nn.Linear(size, CHANNELS) for size in (positions, boxes().shape[1], tokens)
        )
        self.seen_norm, self.said_norm, self.dropout = (
            nn.LayerNorm(CHANNELS),
            nn.LayerNorm(CHANNELS),
            nn.Dropout(DROPOUT),
        )
        self.layers = nn.ModuleList(CoAttention(CHANNELS, HEADS) for _ in range(LAYERS))
        self.pooled_picture, self.pooled_text = (nn.Linear(CHANNELS, CHANNELS) for _ in range(2))
        self.word = nn.Linear(CHANNELS, tokens // 2)
        self.word_bias = nn.Parameter(torch.zeros(words))
        self.register_buffer("boxes", boxes(), persistent=False)

    def pictures(self, positions: Tensor) -> Tensor:
        """From a frozen network's positions [N, P, C] to a stream [N, P, D]: LN(W feature + W box)."""
        return self.dropout(self.seen_norm(self.seen(SCALE * positions) + self.placed(self.boxes)))

    def texts(self, tokens: Tensor) -> Tensor:
        """From a frozen language model's token vectors [N, L, C] to a stream [N, L, D]."""
        return self.dropout(self.said_norm(self.said(SCALE * tokens)))

    def forward(self, pictures: Tensor, texts: Tensor, mask: Tensor) -> list[Streams]:
        """The streams after each layer; of pairs of a picture [..., P, D] and a text [..., L, D], see `CoAttention`.

        Args:
            mask: bool [..., L], true for real tokens.
        """
        streams: list[Streams] = []
        for layer in self.layers:
            streams.append(layer(pictures, texts, mask))
            pictures, texts = streams[-1].pictures, streams[-1].texts
        return streams

    def match(self, streams: Streams, mask: Tensor) -> Tensor:
        """How well picture and text of each pair match, [...]: the product of their pooled streams, as a cosine."""
        picture, text = self.pooled_picture(streams.pictures.mean(-2)), self.pooled_text(mean(streams.texts, mask))
        return (l2_normalize(picture) * l2_normalize(text)).sum(-1)

    def shares(self, streams: Streams, mask: Tensor) -> Tensor:
        """What each position adds to the match, [..., P]; the shares add up to it."""
        places, text = self.pooled_picture(streams.pictures), l2_normalize(self.pooled_text(mean(streams.texts, mask)))
        return (places @ text[..., None])[..., 0] / places.sum(-2).norm(dim=-1, keepdim=True)

    def aligned(self, positions: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Unit vectors of pictures and of texts that have not looked at each other, [N, D] each: aligned before they
        are fused (ALBEF, Li et al. 2021, arXiv:2107.07651).

        Args:
            positions, tokens: means over a picture's positions and a text's tokens, [N, C].
        """
        return l2_normalize(self.seen(SCALE * self.dropout(positions))), l2_normalize(
            self.said(SCALE * self.dropout(tokens))
        )

    def matches(self, pictures: Tensor, texts: Tensor, mask: Tensor, candidates: Tensor) -> Tensor:
        """How well each text matches each of its candidates, [T, K], some pairs at a time.

        Args:
            pictures, texts: streams before they look at each other, [N, P, D] and [T, L, D].
            mask: bool [T, L], true for real tokens.
            candidates: numbers of pictures, [T, K].
        """
        scores, size = [], max(PAIRS // candidates.shape[1], 1)
        for rows in torch.arange(len(texts), device=texts.device).split(size):
            real = mask[rows, None]
            scores.append(self.match(self(pictures[candidates[rows]], texts[rows, None], real)[-1], real))
        return torch.cat(scores)

    def missing(self, texts: Tensor, embeddings: Tensor) -> Tensor:
        """Logits of the words that tokens [M, D] stand for, [M, words].

        Args:
            embeddings: the frozen language model's, of those words, [words, C / 2].
        """
        guessed = gelu(self.word(texts))
        return linear(layer_norm(guessed, guessed.shape[-1:]), embeddings, self.word_bias)


def mean(texts: Tensor, mask: Tensor) -> Tensor:
    """Of the real tokens of texts [..., L, D], [..., D]."""
    counted = mask[..., None].to(texts.dtype)
    return (texts * counted).sum(-2) / counted.sum(-2)


def l2_normalize(vectors: Tensor) -> Tensor:
    """Vectors of length 1, float32."""
    return normalize(vectors.float(), dim=-1)


def boxes() -> Tensor:
    """Left, top, right, bottom and area of each position, as ViLBERT's regions have them, [81, 5]."""
    place = torch.arange(GRID * GRID)
    left, top = (place % GRID) / GRID, (place // GRID) / GRID
    return torch.stack([left, top, left + 1 / GRID, top + 1 / GRID, torch.full_like(left, 1 / GRID**2)], dim=1)
