"""Episodes of pictures, from drawn files."""

from __future__ import annotations

import numpy as np

from fsl_demo.core.episodes import ClassSpec, Episode, Example
from fsl_demo.core.pictures import Picture
from fsl_demo.datasets.parts import Item, opened
from fsl_demo.evaluation.sampling import Drawn


class Opened:
    """Pictures by file, each read once."""

    def __init__(self) -> None:
        self._pictures: dict[Item, Picture] = {}

    def __call__(self, file: Item) -> Picture:
        if isinstance(file, Picture):
            return file
        if file not in self._pictures:
            self._pictures[file] = opened(file)
        return self._pictures[file]


def episode_of(drawn: Drawn[Item], opened: Opened) -> tuple[Episode, np.ndarray]:
    """An episode from drawn files, and the class index of each query."""
    support = [Example(opened(file), index) for index, files in enumerate(drawn.support) for file in files]
    queries = [opened(file) for files in drawn.queries for file in files]
    specs = [ClassSpec(name.replace("_", " ")) for name in drawn.names]
    truth = np.repeat(np.arange(len(specs)), [len(files) for files in drawn.queries])
    return Episode(tuple(specs), tuple(support), tuple(queries)), truth
