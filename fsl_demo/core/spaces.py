"""What capabilities hand out: a space in which pictures and texts meet, and a model that matches the two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from fsl_demo.core.episodes import Box, Layer, Progress, quiet
from fsl_demo.core.pictures import Picture


class Reader(Protocol):
    """Reads sentences.

    Attributes:
        title: for people.
        weights: hashes of the weights, joined by "+".
    """

    @property
    def title(self) -> str: ...

    @property
    def weights(self) -> str: ...

    def reads(self, text: str) -> bool:
        """Whether the text tower was trained on this script."""
        ...


class ImageTextSpace(Reader, Protocol):
    """Pictures and texts as unit vectors of one space, and where on a picture a direction is found.

    Attributes:
        id: for caches.
    """

    @property
    def id(self) -> str: ...

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Unit vectors, float32 [N, D]; pooled features come from the cache."""
        ...

    def texts(self, sentences: Sequence[Sequence[str]], progress: Progress = quiet) -> np.ndarray:
        """A unit vector for each ensemble of sentences, float32 [C, D]; zeros for an empty ensemble."""
        ...

    def evidence(self, picture: Picture, directions: np.ndarray) -> np.ndarray:
        """How much of each direction [C, D] is found at each position of a picture, float [C, h, w]."""
        ...

    def seen(self, picture: Picture) -> Box:
        """The part of a picture that the network sees."""
        ...


class Matcher(Reader, Protocol):
    """Looks at a picture and a sentence together.

    Attributes:
        improves: id of the space whose order of pictures it was trained to improve.
        top: how many pictures of a search it puts in a new order.
    """

    @property
    def improves(self) -> str: ...

    @property
    def top(self) -> int: ...

    def match(self, pictures: Sequence[Picture], sentences: Sequence[str], progress: Progress = quiet) -> np.ndarray:
        """How well each picture matches each sentence, float32 [N, T]."""
        ...

    def blended(self, similarities: np.ndarray, matches: np.ndarray) -> np.ndarray:
        """What a search orders by, from the similarities of the space that it improves and the matches, both [K]."""
        ...

    def words(self, picture: Picture, sentence: str) -> tuple[Layer, ...]:
        """Where each word of a sentence looks on the picture: a layer a word, in order.

        Raises:
            UserError: `search_empty`, `search_long`, `search_script`.
        """
        ...
