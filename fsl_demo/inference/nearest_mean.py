"""The classifier that prototypes and Siamese networks share: the class whose mean vector is most like the query's."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fsl_demo.core.episodes import Episode, Explanation, Focus, Layer, Progress, Scores, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.inference import calibration
from fsl_demo.inference.calibration import Default
from fsl_demo.inference.explanations import heat, nearest
from fsl_demo.inference.space import Space


@dataclass(frozen=True)
class NearestMeanInputs:
    """What a method hands to its classifier.

    Attributes:
        checkpoint: hash of the weights.
        settings: as `Scores` reports them.
        temperature, none_below: defaults of the space.
        note: as `Scores` reports it.
    """

    method: str
    checkpoint: str
    space: Space
    temperature: Default
    none_below: Default
    settings: Mapping[str, Any]
    note: Mapping[str, Any]


class NearestMean:
    """Class means of one support set in one space, and their calibration."""

    def __init__(self, inputs: NearestMeanInputs, episode: Episode, progress: Progress = quiet) -> None:
        started = time.perf_counter()
        self.inputs, self.episode, self.space = inputs, episode, inputs.space
        classes, counts = len(episode.classes), np.array(episode.shots())
        self.support = self.space.embed([example.picture for example in episode.support], progress)
        owners = np.array([example.class_index for example in episode.support])
        self.prototypes = calibration.class_means(self.support, owners, classes)
        shots = 1 / float((1 / counts).mean())
        self.temperature, self.none_below = inputs.temperature.at(classes, shots), inputs.none_below.at(classes, shots)
        if counts.min() >= 2:
            similarities = calibration.held_out(self.support, owners, classes)
            losses = calibration.losses(similarities, owners, inputs.temperature.at(classes, shots - 1))
            self.temperature *= calibration.FACTORS[losses.argmin()]
            before = inputs.none_below.at(classes, shots - 1)
            self.none_below = calibration.threshold(similarities, owners, before, self.none_below)
        if inputs.settings["none_below"] is not None:
            self.none_below = inputs.settings["none_below"]
        self.seconds = time.perf_counter() - started

    def held_out(self) -> np.ndarray:
        """Probabilities of each support picture when its class does without it, [S, C]."""
        owners = np.array([example.class_index for example in self.episode.support])
        similarities = calibration.held_out(self.support, owners, len(self.episode.classes))
        return calibration.softmax(self.temperature * similarities)

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        """Cosine similarities, and probabilities from them."""
        started = time.perf_counter()
        embedded = self.space.embed(queries, progress)
        similarities = embedded @ self.prototypes.T
        return Scores(
            self.inputs.method,
            self.inputs.checkpoint,
            self.inputs.settings,
            self.seconds + time.perf_counter() - started,
            similarities.astype(np.float32),
            calibration.softmax(self.temperature * similarities).astype(np.float32),
            self.none_below,
            (embedded @ self.support.T).astype(np.float32),
            self.inputs.note,
        )

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        """What each position says for the class, on the query and on a support picture."""
        shown = (focus and focus.support) or nearest(self.space, self.episode, query, class_index)
        layers: list[Layer] = [heat(self.space, query, "query", self.evidence, class_index)]
        if shown is not None:
            layers.append(heat(self.space, shown, "support", self.evidence, class_index))
        return Explanation(self.inputs.method, class_index, tuple(layers))

    def evidence(self, picture: Picture) -> np.ndarray:
        """What each position of a picture says for each class, [C, h, w]."""
        return self.space.evidence(picture, self.prototypes)


def check_pictures(episode: Episode, title: str) -> None:
    """Raise `UserError` for an episode that `check` refuses, and `class_empty` where a class has no pictures."""
    episode.check()
    for spec, shots in zip(episode.classes, episode.shots(), strict=True):
        if not shots:
            raise UserError("class_empty", name=spec.name, method=title)
