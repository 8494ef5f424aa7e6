"""Words and phrases as the semantic dictionary's encoder reads them.

MiniLM's sentence vector, its words, and which of ImageNet's classes they are like (ASIF's relations, Norelli et al.
2022, arXiv:2210.01738): these carry over to words that the dictionary has not learned.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from fsl_demo import checkpoints
from fsl_demo.backbones.minilm import MiniLM, MiniLMWithWords
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.episodes import ClassSpec, Progress, in_latin_script, quiet
from fsl_demo.inference.anchors import ANCHORS, TextAnchors
from fsl_demo.inference.compact_space import ANCHORS as CHECKPOINT
from fsl_demo.inference.encoding import encoded
from fsl_demo.inference.vectors import l2_normalize

SENTENCE = MiniLM.channels
CHANNELS = MiniLMWithWords.channels + ANCHORS
"""Sentence 384, words 384, relations 1,000."""
RELATIONS = slice(MiniLMWithWords.channels, CHANNELS)

_ARTICLE = re.compile(r"^(an?|the|some) ", re.IGNORECASE)


def bare(phrase: str) -> str:
    """A phrase without its article: none of the words that the dictionary learned from has one."""
    return _ARTICLE.sub("", phrase)


def spoken(spec: ClassSpec) -> list[str]:
    """What stands for a class: its name as people write it, and its descriptions; what is in Latin letters."""
    return [text.replace("_", " ") for text in (spec.name, *spec.descriptions) if in_latin_script(text)]


class WordReader:
    """Reads words.

    Attributes:
        weights: hashes of the weights, joined by "+".

    Raises:
        UserError: what is wrong with the checkpoint that holds the anchors.
    """

    def __init__(self, networks: Networks) -> None:
        self.networks, self.anchors = networks, TextAnchors.of(checkpoints.load(CHECKPOINT), networks)

    @property
    def weights(self) -> str:
        return self.anchors.weights

    def __call__(self, texts: Sequence[Sequence[str]], progress: Progress = quiet) -> np.ndarray:
        """The mean of each ensemble of texts, its parts of length 1, float32 [N, CHANNELS]; zeros for an empty one."""
        networks, sentences = self.networks, [[bare(text) for text in own] for own in texts]
        ensembles = encoded(networks.features, encoder=networks.words, sentences=sentences, progress=progress)
        nothing = np.zeros(MiniLMWithWords.channels, np.float32)
        means = np.stack([_halves(own).mean(axis=0) if len(own) else nothing for own in ensembles])
        return self.related(_halves(means))

    def related(self, read: np.ndarray) -> np.ndarray:
        """What MiniLM makes of texts, [N, 768], in parts of length 1, and what they are like: float32 [N, CHANNELS]."""
        return np.concatenate([read, self.anchors.rows(read[:, :SENTENCE])], axis=1).astype(np.float32)


def _halves(values: np.ndarray) -> np.ndarray:
    """Sentence and words, [N, 768], each scaled to length 1."""
    return np.concatenate([l2_normalize(part) for part in np.split(values, [SENTENCE], axis=1)], axis=1)
