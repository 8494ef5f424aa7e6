"""What a data set is to training and evaluation: pictures by class, in parts that share no class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fsl_demo.core.episodes import Box
from fsl_demo.core.pictures import Picture, from_image, ingest


@dataclass(frozen=True)
class Cutout:
    """A part of a file's picture.

    Attributes:
        box: left, top, right and bottom, in pixels.
    """

    file: Path
    box: tuple[int, int, int, int]


def fractions(box: Sequence[float], size: tuple[int, int]) -> Box:
    """From x, y, width and height in pixels; what reaches beyond a picture of this width and height is cut off."""
    x, y, width, height = box
    left, top, right, bottom = x / size[0], y / size[1], (x + width) / size[0], (y + height) / size[1]
    return max(left, 0.0), max(top, 0.0), min(right, 1.0), min(bottom, 1.0)


Item = Path | Cutout | Picture
"""A picture, or what it is read from when it is needed."""

Classes = Mapping[str, Sequence[Item]]


@dataclass(frozen=True)
class Part:
    """Pictures by class, and the pairs on which the data set's protocol tests verification.

    Attributes:
        pairs: (first, second, whether they are of one class).
    """

    classes: Classes
    pairs: Sequence[tuple[Item, Item, bool]] = ()


@dataclass(frozen=True)
class Dataset:
    """Three parts without a class in common, unless `protocol` says otherwise.

    Attributes:
        name: as given on the command line.
        protocol: how it was split, in a sentence.
        fold: which one of the data set's folds this is.
        grouped: class names begin with their group ("Greek/character01"), within which episodes can be drawn too.
    """

    name: str
    protocol: str
    train: Part
    validation: Part
    test: Part = field(default_factory=lambda: Part({}))
    grouped: bool = False
    fold: int | None = None


def large_enough(classes: Classes, least: int) -> Classes:
    """The classes with so many pictures."""
    return {name: items for name, items in classes.items() if len(items) >= least}


def opened(item: Item) -> Picture:
    """The picture, read if need be.

    Raises:
        UserError: `picture_*`.
    """
    match item:
        case Picture():
            return item
        case Cutout():
            return from_image(ingest(item.file).image().crop(item.box), item.file.name)
        case _:
            return ingest(item)
