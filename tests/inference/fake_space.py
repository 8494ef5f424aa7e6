"""A joint space of a few dimensions, whose pictures and words have the vectors that a test gives them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from fsl_demo.core.episodes import Box, Progress, in_latin_script, quiet
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.inference.vectors import l2_normalize

SHARES = np.array([[1.0, 0.5], [0.0, -0.5]])
"""How much of a picture's vector is at each of its four positions."""


def apart(pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
    """Vectors in which no picture is like another."""
    return np.eye(len(pictures), dtype=np.float32)


class FakeSpace:
    """A `ImageTextSpace`. A sentence is the sum of its words at length 1; an unknown word is nothing."""

    id = title = "fake"
    weights = "none"

    def __init__(self, words: dict[str, Sequence[float]] | None = None, dimensions: int = 3) -> None:
        self.words = {word: np.array(vector, np.float32) for word, vector in (words or {}).items()}
        self.dimensions = dimensions
        self.vectors: dict[str, np.ndarray] = {}

    def picture(self, vector: Sequence[float] | np.ndarray) -> Picture:
        """A new picture with this vector, as it is."""
        number = len(self.vectors)
        picture = from_image(Image.new("RGB", (8, 8), (number // 256, number % 256, 0)), f"{number}.png")
        self.vectors[picture.sha256] = np.array(vector, np.float32)
        return picture

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        vectors = [self.vectors[picture.sha256] for picture in pictures]
        return np.stack(vectors) if vectors else np.zeros((0, self.dimensions), np.float32)

    def texts(self, sentences: Sequence[Sequence[str]], progress: Progress = quiet) -> np.ndarray:
        vectors = np.zeros((len(sentences), self.dimensions), np.float32)
        for row, ensemble in zip(vectors, sentences, strict=True):
            for sentence in ensemble:
                words = (self.words.get(word.strip(":."), np.zeros(self.dimensions)) for word in sentence.split())
                row += l2_normalize(np.sum([*words], axis=0))
        return l2_normalize(vectors)

    def reads(self, text: str) -> bool:
        return in_latin_script(text)

    def evidence(self, picture: Picture, directions: np.ndarray) -> np.ndarray:
        return (directions @ self.vectors[picture.sha256])[:, None, None] * SHARES

    def seen(self, picture: Picture) -> Box:
        return (0.0, 0.0, 1.0, 1.0)
