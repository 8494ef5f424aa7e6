"""What says that a region is of a class: its words, by the dictionary or by what they are like, and its examples.

A dictionary knows the words that it has learned from. Of any other word it knows little; there ASIF's relations
(Norelli et al. 2022, arXiv:2210.01738) say more: whether a region and a word are like the same of ImageNet's classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fsl_demo.inference.dictionary_space import DictionarySpace, Seen, Vocabulary, codes
from fsl_demo.inference.vectors import l2_normalize
from fsl_demo.inference.word_vectors import RELATIONS, SENTENCE

UNKNOWN, LEARNED = 0.7, 0.9
"""Cosine of a word's sentence vector with the nearest word that the dictionary has learned from: up to the first it is
another word, from the second on the same."""
SHARPNESS = 20.0
"""What relations are multiplied with before they compete."""
REGION, WHOLE, THING, OFFSET = 0.6, 0.25, 0.6, -0.8
"""What the log-probabilities of a region and of its picture, and its log-odds to be a thing, count for words that are
not learned."""
COSINE, EXAMPLE_THING, EXAMPLE_OFFSET = 12.4, 0.35, -7.0
"""The same of a region's cosine with the mean of examples. All these are chosen on VOC's validation pictures, by the
study's dictionary and the five classes that it has not learned from, with boxes of training pictures as examples."""
BACKGROUND_PICTURES = 2.0
"""How many support pictures the dictionary's own background counts for."""


@dataclass(frozen=True)
class Words:
    """The classes' words, and others beside which they stand.

    Attributes:
        vectors: what `WordReader` gives, [C, e].
        rows: of the dictionary, [C, d].
        beside: words for other things.
    """

    vectors: np.ndarray
    rows: np.ndarray
    beside: Vocabulary

    def odds(self, space: DictionarySpace, seen: Seen) -> np.ndarray:
        """Log-odds that regions are of the classes, [R, C]."""
        learned = space.learned(self.vectors[:, :SENTENCE])
        share = np.clip((learned - UNKNOWN) / (LEARNED - UNKNOWN), 0, 1)
        explained = space.odds(seen.regions @ self._codes, seen.objectness)[:, : len(self.rows)]
        return np.asarray(share * explained + (1 - share) * self._related(seen))

    @cached_property
    def _codes(self) -> np.ndarray:
        """What vectors are multiplied with to be codes, which are linear in them, [d, C + V]."""
        dictionary = np.concatenate([self.rows, self.beside.rows])
        return codes(np.eye(dictionary.shape[1], dtype=np.float32), dictionary)

    def _related(self, seen: Seen) -> np.ndarray:
        relations = np.concatenate([self.vectors, self.beside.vectors])[:, RELATIONS]
        logits = SHARPNESS * seen.relations.astype(np.float32) @ relations.T
        logits -= logits.max(axis=1, keepdims=True)
        likely = (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))[:, : len(self.rows)]
        return REGION * likely[1:] + WHOLE * likely[0] + THING * log_odds(seen.objectness)[:, None] + OFFSET


@dataclass(frozen=True)
class Examples:
    """Support pictures or boxes on them.

    Attributes:
        means: of each class, without background, unit vectors [C, d].
        shares: how much they count beside words, [C].
    """

    means: np.ndarray
    shares: np.ndarray

    @classmethod
    def of(
        cls, sums: np.ndarray, counts: np.ndarray, told: np.ndarray, background: np.ndarray, strength: float
    ) -> Examples:
        """
        Args:
            sums, counts: of each class's examples, [C, d] and [C].
            told: whether a class has text, [C].
            background: the mean of regions of nothing, [d].
            strength: how many examples a text counts for.
        """
        worth = counts + np.where(told, strength, 0.0)
        shares = np.divide(counts, worth, out=np.zeros(len(counts)), where=counts > 0)
        return cls(l2_normalize(sums - counts[:, None] * background), shares)

    def odds(self, seen: Seen) -> np.ndarray:
        """Log-odds that regions are of the classes, [R, C]."""
        thing = EXAMPLE_THING * log_odds(seen.objectness)[:, None]
        return COSINE * seen.regions @ self.means.T + thing + EXAMPLE_OFFSET


def probabilities(space: DictionarySpace, seen: Seen, *, words: Words, examples: Examples) -> np.ndarray:
    """That regions are of the classes, [R, C]: the log-odds by words and by examples, in the shares of these."""
    odds = (1 - examples.shares) * words.odds(space, seen) + examples.shares * examples.odds(seen)
    return np.asarray(1 / (1 + np.exp(-odds)))


def background(learned: np.ndarray, elsewhere: Sequence[np.ndarray]) -> np.ndarray:
    """The mean of regions of nothing, [d].

    Args:
        learned: that of the dictionary.
        elsewhere: of each support picture with boxes, vectors of the regions that lie apart from these, [N, d].
    """
    means = [vectors.mean(axis=0) for vectors in elsewhere if len(vectors)]
    return np.asarray((BACKGROUND_PICTURES * learned + sum(means)) / (BACKGROUND_PICTURES + len(means)), np.float32)


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    likely = np.clip(probabilities, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(likely / (1 - likely)))
