"""What the two-stream model learns from: which caption belongs to which picture, and which words are masked.

Matching is a multiple choice, as in ViLBERT (Lu et al. 2019, arXiv:1908.02265, section 3.2), in groups of four pictures
with a caption each: two are drawn from those that the built-in model confuses with the first, one at random. Before
they look at each other, the streams are aligned (ALBEF, Li et al. 2021, arXiv:2107.07651). Masked words: 15 % of the
tokens (Devlin et al. 2019, arXiv:1810.04805), with the own picture and, for some captions, with a blank one too, so
that the model knows what can be guessed without looking.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from fsl_demo.backbones.minilm import MiniLM
from fsl_demo.backbones.picture_maps import CHANNELS
from fsl_demo.layers.two_stream import TwoStreamNetwork
from fsl_demo.losses.clip import symmetric_contrastive
from fsl_demo.training.caption_features import Features
from fsl_demo.training.setup import Objective
from fsl_demo.training.texts import Texts

GROUP, HARD = 4, 2
"""Pictures that a caption is matched with, and how many of them are confused with the first."""
BATCH, MASKED, BLANK = 64, 0.15, 0.25
"""Pictures a batch; the share of masked tokens; of captions that are also shown with a blank picture."""
ALIGNED = 250
"""Pictures with a caption each that are aligned at once."""
SCALE, WORDS_WEIGHT = 10.0, 0.5
"""What cosines are multiplied with at the start, learned; how much masked words count beside matching."""


class TwoStreamObjective(Objective):
    """The model and its losses.

    Args:
        known: of the training pictures and their captions, from the towers.
        near: of each training picture, those that the built-in model confuses with it, [N, K].
    """

    vocabulary: Tensor
    places: Tensor
    embeddings: Tensor
    known_pictures: Tensor
    known_captions: Tensor

    def __init__(self, minilm: MiniLM, texts: Texts, known: Features, near: np.ndarray) -> None:
        super().__init__()
        tokenizer, language = minilm.load()
        self._minilm, self._texts, self._near = [minilm], texts, near
        self._special, self.mask_token = torch.tensor(tokenizer.all_special_ids), int(tokenizer.mask_token_id)
        vocabulary = torch.from_numpy(texts.vocabulary(tokenizer.all_special_ids))
        self.model = TwoStreamNetwork(len(vocabulary))
        self.scales = nn.Parameter(torch.full((2,), SCALE).log())
        embeddings = language.get_input_embeddings().weight.detach().cpu()
        places = torch.full((len(embeddings),), -1)
        places[vocabulary] = torch.arange(len(vocabulary))
        for name, value in (
            ("vocabulary", vocabulary),
            ("places", places),
            ("embeddings", embeddings[vocabulary].clone()),
            ("known_pictures", torch.from_numpy(known.pictures[:, CHANNELS:].copy())),
            ("known_captions", torch.from_numpy(known.captions)),
        ):
            self.register_buffer(name, value, persistent=False)
        self.read = zlib.crc32(texts.tokens.numpy().tobytes()) ^ zlib.crc32(near.tobytes())

    def forward(self, positions: Tensor, indices: Tensor) -> Tensor:
        """The loss of groups of pictures [N, P, C] with one caption each, drawn and masked anew."""
        chosen = torch.randint(self._texts.tokens.shape[1], indices.shape)
        here = indices.cpu()
        tokens, real = self._texts.tokens[here, chosen], self._texts.real[here, chosen]
        length = int(real.sum(1).max())
        tokens, real = (part[:, :length].to(positions.device) for part in (tokens, real))
        hidden = masked(tokens, real, self._special.to(tokens.device))
        vectors = self.vectors(tokens.masked_fill(hidden, self.mask_token), real)
        pictures, texts = self.model.pictures(positions), self.model.texts(vectors)
        groups, captions, in_caption = (part.unflatten(0, (-1, GROUP)) for part in (pictures, texts, real))
        streams = self.model(groups[:, :, None], captions[:, None], in_caption[:, None])[-1]
        cosines = self.model.match(streams, in_caption[:, None])
        own = streams.texts.diagonal(dim1=1, dim2=2).movedim(-1, 1).flatten(0, 1)
        blank = torch.rand(len(indices), device=real.device) < BLANK
        nothing = self.model.pictures(torch.zeros_like(positions[:1]))
        unseen = self.model(nothing, texts[blank], real[blank])[-1].texts
        guesses = self.model.missing(torch.cat([own[hidden], unseen[hidden[blank]]]), self.embeddings)
        targets = self.places[torch.cat([tokens[hidden], tokens[blank][hidden[blank]]])]
        aligned = self.model.aligned(*self._sample())
        with torch.autocast(positions.device.type, enabled=False):
            choice, alignment = self.scales.exp().clamp(max=100)
            loss = choices(choice * cosines) + symmetric_contrastive(*aligned, alignment)
            return loss + WORDS_WEIGHT * cross_entropy(guesses.float(), targets)

    def _sample(self) -> tuple[Tensor, Tensor]:
        """Means of positions and of tokens, of any pictures with a caption each."""
        device, (count, each) = self.known_captions.device, self.known_captions.shape[:2]
        rows = torch.randperm(count, device=device)[:ALIGNED]
        captions = self.known_captions[rows, torch.randint(each, rows.shape, device=device)]
        return self.known_pictures[rows], captions

    def vectors(self, tokens: Tensor, real: Tensor) -> Tensor:
        """`MiniLM.token_vectors`."""
        return self._minilm[0].token_vectors(tokens, real)

    def batches(self, labels: np.ndarray, seed: int, epoch: int) -> Iterator[np.ndarray]:
        """Groups, one after the other; as many pictures as there are."""
        random = np.random.default_rng((seed, epoch))
        seeds = random.permutation(len(labels))[: len(labels) // GROUP]
        size = min(BATCH, len(labels)) // GROUP
        for start in range(0, len(seeds) - size + 1, size):
            yield np.concatenate([self._group(first, random) for first in seeds[start : start + size]])

    def _group(self, seed: int, random: np.random.Generator) -> np.ndarray:
        """A picture, those that are confused with it, and any; each once."""
        hard = random.choice(self._near[seed], HARD, replace=False)
        others = random.choice(len(self._near), GROUP, replace=False)
        return np.array([seed, *hard, *(other for other in others if other != seed and other not in hard)][:GROUP])


def choices(logits: Tensor) -> Tensor:
    """The loss of choosing a text for each picture and a picture for each text, right on the diagonal: [G, N, N]."""
    right = torch.arange(logits.shape[-1], device=logits.device).expand(len(logits), -1)
    return (cross_entropy(logits, right) + cross_entropy(logits.transpose(1, 2), right)) / 2


def masked(tokens: Tensor, real: Tensor, special: Tensor) -> Tensor:
    """Which tokens [N, L] to mask, bool: 15 % of those that are real and none of the special ones."""
    chosen = torch.rand(tokens.shape, device=tokens.device) < MASKED
    return chosen & real & ~torch.isin(tokens, special)
