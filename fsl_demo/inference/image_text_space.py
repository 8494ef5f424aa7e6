"""What a method that reads text needs of a space in which pictures and texts meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from fsl_demo.backbones.cache import FeatureCache, TextEncoder
from fsl_demo.core.episodes import Box, Progress, quiet
from fsl_demo.core.pictures import Picture


class ImageTextSpace(Protocol):
    """Pictures and texts as unit vectors of one space, and where on a picture a direction is found.

    Attributes:
        id, title: for caches and for people.
        weights: hashes of the weights, joined by "+".
    """

    @property
    def id(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def weights(self) -> str: ...

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Unit vectors, float32 [N, D]; pooled features come from the cache."""
        ...

    def texts(self, sentences: Sequence[Sequence[str]], progress: Progress = quiet) -> np.ndarray:
        """A unit vector for each ensemble of sentences, float32 [C, D]; zeros for an empty ensemble."""
        ...

    def reads(self, text: str) -> bool:
        """Whether the text tower was trained on this script."""
        ...

    def evidence(self, picture: Picture, directions: np.ndarray) -> np.ndarray:
        """How much of each direction [C, D] is found at each position of a picture, float [C, h, w]."""
        ...

    def seen(self, picture: Picture) -> Box:
        """The part of a picture that the network sees."""
        ...


def encoded(
    features: FeatureCache, encoder: TextEncoder, sentences: Sequence[Sequence[str]], progress: Progress = quiet
) -> list[np.ndarray]:
    """The vectors of each ensemble of sentences, [K, D] each; all are encoded together."""
    flat = [text for ensemble in sentences for text in ensemble]
    vectors = features.texts(encoder, flat, progress) if flat else np.zeros((0, 0), np.float32)
    ends = np.cumsum([len(ensemble) for ensemble in sentences], dtype=int)
    return [vectors[end - len(ensemble) : end] for end, ensemble in zip(ends, sentences, strict=True)]
