"""The two ways in which a frozen language model comes to know a picture: a prefix, and gated cross-attention.

A text is a list of tokens in which `PICTURE` stands where a picture is; both networks read such texts. Texts that are
read together are a tensor, filled up with `IGNORED`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence

from fsl_demo.backbones.language_model import LanguageModel
from fsl_demo.backbones.picture_maps import CHANNELS
from fsl_demo.layers.adapter import Adapter
from fsl_demo.layers.gated_attention import GatedAttention
from fsl_demo.layers.prefix import PrefixMapper
from fsl_demo.layers.resampler import Resampler

PICTURE = -1
IGNORED = -100
PARTS = (slice(0, 81), slice(81, 130))
"""Positions of Lite2's map and of Lite0's in `PictureTowers.positions`."""
POSITIONS = 130


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
        """What the network keeps of pictures, [N, 130, 999], to be looked at by texts: [N, places, width]."""
        raise NotImplementedError

    def reading(self, tokens: Tensor, media: Tensor) -> AbstractContextManager[tuple[Tensor, Tensor]]:
        """The language model in a state to go on with texts about pictures.

        Args:
            tokens: of the texts, [N, T].
            media: of the pictures of each text, in their order, [N, P, places, width].

        Yields:
            The texts as the language model reads them, [N, S, width], and their tokens, [N, S].
        """
        raise NotImplementedError

    def read(self, tokens: Tensor, media: Tensor) -> tuple[Tensor, Tensor]:
        """Read texts; arguments as of `reading`.

        Returns:
            The last layer's states, [N, S, width], and the token that follows each, [N, S]; `IGNORED` for none.
        """
        with self.reading(tokens, media) as (embedded, laid_out):
            states = self.language.states(embedded[:, :-1])
        return states, laid_out.masked_fill(laid_out == PICTURE, IGNORED)[:, 1:]

    def states(self, texts: Sequence[Sequence[int]], media: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """`read` texts of any length; `media` are those of the pictures of each."""
        return self.read(*together(texts, media))

    def surprise(self, tokens: Tensor, media: Tensor) -> tuple[Tensor, Tensor]:
        """How surprising each token is, 0 where there is none, and whether there is one, [N, S]; see `reading`."""
        states, wanted = self.read(tokens, media)
        logits = self.language.logits(states).float().transpose(1, 2)
        surprise = cross_entropy(logits, wanted, ignore_index=IGNORED, reduction="none")
        return surprise, wanted != IGNORED

    def loss(self, tokens: Tensor, media: Tensor) -> Tensor:
        """Mean surprise at a token."""
        surprise, is_wanted = self.surprise(tokens, media)
        return surprise.sum() / is_wanted.sum()

    def generate(self, texts: Sequence[Sequence[int]], media: Sequence[Tensor], **options: Any) -> Any:
        """What transformers' `generate` makes of texts that are all equally long."""
        with self.reading(*together(texts, media)) as (embedded, _):
            mask = torch.ones(embedded.shape[:2], dtype=torch.long, device=embedded.device)
            return self.language.generate(embedded, mask, **options)

    @torch.no_grad()
    def speak(self, media: Tensor, longest: int, samples: int = 0) -> Tensor:
        """Sentences about pictures, one after the other for each: [N * samples, longest], from the end on only ends.

        Args:
            media: of the pictures, [N, places, width].
            samples: sentences drawn at random for each picture; 0 for one of the likeliest words.
        """
        shown, end = media.repeat_interleave(max(samples, 1), 0)[:, None], self.language.end
        start = torch.tensor([[PICTURE, end]], device=media.device).expand(len(shown), 2)
        ended = torch.zeros(len(shown), dtype=torch.bool, device=media.device)
        cache, spoken = None, []
        with self.reading(start, shown) as (embedded, _):
            for _ in range(longest):
                states, cache = self.language.step(embedded, cache)
                logits = self.language.logits(states[:, -1]).float()
                drawn = torch.multinomial(logits.softmax(1), 1)[:, 0] if samples else logits.argmax(1)
                spoken.append(drawn.masked_fill(ended, end))
                ended = ended | (drawn == end)
                embedded = self.language.embed(spoken[-1])[:, None]
        return torch.stack(spoken, 1)

    def centred(self, positions: Tensor) -> Tensor:
        """Positions without what they have in common, [N, 130, 999]."""
        mean: Any = self.mean
        spread: Any = self.spread
        parts = [(positions[:, part] - mean[i]) / spread[i] for i, part in enumerate(PARTS)]
        return torch.cat(parts, dim=1)


