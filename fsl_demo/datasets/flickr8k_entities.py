"""Flickr30k Entities (Plummer et al. 2015, arXiv:1505.04870) of Flickr8k's pictures: which words mean which box."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL.Image import Resampling

from fsl_demo.core.episodes import Box
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image, ingest
from fsl_demo.datasets.parts import Cutout, fractions

LEAST, MARGIN, SIDE = 32, 0.15, 224
"""Pixels of a region's shorter side; how much of its width and height is left around it; pixels of a picture's side."""


@dataclass(frozen=True)
class Regions:
    """Parts of pictures.

    Attributes:
        cutouts: one a region.
        phrases: what captions call each, at least one.
    """

    cutouts: list[Cutout]
    phrases: list[tuple[str, ...]]


@dataclass(frozen=True)
class Named:
    """A part of a picture.

    Attributes:
        phrases: that mean it alone, case-folded, each once; none where all that mean it mean others too.
    """

    box: Box
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class Phrase:
    """Words of a caption that mean something that can be seen.

    Attributes:
        text: case-folded.
        kinds: "people", "animals", "clothing", "bodyparts", "vehicles", "instruments", "scene" or "other".
        boxes: of all that it means, at least one.
    """

    text: str
    kinds: tuple[str, ...]
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Photograph:
    """A picture with its parts, and the phrases of its captions.

    Attributes:
        file: the picture squashed to a square.
        size: width and height that it had, pixels.
        phrases: each as often as captions have it.
    """

    file: Path
    size: tuple[int, int]
    regions: tuple[Named, ...]
    phrases: tuple[Phrase, ...]

    def picture(self) -> Picture:
        """The picture in its own shape, its shorter side as long as that of the square.

        Raises:
            UserError: `picture_*`.
        """
        squashed = ingest(self.file).image()
        shorter = min(self.size)
        width, height = (round(side * squashed.width / shorter) for side in self.size)
        return from_image(squashed.resize((width, height), Resampling.BICUBIC), self.file.name)


def photographs(root: Path, split: str) -> list[Photograph]:
    """The pictures of a split of Flickr8k ("train", "dev", "test").

    Raises:
        UserError: `data_missing`.
    """
    pictures = []
    for entry in _entries(root, split):
        boxes = [fractions(box, (SIDE, SIDE)) for box in entry["boxes"]]
        phrases = [
            Phrase(text=text.casefold(), kinds=tuple(kinds), boxes=tuple(boxes[index] for index in indices))
            for sentence in entry["sentences"]
            for text, kinds, _, _, _, indices in sentence["phrases"]
            if indices
        ]
        called = _called(entry)
        pictures.append(
            Photograph(
                file=root / "flickr8k" / "images" / entry["image"],
                size=(entry["source_width"], entry["source_height"]),
                regions=tuple(Named(box, called.get(number, ())) for number, box in enumerate(boxes)),
                phrases=tuple(phrases),
            )
        )
    return pictures


def read(root: Path, split: str = "train") -> Regions:
    """The regions that phrases of their own mean, very small ones left out.

    Args:
        split: Flickr8k's.

    Raises:
        UserError: `data_missing`.
    """
    regions = Regions([], [])
    for entry in _entries(root, split):
        for number, phrases in _called(entry).items():
            x, y, width, height = entry["boxes"][number]
            if min(width, height) >= LEAST:
                image = root / "flickr8k" / "images" / entry["image"]
                regions.cutouts.append(Cutout(image, _grown(x, y, width=width, height=height)))
                regions.phrases.append(phrases)
    return regions


def _entries(root: Path, split: str) -> Iterator[dict[str, Any]]:
    """The lines of `flickr8k_entities/phrases.jsonl` that are of a split."""
    file = root / "flickr8k_entities" / "phrases.jsonl"
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UserError("data_missing", name="flickr8k_entities", folder=file.parent) from error
    return (entry for entry in map(json.loads, lines) if entry["split"] == split)


def _called(entry: dict[str, Any]) -> dict[int, tuple[str, ...]]:
    """By number of a box, the phrases that mean it alone."""
    called: dict[int, dict[str, None]] = {}
    for sentence in entry["sentences"]:
        for text, _, _, _, _, boxes in sentence["phrases"]:
            if len(boxes) == 1:
                called.setdefault(boxes[0], {})[text.casefold()] = None
    return {number: tuple(phrases) for number, phrases in called.items()}


def _grown(x: float, y: float, width: float, height: float) -> tuple[int, int, int, int]:
    left, top = x - MARGIN * width, y - MARGIN * height
    right, bottom = x + (1 + MARGIN) * width, y + (1 + MARGIN) * height
    return max(0, int(left)), max(0, int(top)), min(SIDE, int(right) + 1), min(SIDE, int(bottom) + 1)
