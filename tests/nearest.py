"""A method without a network: closeness of mean colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fsl_demo.core.capabilities import Classifies, MatchesText, SearchesText, TellsCopies
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import Episode, Progress, Scores, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.settings import Settings, slider
from fsl_demo.inference.vectors import l2_normalize
from tests.colours import mean_colour


@dataclass(frozen=True)
class NearestSettings(Settings):
    none_below: float = slider(-2.0, low=-2.0, high=1.0, step=0.01)


@dataclass
class Nearest(Classifies[NearestSettings]):
    """Stands in for a method: closeness of mean colours. `fitted` and `asked` count what it was given."""

    Settings = NearestSettings

    name: str = "nearest"
    transductive: bool = False
    refuses_at: int | None = None

    def __post_init__(self) -> None:
        self.card = MethodCard(
            self.name,
            self.name,
            paper="",
            checkpoint="-",
            needs_pictures=True,
            reads_text=False,
            transductive=self.transductive,
            explains=(),
            cost=0,
        )
        self.fitted, self.asked = 0, list[int]()

    def fit(self, episode: Episode, settings: Any, progress: Progress = quiet) -> Any:
        self.fitted += 1
        progress("embed", 0, len(episode.support))
        if self.refuses_at == 0:
            raise UserError("class_empty", name="red", method=self.name)
        self.floor = settings.none_below
        vectors = np.stack([mean_colour(example.picture) for example in episode.support])
        owners = np.array([example.class_index for example in episode.support])
        self.means = np.stack([vectors[owners == index].mean(axis=0) for index in range(len(episode.classes))])
        return self

    def predict(self, queries: Sequence[Picture], progress: Progress) -> Scores:
        self.asked.append(len(queries))
        if self.refuses_at is not None and sum(self.asked) > self.refuses_at:
            raise UserError("weights_missing", name=self.name)
        for done in range(len(queries) + 1):
            progress("score", done, len(queries))
        near = -np.stack([np.linalg.norm(self.means - mean_colour(query), axis=1) for query in queries])
        powers = np.exp(10 * near).astype(np.float32)
        shares = powers / powers.sum(axis=1, keepdims=True)
        return Scores(
            self.name,
            "",
            settings={},
            seconds=99.0,
            similarities=near.astype(np.float32),
            probabilities=shares,
            none_below=self.floor,
        )


class Searching(Nearest, SearchesText):
    """`Nearest` with a space to search in."""

    joint: Any = None

    def __init__(self, name: str, joint: Any) -> None:
        super().__init__(name)
        self.joint = joint


class PixelCopies(TellsCopies):
    """Takes only the very same pixels for copies."""

    def embed_originals(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        vectors = [np.random.default_rng(int(picture.sha256[:8], 16)).normal(size=64) for picture in pictures]
        return l2_normalize(np.array(vectors, np.float32))


class Telling(Nearest, PixelCopies):
    """`Nearest` that tells copies."""


class Matching(Nearest, MatchesText):
    """`Nearest` with a model that matches."""

    matcher: Any = None

    def __init__(self, name: str, matcher: Any) -> None:
        super().__init__(name)
        self.matcher = matcher