class PrefixNetwork(Captioning):
    """A picture's mean features become tokens.

    Args:
        adapter: channels of an adapter in front of each block of the language model; 0 for none.
    """

    def __init__(
        self,
        language: LanguageModel,
        mean: Tensor,
        spread: Tensor,
        tokens: int,
        hidden: int,
        adapter: int = 0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(language, mean, spread)
        self.mapper = PrefixMapper(
            channels=2 * CHANNELS, hidden=hidden, tokens=tokens, width=language.width, dropout=dropout
        )
        count = len(language.blocks) if adapter else 0
        self.adapters = nn.ModuleList(Adapter(language.width, adapter) for _ in range(count))

    def pooled(self, positions: Tensor) -> Tensor:
        """[N, 1998]: the mean of either tower's positions."""
        centred = self.centred(positions)
        return torch.cat([centred[:, part].mean(1) for part in PARTS], dim=1)

    def media(self, positions: Tensor) -> Tensor:
        """Prefixes, [N, tokens, width]."""
        return self.mapper(self.pooled(positions))

    def embedded(self, tokens: Tensor, media: Tensor) -> tuple[Tensor, Tensor]:
        """Texts with the prefixes in their places, [N, S, width], and the tokens, `PICTURE` for those of a prefix."""
        count = self.mapper.tokens
        text = laid_out(tokens, count)
        embedded, is_prefix = self.language.embed(text.tokens.clamp(min=0)), text.tokens == PICTURE
        numbers = torch.where(is_prefix, text.pictures * count + text.places, 0)[:, :, None]
        prefixes = media.flatten(1, 2).gather(1, numbers.expand(-1, -1, media.shape[-1]))
        return torch.where(is_prefix[:, :, None], prefixes.to(embedded.dtype), embedded), text.tokens

    @contextmanager
    def reading(self, tokens: Tensor, media: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        with self.language.through(list(self.adapters)):
            yield self.embedded(tokens, media)


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

    @contextmanager
    def reading(self, tokens: Tensor, media: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        text = laid_out(tokens, 0)
        with self.looking(media, text.pictures):
            yield self.language.embed(text.tokens.clamp(min=0)), text.tokens

    @contextmanager
    def looking(self, media: Tensor, preceding: Tensor) -> Iterator[list[Tensor]]:
        """The language model with this network's attention in front of its blocks.

        Args:
            media: of the pictures of each text, [N, P, latents, width].
            preceding: as of `GatedAttention`; what is read beyond it looks where its last word looks.

        Yields:
            A list that grows by each block's weights, [N, T, P * L], as texts are read.
        """
        weights: list[Tensor] = []

        def looks(layer: nn.Module) -> Any:
            def look(states: Tensor) -> Tensor:
                length, beams = states.shape[1], len(states) // len(media)
                shown, before = media, preceding[:, -1:] if length == 1 else preceding[:, :length]
                if beams > 1:
                    shown, before = (tensor.repeat_interleave(beams, 0) for tensor in (shown, before))
                seen, attention = layer(states, shown, before)
                weights.append(attention)
                return seen

            return look

        with self.language.through([looks(layer) for layer in self.gated]):
            yield weights


@dataclass(frozen=True)
class LaidOut:
    """Texts in which pictures have places, [N, S] each.

    Attributes:
        pictures: the number of the picture at or before each place; -1 before the first.
        places: the number of each place within what takes more than one.
    """

    tokens: Tensor
    pictures: Tensor
    places: Tensor


def laid_out(tokens: Tensor, places: int) -> LaidOut:
    """Texts [N, T] in which each `PICTURE` takes so many places, or none."""
    is_picture, last = tokens == PICTURE, tokens.shape[1] - 1
    takes = torch.where(is_picture, places, 1)
    ends = takes.cumsum(1)
    at = torch.arange(int(ends[:, -1].max()), device=tokens.device).repeat(len(tokens), 1)
    sources = torch.searchsorted(ends, at, right=True)
    beyond, sources = sources > last, sources.clamp(max=last)
    return LaidOut(
        tokens=tokens.gather(1, sources).masked_fill(beyond, IGNORED),
        pictures=(is_picture.cumsum(1) - 1).gather(1, sources),
        places=at - (ends - takes).gather(1, sources),
    )


def together(texts: Sequence[Sequence[int]], media: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Texts of any length and the media of the pictures of each, as `Captioning.reading` takes them."""
    tokens = pad_sequence([torch.tensor(text) for text in texts], True, IGNORED)
    return tokens.to(media[0].device), pad_sequence(list(media), True)


NETWORKS: dict[str, type[Any]] = {"prefix": PrefixNetwork, "gated": GatedNetwork}
ARCHITECTURES: dict[str, dict[str, int]] = {
    "prefix": {"tokens": 8, "hidden": 384, "adapter": 192},
    "gated": {"latents": 16, "heads": 6},
}
"""What is trained where nothing else is said."""
