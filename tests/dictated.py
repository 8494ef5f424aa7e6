"""A captioner without a network: it says what it was told to say of a picture of that name."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np

from fsl_demo.core.capabilities import Captions
from fsl_demo.core.cards import CaptionerCard
from fsl_demo.core.episodes import Caption, Hint, Layer, Progress, quiet
from fsl_demo.core.pictures import Picture

SENTENCES = {
    "q1.png": ("a red dog runs on the grass", "a dog in a field"),
    "q2.png": ("a blue cat", "a cat sleeps", "two cats"),
}


class Dictated(Captions):
    """Says what it was told to say.

    Attributes:
        asked: names of the pictures that were described, in order.
        doubted: names of pictures that it does not know.
    """

    weights = ""

    def __init__(
        self,
        name: str = "dictated",
        weights: str = "w1",
        seconds: float = 0.0,
        sentences: Mapping[str, tuple[str, ...]] = SENTENCES,
    ) -> None:
        self.card = CaptionerCard(name, name.title(), paper="-", checkpoint="-", cost=1)
        self.weights, self.seconds = weights, seconds
        self.asked: list[str] = []
        self.sentences = sentences
        self.doubted = {"q3.png", "q4.png"}

    def describe(self, pictures: Sequence[Picture], progress: Progress = quiet) -> list[tuple[Caption, ...]]:
        dictations = []
        for number, picture in enumerate(pictures):
            progress("embed", number, len(pictures))
            self.asked.append(picture.name)
            time.sleep(self.seconds)
            texts = self.sentences.get(picture.name, (f"a picture called {picture.name.split('.')[0]}",))
            doubtful = picture.name in self.doubted
            fit = 0.05 if doubtful else 0.3
            dictations.append(
                tuple(Caption(text, -1.2 - n, fit=fit - n / 50, doubtful=doubtful) for n, text in enumerate(texts))
            )
        return dictations

    def hints(self, pictures: Sequence[Picture], progress: Progress = quiet) -> list[Hint | None]:
        return [Hint("red dog", 0.87) if picture.name == "q1.png" else None for picture in pictures]

    def words(self, picture: Picture, text: str) -> tuple[Layer, ...]:
        words = text.split()
        maps = [np.zeros((7, 7), np.float32) for _ in words]
        for n, values in enumerate(maps):
            values[n % 7, n % 7] = 1
        return tuple(
            Layer(picture, "query", values, words=((word, 0.5 + n / 100),), kind="cross")
            for n, (word, values) in enumerate(zip(words, maps, strict=True))
        )
