"""What people said of like pictures: how often each group of up to four words was said of Flickr8k's training pictures.

A caption is good that people agree with who described like pictures (consensus, Devlin et al. 2015, arXiv:1505.04467).
How much they agree is CIDEr-D (Vedantam et al. 2015, arXiv:1411.5726) with captions in which word groups are as
frequent as near the picture. How like pictures are is told by the built-in model's head, of which the checkpoint has
the main axes.

`python -m experiments.caption_bank --data data` writes the checkpoint.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.towers import PICTURE
from fsl_demo.checkpoints import Checkpoint, Current, Source
from fsl_demo.core.errors import UserError
from fsl_demo.inference.vectors import l2_normalize

CHECKPOINT = "caption_bank"
ORDERS = 4
"""Words of a group, at most."""
CAPTIONS = 5
"""Of a picture."""
SHARPNESS = 20.0
"""What cosines are multiplied with before pictures are weighed; the best of 15, 20 and 30 on validation pictures."""


class CaptionBank:
    """The training pictures and what was said of them.

    Raises:
        UserError: `card_differs`.
    """

    def __init__(self, stored: Checkpoint) -> None:
        self.weights = stored.sha256
        self._axes = stored.array("axes", None, PICTURE).astype(np.float32)
        self._bias = stored.array("bias", len(self._axes)).astype(np.float32)
        self._pictures = l2_normalize(stored.array("pictures", None, len(self._axes)).astype(np.float32))
        self._keys, self._counts = stored.array("groups", None), stored.array("counts", None)
        self._said, lengths = stored.array("said", len(self._counts)), stored.array("lengths", len(self._pictures))
        self._rarity = stored.array("rarity", len(self._keys)).astype(np.float32)
        self._usual_lengths = stored.array("usual_lengths", ORDERS).astype(np.float32)
        if lengths.sum() != len(self._said) or not (self._said < len(self._keys)).all():
            raise UserError("card_differs", name=stored.name, part="said")
        self._owners = np.repeat(np.arange(len(self._pictures)), lengths)

    def near(self, features: np.ndarray) -> np.ndarray:
        """How often each group is said of pictures like this one [1998], in a caption: float [V]."""
        cosines = self._pictures @ l2_normalize(self._axes @ features + self._bias)
        weights = np.exp(SHARPNESS * (cosines - cosines.max()))
        frequencies = self._counts * (weights / weights.sum())[self._owners]
        return np.bincount(self._said, frequencies, minlength=len(self._keys)) / CAPTIONS

    def agreement(self, features: np.ndarray, sentences: Sequence[str]) -> list[float]:
        """How much people agree with sentences, in lower-case words, about a picture [1998]; 1 is very much."""
        near = self.near(features)
        return [self._agreement(near, sentence) for sentence in sentences]

    def _agreement(self, near: np.ndarray, sentence: str) -> float:
        shared, length = np.zeros(ORDERS), np.full(ORDERS, 1e-12)
        for (order, key), count in Counter(groups(sentence)).items():
            row = int(np.searchsorted(self._keys, key))
            is_known = row < len(self._keys) and self._keys[row] == key
            rarity = self._rarity[row] if is_known else self._rarity.max(initial=0)
            length[order] += (count * rarity) ** 2
            shared[order] += count * rarity**2 * (near[row] if is_known else 0)
        return float((shared / np.sqrt(length) / self._usual_lengths).mean())


def groups(sentence: str) -> Iterator[tuple[int, int]]:
    """The groups of a sentence's words: their number less one, and a hash; with repeats."""
    words = sentence.split()
    for order in range(ORDERS):
        for start in range(len(words) - order):
            yield order, zlib.crc32(" ".join(words[start : start + order + 1]).encode())


def shared(networks: Networks, checkpoint: Source = CHECKPOINT) -> Current[CaptionBank]:
    """The bank; whoever asks on the same networks shares it."""
    return networks.shared(_Makes(), checkpoint)


@dataclass(frozen=True)
class _Makes:
    """Makes the bank of its checkpoint."""

    def __call__(self, networks: Networks, stored: Checkpoint) -> CaptionBank:
        return CaptionBank(stored)
