"""Temperature and threshold of the two-stream model, on classes it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fsl_demo.core.episodes import ClassSpec, Progress, quiet
from fsl_demo.datasets.parts import Item, opened
from fsl_demo.methods.two_stream.method import TwoStream, TwoStreamSettings
from fsl_demo.training.calibration.vision_language import Answers

WAY, EACH, EPISODES = 5, 10, 200
"""Classes an episode, pictures a class, and how many episodes."""


def calibrated(
    method: TwoStream, classes: Mapping[str, Sequence[Item]], progress: Progress = quiet
) -> dict[str, np.ndarray]:
    """Temperature and threshold of class names, from random choices of five classes and from all of them.

    Args:
        classes: pictures by class name; the first 10 of each are read.
    """
    pictures = [opened(item) for items in classes.values() for item in list(items)[:EACH]]
    truth = np.repeat(np.arange(len(classes)), EACH)
    names = [method.sentences(ClassSpec(name), TwoStreamSettings())[0][0] for name in classes]
    matches, random = method.matcher.match(pictures, names, progress), np.random.default_rng(0)
    choices = [random.choice(len(classes), WAY, replace=False) for _ in range(EPISODES)]
    few_classes = Answers(
        np.concatenate([matches[np.isin(truth, few)][:, few] for few in choices]),
        np.concatenate([(truth[np.isin(truth, few), None] == few).argmax(axis=1) for few in choices]),
    )
    all_classes = Answers(matches, truth)
    crowding = np.log(few_classes.temperature / all_classes.temperature) / np.log(len(classes) / WAY)
    return {
        "temperature": np.array([few_classes.temperature, crowding], np.float32),
        "none_below": np.array([few_classes.none_below], np.float32),
    }
