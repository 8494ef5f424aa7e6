"""A part of a data set in memory, prepared for one network."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np

from fsl_demo.backbones.cache import BATCH
from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0
from fsl_demo.backbones.picture_maps import placed
from fsl_demo.backbones.preprocessing import Preprocessing
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.datasets.parts import Item, Part, opened


@dataclass(frozen=True)
class Arrays:
    """What a training learns from, a row a picture.

    Attributes:
        images: uint8 [N, stored, stored, colours]; float16 for a frozen network's maps; what the objective reads of
            pictures with captions.
        labels: class index of each, [N].
        names: of the classes.
        pairs: indices of first and second picture and whether they are of one class, [P, 3].
    """

    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    pairs: np.ndarray

    @classmethod
    def numbered(cls, images: np.ndarray) -> Arrays:
        """Pictures without classes; the label of each is its number."""
        return cls(images=images, labels=np.arange(len(images)), names=(), pairs=np.zeros((0, 3), int))

    def turned(self) -> Arrays:
        """With each class three more times, turned by a quarter: new classes, as for Omniglot (Santoro et al. 2016)."""
        count = len(self.names)
        return Arrays(
            images=np.concatenate([np.rot90(self.images, turns, (1, 2)) for turns in range(4)]),
            labels=np.concatenate([self.labels + turns * count for turns in range(4)]),
            names=tuple(f"{name} turned {90 * turns}" for turns in range(4) for name in self.names),
            pairs=self.pairs,
        )


def load(part: Part, recipe: Preprocessing, progress: Progress = quiet, each: int | None = None) -> Arrays:
    """Read and prepare the pictures of a part.

    Args:
        each: how many pictures a class at most; the first ones, and the pairs among them.

    Raises:
        UserError: `picture_*`, naming the file that cannot be read; `weights_missing`, `weights_differ`.
    """
    classes = [list(members)[:each] for members in part.classes.values()]
    items = [item for members in classes for item in members]
    labels = np.repeat(np.arange(len(classes)), [len(members) for members in classes])

    def prepared(item: Item) -> np.ndarray:
        return recipe.prepare(opened(item))

    kind = np.float16 if recipe.frozen else np.uint8
    images = np.empty((len(items), recipe.stored, recipe.stored, recipe.colours), kind)
    with ThreadPoolExecutor(max_workers=2) as pool:
        coming = pool.map(prepared, items)
        for number, image in enumerate(_maps(coming) if recipe.frozen else coming):
            images[number] = image
            if number % 200 == 0:
                progress("read", number, len(items))
    progress("read", len(items), len(items))
    place = {item: number for number, item in enumerate(items)}
    pairs = [(place[a], place[b], same) for a, b, same in part.pairs if a in place and b in place]
    return Arrays(
        images=images,
        labels=labels,
        names=tuple(part.classes),
        pairs=np.array(pairs, dtype=int).reshape(-1, 3),
    )


def _maps(pictures: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """From what the frozen network reads to `picture_maps` [7, 7, 999] of each."""
    network = EfficientNetLite0()
    while batch := list(islice(pictures, BATCH)):
        yield from np.moveaxis(placed(network.maps(batch), network.axes()), 1, 3)
