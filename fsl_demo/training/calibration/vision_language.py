"""Temperature, threshold and weight of the built-in vision-language model, on classes it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.datasets.parts import Item
from fsl_demo.evaluation.episodes import Opened, episode_of
from fsl_demo.evaluation.sampling import EpisodeSampler
from fsl_demo.inference.calibration import REFUSED, softmax
from fsl_demo.inference.vision_language import VisionLanguageSettings
from fsl_demo.methods.compact_vlm import WORTH, CompactVlm

WAY, QUERIES, EPISODES, EACH = 5, 15, 150, 100
TEMPERATURES = np.geomspace(2, 200, 81)
SHOTS, WORTHS = (1, 2, 4, 8, 16), (1.0, 2.0, WORTH, 9.0)
"""Pictures a class, and how many pictures a text may count for."""


@dataclass(frozen=True)
class Answers:
    """Similarities of queries to the classes of their episodes, [Q, C], and which is right, [Q]."""

    similarities: np.ndarray
    truth: np.ndarray

    @property
    def accuracy(self) -> float:
        return float((self.similarities.argmax(axis=1) == self.truth).mean())

    @property
    def temperature(self) -> float:
        """The one under which the right classes are likeliest."""
        rows = np.arange(len(self.truth))
        return max(TEMPERATURES, key=lambda t: np.log(softmax(t * self.similarities)[rows, self.truth] + 1e-12).mean())

    @property
    def none_below(self) -> float:
        """The similarity to the most probable class that few queries stay under."""
        return float(np.quantile(self.similarities.max(axis=1), REFUSED))


def calibrated(
    method: CompactVlm, classes: Mapping[str, Sequence[Item]], progress: Progress = quiet
) -> tuple[dict[str, np.ndarray], list[dict[str, Any]]]:
    """The defaults that go into the checkpoint, the grid that the weight was chosen from, and zero-shot accuracy.

    Args:
        classes: pictures by class name; the first hundred of each are read.
    """
    files = {name: list(items)[:EACH] for name, items in classes.items()}
    opened = Opened()

    def answers(shot: int, weight: float, way: int = WAY, episodes: int = EPISODES) -> Answers:
        settings, similarities, truths = VisionLanguageSettings(pictures=weight), [], []
        sampler = EpisodeSampler(files, way=way, shot=shot, queries=QUERIES, seed=0)
        for number, sampled in enumerate(sampler.draw(episodes)):
            progress("score", number, episodes)
            episode, truth = episode_of(sampled, opened)
            similarities.append(method.fit(episode, settings).predict(episode.queries).similarities)
            truths.append(truth)
        return Answers(np.concatenate(similarities), np.concatenate(truths))

    tried = [
        {"worth": worth, "accuracy": [round(answers(shot, shot / (shot + worth)).accuracy, 4) for shot in SHOTS]}
        for worth in WORTHS
    ]
    text, all_classes = answers(0, 0.0), answers(0, 0.0, way=0, episodes=1)
    half_one, half_five = answers(1, 1 / (1 + WORTH)), answers(5, 5 / (5 + WORTH))
    one_shot, five_shots = answers(1, 1.0), answers(5, 1.0)
    points = (text, half_one, half_five, one_shot, five_shots)
    tried.append({"zero_shot": [round(text.accuracy, 4), round(all_classes.accuracy, 4)]})
    crowding = np.log(text.temperature / all_classes.temperature) / np.log(len(files) / WAY)
    return {
        "temperature": np.array([*(point.temperature for point in points), crowding], np.float32),
        "none_below": np.array([*(point.none_below for point in points), 0.0], np.float32),
    }, tried
