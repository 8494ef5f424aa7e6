"""What the semantic dictionary learns from: regions and the words that are right for them, and whole pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from fsl_demo.inference.dictionary_space import PENALTY
from fsl_demo.layers.semantic_dictionary import SemanticDictionary, codes
from fsl_demo.losses.semantic_dictionary import Denominator, dictionary_loss, language_similarity, reconstruction
from fsl_demo.training.setup import Objective

HIDDEN = 1_024
ROWS, BATCH, STEPS = 1_024, 512, 100
"""Words of the dictionary that each batch draws; features a batch; batches an epoch."""
ALIKE = 0.75
"""Words whose sentence vectors have a higher cosine mean nearly the same: where one of them is right, the other is
neither right nor wrong."""
SCALE, NOTHING = 200.0, 3.0
"""What codes are multiplied with at the start, and the logit of a region that is nothing; both learned."""
ANCHORED = 0.4
"""Share of ImageNet's names in each batch: they tie words like them to what the frozen network tells apart."""
REGION, BACKGROUND, WHOLE, CLASSIFIER = range(4)
"""Kinds of features: a thing's, that of a place without a thing that is annotated, a whole picture's, and a row of the
ImageNet classifier."""
SHARES = (0.4, 0.25, 0.1, 0.25)
"""Of the kinds in a batch."""


@dataclass(frozen=True)
class Words:
    """What rows can be made of.

    Attributes:
        texts: of the words; the first `classes` are those that are annotated completely.
        vectors: what the encoder reads, float32 [W, e].
        sentences: unit vectors in which words are compared, float32 [W, 384].
        mentions: whether a word names a thing of each of the first `classes`, [W, classes].
    """

    texts: tuple[str, ...]
    vectors: np.ndarray
    sentences: np.ndarray
    mentions: np.ndarray

    @property
    def classes(self) -> int:
        return self.mentions.shape[1]


@dataclass(frozen=True)
class Rights:
    """Which words are right for each feature.

    Attributes:
        kinds: [N].
        words: numbers of the words, -1 for no further one, [N, P].
    """

    kinds: np.ndarray
    words: np.ndarray


class SemanticDictionaryObjective(Objective):
    """The dictionary, and how its codes become logits.

    Args:
        features: channels of a feature.
        steps: batches an epoch.
    """

    _vectors: Tensor
    _sentences: Tensor
    _mentions: Tensor
    _kinds: Tensor
    _words: Tensor

    def __init__(
        self,
        words: Words,
        rights: Rights,
        features: int,
        denominator: Denominator = "similarity",
        steps: int = STEPS,
    ) -> None:
        super().__init__()
        self.steps = steps
        self.denominator, self.classes = denominator, words.classes
        self.dictionary = SemanticDictionary(words.vectors.shape[1], hidden=HIDDEN, features=features)
        self.scales = nn.Parameter(torch.tensor([SCALE, SCALE]).log())
        self.offsets = nn.Parameter(torch.tensor([NOTHING, -3.0]))
        for name in ("vectors", "sentences", "mentions"):
            self.register_buffer(f"_{name}", torch.from_numpy(np.array(getattr(words, name))), persistent=False)
        for name in ("kinds", "words"):
            self.register_buffer(f"_{name}", torch.from_numpy(np.array(getattr(rights, name))), persistent=False)

    def forward(self, batch: Tensor, labels: Tensor) -> Tensor:
        """The loss of features [B, d] by their numbers [B]."""
        features, kinds, right = batch.float(), self._kinds[labels], self._words[labels]
        drawn = self._drawn(right)
        texts = self._vectors[drawn]
        rows = self.dictionary(texts).float()
        explained = codes(features, rows, PENALTY)
        is_right = (right[:, :, None] == drawn).any(1)
        whole = kinds == WHOLE
        told = self._told(explained[~whole], is_right[~whole], kinds=kinds[~whole], drawn=drawn)
        logits = self.scales[1].exp() * explained[whole][:, : self.classes] + self.offsets[1]
        shown = binary_cross_entropy_with_logits(logits, is_right[whole][:, : self.classes].float())
        return dictionary_loss(
            told + shown,
            reconstruction(features, explained, rows=rows, penalty=PENALTY),
            language=language_similarity(texts, self.dictionary.texts(rows).float()),
            denominator=self.denominator,
        )

    def _drawn(self, right: Tensor) -> Tensor:
        """Numbers of the words of a batch: the classes, what is right, `ANCHORED` of ImageNet's names, and others."""
        count = len(self._vectors)
        wanted = torch.zeros(count, device=right.device)
        anchors = self._words[self._kinds == CLASSIFIER, 0]
        wanted[anchors[torch.rand(len(anchors), device=right.device) < ANCHORED]] = 1
        wanted[right[right >= 0]] = 1
        wanted[: self.classes] = 2
        order = (wanted + torch.rand(count, device=right.device)).argsort(descending=True)
        return torch.cat([torch.arange(self.classes, device=right.device), order[self.classes : ROWS]])

    def _told(self, explained: Tensor, is_right: Tensor, kinds: Tensor, drawn: Tensor) -> Tensor:
        """Cross-entropy of each right word among those that are wrong, and nothing; of nothing where nothing is right.

        A place without a thing of the classes may still be any other word's.
        """
        logits = self.scales[0].exp() * explained
        wrong = ~(is_right | self._unsure(is_right, drawn))
        wrong[kinds == BACKGROUND, self.classes :] = False
        nothing = self.offsets[0].expand(len(logits), 1)
        against = torch.cat([logits.masked_fill(~wrong, -math.inf), nothing], 1).logsumexp(1, keepdim=True)
        background = (against - nothing)[:, 0]
        things = (softplus(against - logits) * is_right).sum(1) / is_right.sum(1).clamp(min=1)
        return torch.where(is_right.any(1), things, background).mean()

    def _unsure(self, is_right: Tensor, drawn: Tensor) -> Tensor:
        """Words that mean nearly the same as one that is right, or name the same thing, [B, R]."""
        sentences, mentions = self._sentences[drawn], self._mentions[drawn].float()
        near = (sentences @ sentences.T > ALIKE) | (mentions @ mentions.T > 0)
        return (is_right.float() @ near.float()) > 0

    def batches(self, labels: np.ndarray, seed: int, epoch: int) -> Iterator[np.ndarray]:
        """As many of each kind as `SHARES` say, drawn at random; of regions, those with rare words more often."""
        random = np.random.default_rng((seed, epoch))
        kinds, words = self._kinds.cpu().numpy(), self._words.cpu().numpy()
        members = [np.flatnonzero(kinds == kind) for kind in range(len(SHARES))]
        counts = np.bincount(words[words >= 0], minlength=len(self._vectors))
        rare = np.where(words >= 0, 1 / np.sqrt(np.maximum(counts[words], 1)), 0).sum(1) / (words >= 0).sum(1).clip(1)
        weights = [rare[rows] / rare[rows].sum() if kind == REGION else None for kind, rows in enumerate(members)]
        drawn = [
            random.choice(rows, size=(self.steps, round(BATCH * share)), p=weight)
            for rows, share, weight in zip(members, SHARES, weights, strict=True)
            if len(rows)
        ]
        yield from np.concatenate(drawn, axis=1)
