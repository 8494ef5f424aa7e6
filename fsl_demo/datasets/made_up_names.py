"""Names that nobody has heard: with them, only pictures can tell which class is which."""

from __future__ import annotations

import numpy as np


def made_up_names(count: int, seed: int = 0) -> list[str]:
    """Different words of two or three syllables."""
    random = np.random.default_rng(seed)
    starts, ends = "bdfgklmnprstvz", ("", "k", "n", "x")
    syllables = [start + vowel + end for start in starts for vowel in "aeiou" for end in ends]
    names: dict[str, None] = {}
    while len(names) < count:
        names["".join(random.choice(syllables, random.integers(2, 4)))] = None
    return list(names)
