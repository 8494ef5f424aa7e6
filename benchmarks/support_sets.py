"""Support sets as people have them: few pictures, uneven numbers, the same picture several times; and queries, some of
classes that are not there."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from fsl_demo.core.episodes import ClassSpec, Episode, Example
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.datasets.parts import Item
from fsl_demo.evaluation.episodes import Opened

QUERIES = 5
LEAST = 10
"""Pictures that a class needs: five of support and five queries."""
OUTSIDE = 5
"""For so many classes that are there, the queries are also of one that is not."""


@dataclass(frozen=True)
class Kind:
    """A kind of support set.

    Attributes:
        shots: pictures of the classes, in turn.
        copies: near-duplicates of each class's first picture that are added.
    """

    title: str
    shots: tuple[int, ...]
    copies: int = 0


KINDS = (
    Kind("1", (1,)),
    Kind("2", (2,)),
    Kind("5", (5,)),
    Kind("5, 2, 2, 1, 5", (5, 2, 2, 1, 5)),
    Kind("1 and 4 copies", (1,), copies=4),
    Kind("3 and 2 copies", (3,), copies=2),
)


@dataclass(frozen=True)
class Task:
    """An episode, and the class index of each query: the number of classes where it is of none of them."""

    episode: Episode
    truth: np.ndarray


def draw(
    classes: Mapping[str, Sequence[Item]], kind: Kind, way: int, random: np.random.Generator, opened: Opened
) -> Task:
    """A task of so many classes; copies are the same whenever the same picture comes up."""
    names = list(classes)
    support, queries, truth, specs = [], [], [], []
    for index, number in enumerate(random.permutation(len(names))[: way + max(1, way // OUTSIDE)]):
        items = classes[names[number]]
        pictures = [opened(items[i]) for i in random.permutation(len(items))[:LEAST]]
        if index < way:
            specs.append(ClassSpec(names[number].replace("_", " ")))
            shown = pictures[: kind.shots[index % len(kind.shots)]]
            shown += [make(pictures[0]) for make in COPIES[: kind.copies]]
            support += [Example(picture, index) for picture in shown]
        queries += pictures[-QUERIES:]
        truth += [min(index, way)] * QUERIES
    return Task(Episode(tuple(specs), tuple(support), tuple(queries)), np.array(truth))


def _copy(change: Callable[[Image.Image, np.random.Generator], Image.Image]) -> Callable[[Picture], Picture]:
    def make(picture: Picture) -> Picture:
        random = np.random.default_rng(int(picture.sha256[:8], 16))
        return from_image(change(picture.image(), random), picture.name)

    return make


def _cropped(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """A part with 60 to 90 % of both sides."""
    share = random.uniform(0.6, 0.9)
    width, height = (max(1, round(share * side)) for side in image.size)
    left, top = random.integers(0, image.width - width + 1), random.integers(0, image.height - height + 1)
    return image.crop((int(left), int(top), int(left) + width, int(top) + height))


def _compressed(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=40)
    return Image.open(file).convert("RGB")


COPIES = (
    _copy(_cropped),
    _copy(lambda image, _: ImageOps.mirror(image)),
    _copy(lambda image, _: _compressed(image)),
    _copy(lambda image, random: _compressed(ImageOps.mirror(_cropped(image, random)))),
)
"""Near-duplicates: a crop, a mirror image, JPEG 40, and all three at once."""
