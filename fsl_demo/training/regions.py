"""What the towers make of regions of pictures, beside the phrases that captions have for them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.towers import PictureTowers
from fsl_demo.core.durable import replacing
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.datasets import flickr8k_entities
from fsl_demo.training.reading import pooled

PHRASES = 4
"""Of each region; fewer come again."""


@dataclass(frozen=True)
class Regions:
    """Regions and what they are called.

    Attributes:
        pictures: of `PictureTowers`, [N, 1998].
        phrases: of each, `PHRASES`.
        nouns: numbers of the last words of the phrases, [N, PHRASES].
        weights: how often to draw each region: rare nouns come more often than they are said.
    """

    pictures: np.ndarray
    phrases: list[list[str]]
    nouns: np.ndarray
    weights: np.ndarray


def regions(networks: Networks, root: Path, file: Path, progress: Progress = quiet) -> Regions:
    """Embed Flickr8k's training regions, or read what an earlier run made of as many.

    Args:
        file: keeps them.

    Raises:
        UserError: `data_missing`, `weights_missing`, `weights_differ`.
    """
    data = flickr8k_entities.read(root)
    phrases = [[texts[number % len(texts)] for number in range(PHRASES)] for texts in data.phrases]
    last = [[text.split()[-1] for text in texts] for texts in phrases]
    counts = Counter(word for words in last for word in words)
    numbers = {word: number for number, word in enumerate(counts)}
    weights = np.array([np.mean([counts[word] ** -0.5 for word in words]) for words in last], np.float32)
    return Regions(
        pictures=_pictures(networks, data=data, file=file, progress=progress),
        phrases=phrases,
        nouns=np.array([[numbers[word] for word in words] for words in last]),
        weights=weights / weights.sum(),
    )


def _pictures(networks: Networks, data: flickr8k_entities.Regions, file: Path, progress: Progress) -> np.ndarray:
    if file.exists():
        kept: np.ndarray = np.load(file)
        if len(kept) == len(data.cutouts):
            return kept
    small, large = pooled(networks, data.cutouts, progress)
    made = PictureTowers(networks).joined(small, large)
    file.parent.mkdir(parents=True, exist_ok=True)
    with replacing(file) as output:
        np.save(output, made)
    return made
