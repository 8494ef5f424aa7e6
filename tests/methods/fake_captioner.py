"""A captioner that answers from a table, for tests of what is around captioners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fsl_demo.episodes import Layer, Progress, quiet
from fsl_demo.methods.captioning import Caption, CaptionerCard
from fsl_demo.pictures import Picture


class FakeCaptioner:
    weights = "fake"

    def __init__(self, name: str, said: Mapping[Picture, str], fit: float = 0.3, *, doubtful: bool = False) -> None:
        self.card: Any = CaptionerCard(name, name, "none", "none", 1)
        self.said, self.fit, self.doubtful = said, fit, doubtful

    def describe(self, pictures: Sequence[Picture], progress: Progress = quiet) -> list[tuple[Caption, ...]]:
        return [(Caption(self.said.get(one, "a thing"), -1.0, self.fit, self.doubtful),) for one in pictures]

    def words(self, picture: Picture, text: str) -> tuple[Layer, ...]:
        return tuple(
            Layer(picture, "query", np.zeros((3, 3), np.float32), words=((word, 0.5),)) for word in text.split()
        )
