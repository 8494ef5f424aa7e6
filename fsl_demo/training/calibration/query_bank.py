"""The sentences that tell which pictures of a search are found by all."""

from __future__ import annotations

import random

import numpy as np

from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.datasets.flickr8k import Captioned
from fsl_demo.inference.compact_space import BANK, HEAD, CompactSpace, likeness
from fsl_demo.inference.vectors import l2_normalize

UNBANKED: dict[str, np.ndarray] = {"bank": np.zeros((BANK, HEAD), np.float16), "bank.typical": np.zeros(1, np.float32)}
"""In place of a bank: no picture is set back more than another."""


def query_bank(
    space: CompactSpace, data: Captioned, pictures: np.ndarray, progress: Progress = quiet
) -> dict[str, np.ndarray]:
    """Captions drawn from the training part, as the head has them, and how much its pictures are like them on average.

    Args:
        pictures: what `PictureTowers` makes of the data's pictures, [N, D].
    """
    drawn = random.Random(0).sample([text for captions in data.captions for text in captions], BANK)
    bank = l2_normalize(space.texts([[text] for text in drawn], progress)[:, :HEAD])
    seen = l2_normalize(space.project(pictures, progress)[:, :HEAD])
    return {
        "bank": bank.astype(np.float16),
        "bank.typical": np.array([likeness(seen, bank).mean()], np.float32),
    }
