"""VOC 2007 (Everingham et al. 2010): objects of 20 classes in photographs, split by photographer.

The pictures are those of VOC 2007's own test set, so figures are not comparable with published ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsl_demo.core.episodes import Box
from fsl_demo.core.errors import UserError
from fsl_demo.datasets.parts import Cutout, fractions

NAMES = (
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)
"""The classes that are annotated, in VOC's order."""
WORDS = {name: name for name in NAMES} | {
    "diningtable": "dining table",
    "pottedplant": "potted plant",
    "tvmonitor": "television",
}
"""What a person would call each class."""
CLASSES = len(NAMES)
LEFT_OUT = ("bus", "cat", "cow", "motorbike", "sofa")
"""Classes that studies of unseen classes leave out of training."""
LEAST = 32
"""Pixels: of an object with a shorter side little is to be seen."""
MARGIN = 0.15
"""How much of its width and height is left around an object on each side."""


@dataclass(frozen=True)
class Thing:
    """An object of a photograph.

    Attributes:
        difficult: hard to see without its surroundings: VOC's figures neither ask for it nor count it as wrong.
    """

    box: Box
    name: str
    difficult: bool


@dataclass(frozen=True)
class Photograph:
    """A photograph with all its objects.

    Attributes:
        size: width and height, pixels.
    """

    file: Path
    size: tuple[int, int]
    things: tuple[Thing, ...]


def photographs(root: Path, split: str) -> list[Photograph]:
    """The photographs of a split ("train", "val", "test"), those without an object too.

    Raises:
        UserError: `data_missing`.
    """
    return [
        Photograph(image.file, image.size, tuple(_thing(entry, image.size) for entry in image.annotations))
        for image in _images(root, split)
    ]


def _thing(annotation: dict[str, Any], size: tuple[int, int]) -> Thing:
    box = fractions(annotation["bbox"], size)
    return Thing(box=box, name=annotation["class"], difficult=bool(annotation["difficult"]))


@dataclass(frozen=True)
class Scene:
    """A photograph, and the classes of all objects in it, difficult ones too."""

    file: Path
    classes: frozenset[str]


def scenes(root: Path, split: str) -> list[Scene]:
    """The pictures of a split ("train", "val", "test").

    Raises:
        UserError: `data_missing`.
    """
    return [
        Scene(image.file, frozenset(annotation["class"] for annotation in image.annotations))
        for image in _images(root, split)
    ]


def objects(root: Path, split: str) -> dict[str, list[Cutout]]:
    """The objects of a split by class, without difficult and very small ones.

    Raises:
        UserError: `data_missing`.
    """
    classes: dict[str, list[Cutout]] = {}
    for image in _images(root, split):
        for annotation in image.annotations:
            if not annotation["difficult"] and min(annotation["bbox"][2:]) >= LEAST:
                cutout = Cutout(image.file, _grown(annotation["bbox"], image.size))
                classes.setdefault(annotation["class"], []).append(cutout)
    return dict(sorted(classes.items()))


@dataclass(frozen=True)
class _Image:
    file: Path
    size: tuple[int, int]
    annotations: list[dict[str, Any]]


def _images(root: Path, split: str) -> Iterator[_Image]:
    """The pictures of a split, each annotation with the name of its "class"."""
    file = root / "voc2007" / "annotations.json"
    if not file.is_file():
        raise UserError("data_missing", name="voc2007", folder=file.parent)
    whole = json.loads(file.read_text(encoding="utf-8"))
    names = {category["id"]: category["name"] for category in whole["categories"]}
    annotations: dict[int, list[dict[str, Any]]] = {}
    for annotation in whole["annotations"]:
        named = {**annotation, "class": names[annotation["category_id"]]}
        annotations.setdefault(annotation["image_id"], []).append(named)
    for image in whole["images"]:
        if image["split"] == split:
            size = (image["width"], image["height"])
            yield _Image(file.parent / image["file_name"], size, annotations.get(image["id"], []))


def _grown(box: list[float], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """With its margin; from x, y, width and height."""
    x, y, width, height = box
    left, top = x - MARGIN * width, y - MARGIN * height
    right, bottom = x + (1 + MARGIN) * width, y + (1 + MARGIN) * height
    return max(0, int(left)), max(0, int(top)), min(size[0], int(right) + 1), min(size[1], int(bottom) + 1)
