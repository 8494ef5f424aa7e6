"""The two ways in which a frozen language model comes to know a picture: a prefix, and gated cross-attention.

A text is a list of tokens in which `PICTURE` stands where a picture is; both networks read such texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from fsl_demo.backbones.language_model import LanguageModel
from fsl_demo.backbones.picture_maps import CHANNELS
from fsl_demo.layers.gated_attention import GatedAttention
from fsl_demo.layers.prefix import PrefixMapper
from fsl_demo.layers.resampler import Resampler

PICTURE = -1
IGNORED = -100
PARTS = (slice(0, 81), slice(81, 130))
"""Positions of Lite2's map and of Lite0's in `PictureTowers.positions`."""
POSITIONS = 130
GROUP = 40
"""Texts that are read at once."""


class Captioning(nn.Module):
    """What both have in common.

    Args:
        language: stays as it is, and is no part of the network's state.
        mean: of the positions of each tower, [2, 999].
        spread: of the towers, [2]: they are divided by it.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, language: LanguageModel, mean: Tensor, spread: Tensor) -> None:
        super().__init__()
        self._language = (language,)
        self.register_buffer("mean", mean)
        self.register_buffer("spread", spread)

    @property
    def language(self) -> LanguageModel:
        return self._language[0]

    def media(self, positions: Tensor) -> Tensor:
        """What the network keeps of pictures, [N, 130, 999], to be looked at by texts."""
        raise NotImplementedError

    def states(self, texts: Sequence[Sequence[int]], media: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Read texts.

        Args:
            media: of the pictures of each text, in their order, a row a picture.

        Returns:
            The last layer's states, [N, T, width], and the token that follows each, [N, T]; `IGNORED` for none.
        """
        raise NotImplementedError

    def loss(self, texts: Sequence[Sequence[int]], media: Sequence[Tensor], smoothing: float = 0.0) -> Tensor:
        """Mean surprise at a token. Texts of like length are read together, because all are padded to the longest."""
        order, losses = sorted(range(len(texts)), key=lambda number: len(texts[number])), []
        for start in range(0, len(order), GROUP):
            group = order[start : start + GROUP]
            states, wanted = self.states([texts[number] for number in group], [media[number] for number in group])
            told = wanted != IGNORED
            logits = self.language.logits(states[told]).float()
            losses.append(
                nn.functional.cross_entropy(logits, wanted[told], reduction="none", label_smoothing=smoothing)
            )
        return torch.cat(losses).mean()

    def generate(self, texts: Sequence[Sequence[int]], media: Sequence[Tensor], **options: Any) -> Any:
        """What transformers' `generate` makes of texts that are all equally long."""
        raise NotImplementedError

    def centred(self, positions: Tensor) -> Tensor:
        """Positions without what they have in common, [N, 130, 999]."""
        mean: Any = self.mean
        spread: Any = self.spread
        parts = [(positions[:, part] - mean[i]) / spread[i] for i, part in enumerate(PARTS)]
        return torch.cat(parts, dim=1)


class PrefixNetwork(Captioning):
    """A picture's mean features become tokens."""

    def __init__(
        self, language: LanguageModel, mean: Tensor, spread: Tensor, tokens: int, hidden: int, dropout: float = 0.0
    ) -> None:
        super().__init__(language, mean, spread)
        self.mapper = PrefixMapper(
            channels=2 * CHANNELS, hidden=hidden, tokens=tokens, width=language.width, dropout=dropout
        )

    def pooled(self, positions: Tensor) -> Tensor:
        """[N, 1998]: the mean of either tower's positions."""
        centred = self.centred(positions)
        return torch.cat([centred[:, part].mean(1) for part in PARTS], dim=1)

    def media(self, positions: Tensor) -> Tensor:
        """Prefixes, [N, tokens, width]."""
        return self.mapper(self.pooled(positions))

    def embedded(self, texts: Sequence[Sequence[int]], media: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Texts with the prefixes in their places, [N, T, width], and the tokens, `PICTURE` for those of a prefix."""
        count, device = self.mapper.tokens, media[0].device
        long = [
            torch.tensor([slot for token in text for slot in ([token] * count if token == PICTURE else [token])])
            for text in texts
        ]
        tokens = pad_sequence(long, True, IGNORED).to(device)
        embedded = self.language.embed(tokens.clamp(min=0))
        prefixes = torch.cat([prefix.flatten(0, 1) for prefix in media]).to(embedded.dtype)
        return embedded.masked_scatter((tokens == PICTURE)[:, :, None], prefixes), tokens

    def states(self, texts: Sequence[Sequence[int]], media: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        embedded, tokens = self.embedded(texts, media)
        wanted = tokens.masked_fill(tokens == PICTURE, IGNORED)[:, 1:]
        return self.language.states(embedded[:, :-1]), wanted

    def generate(self, texts: Sequence[Sequence[int]], media: Sequence[Tensor], **options: Any) -> Any:
        embedded, _ = self.embedded(texts, media)
        mask = torch.ones(embedded.shape[:2], dtype=torch.long, device=embedded.device)
        return self.language.generate(embedded, mask, **options)


class GatedNetwork(Captioning):
    """Words look at a picture in front of every block of the language model."""

    def __init__(
        self, language: LanguageModel, mean: Tensor, spread: Tensor, latents: int, heads: int, dropout: float = 0.0
    ) -> None:
        super().__init__(language, mean, spread)
        width = language.width
        self.resampler = Resampler(
            channels=CHANNELS, positions=POSITIONS, width=width, latents=latents, heads=heads, dropout=dropout
        )
        self.gated = nn.ModuleList(GatedAttention(width, heads) for _ in language.blocks)

    def media(self, positions: Tensor) -> Tensor:
        """Latents, [N, latents, width]."""
        return self.resampler(self.centred(positions))[0]

    def states(self, texts: Sequence[Sequence[int]], media: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        tokens, preceding = self._split(texts, media[0].device)
        with self.looking(media, preceding[:, :-1]):
            states = self.language.states(self.language.embed(tokens.clamp(min=0))[:, :-1])
        return states, tokens[:, 1:]

    def generate(self, texts: Sequence[Sequence[int]], media: Sequence[Tensor], **options: Any) -> Any:
        tokens, preceding = self._split(texts, media[0].device)
        with self.looking(media, preceding):
            return self.language.generate(self.language.embed(tokens), torch.ones_like(tokens), **options)

    @contextmanager
    def looking(self, media: Sequence[Tensor], preceding: Tensor) -> Iterator[list[Tensor]]:
        """The language model with this network's attention in front of its blocks.

        Args:
            preceding: as of `GatedAttention`; what is read beyond it looks where its last word looks.

        Yields:
            A list that grows by each block's weights, [N, T, P * L], as texts are read.
        """
        pictures = pad_sequence(list(media), True)
        weights: list[Tensor] = []

        def hook(layer: nn.Module) -> Any:
            def look(block: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
                states, *others = given
                beams = len(states) // len(pictures)
                shown, before = pictures, preceding[:, -1:] if states.shape[1] == 1 else preceding
                if beams > 1:
                    shown, before = (tensor.repeat_interleave(beams, 0) for tensor in (shown, before))
                states, attention = layer(states, shown, before)
                weights.append(attention)
                return states, *others

            return look

        with self.language.lock:
            handles = [
                block.register_forward_pre_hook(hook(layer))
                for block, layer in zip(self.language.blocks, self.gated, strict=True)
            ]
            try:
                yield weights
            finally:
                for handle in handles:
                    handle.remove()

    def _split(self, texts: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
        """Tokens without the marks, [N, T], and the number of the picture before each; -1 for none."""
        tokens = [torch.tensor([token for token in text if token != PICTURE]) for text in texts]
        before = []
        for text in texts:
            marks = np.cumsum([token == PICTURE for token in text]) - 1
            before.append(torch.tensor([int(at) for at, token in zip(marks, text, strict=True) if token != PICTURE]))
        return pad_sequence(tokens, True, IGNORED).to(device), pad_sequence(before, True, -1).to(device)


NETWORKS: dict[str, type[Any]] = {"prefix": PrefixNetwork, "gated": GatedNetwork}
ARCHITECTURES: dict[str, dict[str, int]] = {
    "prefix": {"tokens": 8, "hidden": 384},
    "gated": {"latents": 16, "heads": 6},
}
"""What is trained where nothing else is said."""
