"""Pictures of a few things, and texts that name them, for the built-in model to learn from."""

import numpy as np

from fsl_demo.training.objectives.compact_vlm import Lessons
from fsl_demo.training.texts import Texts
from tests.backbones.loaded import networks

THINGS = ("dog", "boat", "cake", "tower", "horse", "piano", "tent", "lamp")


def lessons(count: int, channels: int = 1998) -> Lessons:
    """Pictures of things, which captions, names and phrases name; see `pictures_of`."""
    minilm, things = networks().texts, [THINGS[number % len(THINGS)] for number in range(count)]
    captions = [[f"a {thing}", f"the {thing}", f"one {thing}", f"this {thing}", f"{thing}s"] for thing in things]
    size = len(THINGS)
    return Lessons(
        positions=positions_of(count, channels),
        captions=Texts.read(minilm, captions),
        teacher=np.eye(size, dtype=np.float32)[np.arange(count) % size],
        names=Texts.read(minilm, [[thing, f"a photo of a {thing}"] for thing in THINGS]),
        rows=pictures_of(size, channels),
        alike=np.eye(size, dtype=bool),
        regions=pictures_of(size, channels),
        phrases=Texts.read(minilm, [[f"a big {thing}"] for thing in THINGS]),
        nouns=np.arange(size)[:, None],
        weights=np.full(size, 1 / size, np.float32),
        mean=np.zeros(384, np.float32),
        spread=np.ones(384, np.float32),
    )


def positions_of(count: int, channels: int) -> np.ndarray:
    """As `pictures_of`, half of the channels; only one position of each network's map shows the thing."""
    positions = np.zeros((count, 130, channels // 2), np.float16)
    positions[:, [40, 100]] = 9 * pictures_of(count, channels)[:, None, : channels // 2]
    return positions


def pictures_of(count: int, channels: int) -> np.ndarray:
    """Of each thing in turn, with noise."""
    axes = np.random.default_rng(0).standard_normal((len(THINGS), channels))
    noise = 0.1 * np.random.default_rng(count).standard_normal((count, channels))
    return (axes[np.arange(count) % len(THINGS)] + noise).astype(np.float32)
