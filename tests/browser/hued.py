"""A method without a network that can also explain, and that can be held up from outside."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fsl_demo.core.capabilities import Classifies, Embeds, SearchesText
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import Episode, Explanation, Focus, Layer, Progress, Scores, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.settings import Settings, none_below
from tests.colours import ColourSpace, mean_colour
from tests.nearest import PixelCopies

STEP = 0.01


@dataclass(frozen=True)
class HuedSettings(Settings):
    none_below: float | None = none_below()


class Hued(Classifies[HuedSettings], Embeds, SearchesText, PixelCopies):
    """Closeness of mean colours.

    Attributes:
        hold: while this file is there, predicting waits before the second batch.
        pull: how much colder it is than another of its kind, so that two of them differ.
    """

    Settings = HuedSettings
    joint: Any = None

    def __init__(self, name: str, title: str, hold: Path, pull: float = 0.0) -> None:
        self.card = MethodCard(
            name,
            title,
            paper="-",
            checkpoint="colours",
            needs_pictures=True,
            reads_text=False,
            transductive=False,
            explains=("query", "support"),
            cost=1,
        )
        self.hold, self.pull, self.joint = hold, pull, ColourSpace()

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        return np.stack([mean_colour(picture) for picture in pictures])

    def fit(self, episode: Episode, settings: HuedSettings, progress: Progress = quiet) -> Fitted:
        for spec, shots in zip(episode.classes, episode.shots(), strict=True):
            if not shots:
                raise UserError("class_empty", name=spec.name, method=self.card.title)
        return Fitted(self, episode, settings)


class Fitted:
    """A `Classifier`."""

    def __init__(self, method: Hued, episode: Episode, settings: HuedSettings) -> None:
        self.method, self.episode, self.settings = method, episode, settings
        self.vectors = method.embed([example.picture for example in episode.support])
        owners = np.array([example.class_index for example in episode.support])
        self.means = np.stack([self.vectors[owners == c].mean(axis=0) for c in range(len(episode.classes))])
        self.means[0] -= method.pull
        self.batches = 0

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        self.batches += 1
        while self.batches > 1 and self.method.hold.exists():
            progress("embed", 0, len(queries))
            time.sleep(STEP)
        seen = self.method.embed(queries)
        near = 1 - np.linalg.norm(seen[:, None] - self.means, axis=2).astype(np.float32)
        pairs = 1 - np.linalg.norm(seen[:, None] - self.vectors, axis=2).astype(np.float32)
        powers = np.exp(30 * near)
        floor = 0.5 if self.settings.none_below is None else self.settings.none_below
        shares = powers / powers.sum(axis=1, keepdims=True)
        return Scores(
            self.method.card.id,
            "-",
            settings=asdict(self.settings),
            seconds=0.01,
            similarities=near,
            probabilities=shares,
            none_below=floor,
            pairs=pairs,
        )

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        values = np.linspace(0, 1, 49, dtype=np.float32).reshape(7, 7)
        own: Any = next(example.picture for example in self.episode.support if example.class_index == class_index)
        shown = (focus and focus.support) or own
        return Explanation(
            self.method.card.id, class_index, (Layer(query, "query", values), Layer(shown, "support", values))
        )
