"""A semantic dictionary that needs no network: regions are the halves of a picture, words are colours."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from fsl_demo.core.episodes import quiet
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.inference import dictionary_space
from fsl_demo.inference.dictionary_space import Seen
from fsl_demo.inference.vectors import l2_normalize
from fsl_demo.inference.word_vectors import CHANNELS

WORDS = ("red", "green", "blue", "grass", "sky")
PLACES = ((0.0, 0.0, 0.5, 1.0), (0.0, 0.05, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0))


class Colours(dictionary_space.DictionarySpace):
    """Regions are the two halves of a picture, as vectors of their mean colours; words are colours."""

    channels, background = 3, np.zeros(3, np.float32)
    weights, temperature, scale, nothing = "colours", 10.0, np.float32(60.0), np.float32(1.0)
    boxes = np.array([1.0, 1.0, 0.0], np.float32)

    def __init__(self) -> None:
        self.networks: Any = SimpleNamespace(texts=None)
        self.looked = 0

    @property
    def vocabulary(self) -> dictionary_space.Vocabulary:
        words = dictionary_space.vocabulary()
        vectors = self.read([[word] for word in words])
        return dictionary_space.Vocabulary(words, vectors, self.encoded(vectors))

    def see(self, pictures: Sequence[Picture], progress: Any = quiet) -> list[Seen]:
        self.looked += len(pictures)
        return [
            Seen(
                np.array(PLACES, np.float32),
                np.array([0.9, 0.8, 0.7]),
                regions=self.embed(picture, np.array(PLACES)),
                whole=self.embed(picture, np.array([[0.0, 0.0, 1.0, 1.0]]))[0],
                relations=np.zeros((1 + len(PLACES), 1_000), np.float16),
            )
            for picture in pictures
        ]

    def embed(self, picture: Picture, boxes: np.ndarray) -> np.ndarray:
        pixels, vectors = np.asarray(picture.image(), np.float32), []
        for left, top, right, bottom in boxes:
            rows = slice(int(top * picture.height), max(1, int(bottom * picture.height)))
            columns = slice(int(left * picture.width), max(1, int(right * picture.width)))
            vectors.append(pixels[rows, columns].mean(axis=(0, 1)) + 1)
        return l2_normalize(np.array(vectors, np.float32).reshape(-1, 3))

    def learned(self, sentences: np.ndarray) -> np.ndarray:
        return np.ones(len(sentences))

    def encoded(self, vectors: np.ndarray) -> np.ndarray:
        return vectors[:, :3]

    def read(self, texts: Sequence[Sequence[str]], progress: Any = quiet) -> np.ndarray:  # type: ignore[override]
        known = dict(zip(WORDS, np.concatenate([np.eye(3), np.eye(3)[1:]]), strict=True))
        rows = np.zeros((len(texts), CHANNELS), np.float32)
        rows[:, :3] = [
            3 * np.mean([known.get(t, np.ones(3) / 2) for t in own], axis=0) if own else np.zeros(3) for own in texts
        ]
        return rows


def halves(left: str, right: str, size: tuple[int, int] = (40, 30)) -> Picture:
    image = Image.new("RGB", size, right)
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2 - 1, size[1]), fill=left)
    return from_image(image, f"{left}-{right}.png")
