"""A method without a network that says of pictures what it was told: regions, and similarities from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fsl_demo.core.capabilities import Grounds, Locates
from fsl_demo.core.cards import MethodCard
from fsl_demo.core.episodes import Episode, Explanation, Focus, Progress, Scores, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Box, Region, RegionExplanation
from fsl_demo.core.settings import Settings
from fsl_demo.inference.region_space import Proposals


class Told(Locates[Settings], Grounds):
    """Knows the regions of pictures by their names; `episodes` are those that it was fitted to."""

    Settings = Settings

    def __init__(self, regions: Mapping[str, Sequence[Region]], name: str = "told") -> None:
        self.card = MethodCard(
            name,
            "Told",
            paper="-",
            checkpoint="-",
            needs_pictures=False,
            reads_text=True,
            transductive=False,
            explains=(),
            cost=1,
        )
        self.known, self.episodes = regions, list[Episode]()

    def fit(self, episode: Episode, settings: Any, progress: Progress = quiet) -> ToldFit:
        self.episodes.append(episode)
        return ToldFit(self.known, [spec.name for spec in episode.classes])

    def ground(self, picture: Picture, phrases: Sequence[str], progress: Progress = quiet) -> list[tuple[Region, ...]]:
        return [
            tuple(sorted(self.known.get(picture.name, ()), key=lambda region: -dict(region.words).get(phrase, 0.0)))
            for phrase in phrases
        ]


class ToldFit:
    """A `RegionClassifier`."""

    def __init__(self, known: Mapping[str, Sequence[Region]], names: Sequence[str]) -> None:
        self.known, self.names = known, names

    def regions(self, queries: Sequence[Picture], progress: Progress = quiet) -> list[tuple[Region, ...]]:
        return [tuple(self.known.get(query.name, ())) for query in queries]

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        similarities = np.zeros((len(queries), len(self.names)), np.float32)
        for row, regions in zip(similarities, self.regions(queries), strict=True):
            for word, score in (pair for region in regions for pair in region.words):
                row[self.names.index(word)] = max(row[self.names.index(word)], score)
        odds = np.exp(similarities)
        return Scores(
            "told",
            "-",
            settings={},
            seconds=0.0,
            similarities=similarities,
            probabilities=odds / odds.sum(axis=1, keepdims=True),
            none_below=float("nan"),
        )

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        raise NotImplementedError

    def explain_region(self, query: Picture, box: Box) -> RegionExplanation:
        raise NotImplementedError


def proposed(boxes: Sequence[Box], classes: np.ndarray) -> Proposals:
    """Regions with probabilities of classes, [R, C]."""
    count = len(boxes)
    return Proposals(
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        objectness=np.ones(count, np.float32),
        features=np.zeros((count, 1), np.float32),
        classes=classes.astype(np.float32),
        whole=np.zeros(1, np.float32),
        given=np.zeros((0, 1), np.float32),
    )


def region(box: Box, **words: float) -> Region:
    """With these words, the best first; "_" stands for a space."""
    named: list[tuple[str, Any]] = [(word.replace("_", " "), score) for word, score in words.items()]
    return Region(box, named[0][1], tuple(named))
