"""A part of a data set in memory, prepared for one network."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from fsl_demo.backbones.preprocessing import Preprocessing
from fsl_demo.datasets.parts import Item, Part, opened
from fsl_demo.episodes import Progress, quiet


@dataclass(frozen=True)
class Arrays:
    """Prepared pictures.

    Attributes:
        images: uint8 [N, stored, stored, colours].
        labels: class index of each, [N].
        names: of the classes.
        pairs: indices of first and second picture and whether they are of one class, [P, 3].
    """

    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    pairs: np.ndarray

    def turned(self) -> Arrays:
        """With each class three more times, turned by a quarter: new classes, as for Omniglot (Santoro et al. 2016)."""
        count = len(self.names)
        return Arrays(
            np.concatenate([np.rot90(self.images, turns, (1, 2)) for turns in range(4)]),
            np.concatenate([self.labels + turns * count for turns in range(4)]),
            tuple(f"{name} turned {90 * turns}" for turns in range(4) for name in self.names),
            self.pairs,
        )


def load(part: Part, recipe: Preprocessing, progress: Progress = quiet) -> Arrays:
    """Read and prepare every picture of a part.

    Raises:
        UserError: `picture_*`, naming the file that cannot be read.
    """
    items = [item for members in part.classes.values() for item in members]
    labels = np.repeat(np.arange(len(part.classes)), [len(members) for members in part.classes.values()])

    def prepared(item: Item) -> np.ndarray:
        return recipe.prepare(opened(item))

    images = np.empty((len(items), recipe.stored, recipe.stored, recipe.colours), np.uint8)
    with ThreadPoolExecutor(max_workers=2) as pool:
        for number, image in enumerate(pool.map(prepared, items)):
            images[number] = image
            if number % 200 == 0:
                progress("read", number, len(items))
    progress("read", len(items), len(items))
    place = {item: number for number, item in enumerate(items)}
    pairs = np.array([(place[a], place[b], same) for a, b, same in part.pairs], dtype=int).reshape(-1, 3)
    return Arrays(images, labels, tuple(part.classes), pairs)
