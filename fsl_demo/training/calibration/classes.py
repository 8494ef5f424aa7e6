"""Defaults of temperature and threshold for a new checkpoint, measured on validation episodes."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from fsl_demo.inference.calibration import softmax
from fsl_demo.layers.cross_attention import CrossAttention
from fsl_demo.training.data import Arrays
from fsl_demo.training.objectives.metric import MetricObjective
from fsl_demo.training.validation import features, scored

SHOTS = (1, 5)
EPISODES = 200
REFUSED = 0.01
"""Share of validation queries under the threshold; other people's pictures are less alike than a data set's own."""
TEMPERATURES = np.geomspace(1.0, 100.0, 60)
DEFAULTS = ("temperature", "none_below")


def defaults(module: MetricObjective, validation: Arrays) -> dict[str, np.ndarray]:
    """The likeliest temperature, and the threshold that refuses one query in a hundred, at one and at five shots.

    Returns:
        "temperature" and "none_below", float32 [2]. Where classes are too small for five shots, fewer stand in;
        nothing where no two classes have two pictures.
    """
    values = features(module.embedder, validation.images, maps=module.attention is not None)
    return of_values(values, validation.labels, refused=REFUSED, attention=module.attention)


def of_values(
    values: Tensor, labels: np.ndarray, refused: float, attention: CrossAttention | None = None
) -> dict[str, np.ndarray]:
    """`defaults` from vectors, or from maps and their attention.

    Args:
        refused: share of the queries under the threshold.
    """
    counts = np.unique(labels, return_counts=True)[1]
    if (counts >= 2).sum() < 2:
        return {}
    temperatures, thresholds = [], []
    for shot in SHOTS:
        while shot > 1 and (counts > shot).sum() < min(5, len(counts)):
            shot -= 1
        way = min(5, int((counts > shot).sum()))
        parts = list(
            scored(
                values,
                labels=labels,
                way=way,
                shot=shot,
                episodes=EPISODES,
                attention=attention,
            )
        )
        similarities = np.concatenate([part.numpy() for part, _ in parts])
        truth = np.concatenate([part.numpy() for _, part in parts])
        rows = np.arange(len(truth))
        costs = [-np.log(softmax(t * similarities)[rows, truth] + 1e-12).mean() for t in TEMPERATURES]
        temperatures.append(TEMPERATURES[int(np.argmin(costs))])
        thresholds.append(np.quantile(similarities.max(axis=1), refused))
    return {"temperature": np.array(temperatures, np.float32), "none_below": np.array(thresholds, np.float32)}
