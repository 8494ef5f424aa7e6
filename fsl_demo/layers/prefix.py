"""A picture as tokens in front of a text (Tsimpoukelli et al. 2021, Frozen; Mokady et al. 2021, ClipCap)."""

from __future__ import annotations

from torch import Tensor, nn


class PrefixMapper(nn.Module):
    """ClipCap's mapper: two layers from a picture's features to tokens that no vocabulary has.

    Args:
        channels: of a picture.
        hidden: channels between the layers.
        tokens: of the prefix.
        width: channels of a token.
    """

    def __init__(self, channels: int, hidden: int, tokens: int, width: int, dropout: float) -> None:
        super().__init__()
        self.tokens, self.width = tokens, width
        self.layers = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(channels, hidden), nn.GELU(), nn.Dropout(dropout / 2),
            nn.Linear(hidden, tokens * width),
        )  # fmt: skip

    def forward(self, pictures: Tensor) -> Tensor:
        """From [N, channels] to [N, tokens, width]."""
        return self.layers(pictures).view(len(pictures), self.tokens, self.width)
