"""A space in which pictures and texts meet without a network: mean colours, and the words red, green and blue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from fsl_demo.core.episodes import Box, Progress, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.inference.vectors import l2_normalize

WORDS = ("red", "green", "blue")


def painted(rgb: tuple[int, int, int], seed: int = 0, size: int = 24) -> Image.Image:
    """A picture of one colour, speckled by `seed`, so that no two are the same."""
    noise = np.random.default_rng(seed).integers(-9, 10, (size, size, 3))
    return Image.fromarray((np.array(rgb) + noise).clip(0, 255).astype(np.uint8))


def mean_colour(picture: Picture) -> np.ndarray:
    """float32 [3], from 0 to 1."""
    return np.asarray(picture.image().resize((1, 1), Image.Resampling.BOX), dtype=np.float32).ravel() / 255


class ColourSpace:
    """A `ImageTextSpace`.

    Attributes:
        embedded: names of the pictures that were embedded, in order.
    """

    weights = "-"

    def __init__(self, id: str = "colours", title: str = "Colours") -> None:
        self.id, self.title = id, title
        self.embedded: list[str] = []

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        vectors = []
        for number, picture in enumerate(pictures):
            progress("embed", number, len(pictures))
            vectors.append(mean_colour(picture))
            self.embedded.append(picture.name)
        return l2_normalize(np.array(vectors, np.float32).reshape(-1, 3))

    def texts(self, sentences: Sequence[Sequence[str]], progress: Progress = quiet) -> np.ndarray:
        counts = [[sum(word in text.split() for text in ensemble) for word in WORDS] for ensemble in sentences]
        return l2_normalize(np.array(counts, np.float32))

    def reads(self, text: str) -> bool:
        return text.isascii()

    def evidence(self, picture: Picture, directions: np.ndarray) -> np.ndarray:
        places = np.asarray(picture.image().resize((4, 4), Image.Resampling.BOX), dtype=np.float32)
        return np.einsum("cd,hwd->chw", directions, l2_normalize(places))

    def seen(self, picture: Picture) -> Box:
        return (0.0, 0.0, 1.0, 1.0)
