"""Flickr30k Entities (Plummer et al. 2015, arXiv:1505.04870) of Flickr8k's pictures: which words mean which box."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from fsl_demo.core.errors import UserError
from fsl_demo.datasets.parts import Cutout

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


def read(root: Path, split: str = "train") -> Regions:
    """The regions that phrases of their own mean, from `flickr8k_entities/phrases.jsonl`; very small ones are left out.

    Args:
        split: Flickr8k's.

    Raises:
        UserError: `data_missing`.
    """
    file = root / "flickr8k_entities" / "phrases.jsonl"
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UserError("data_missing", name="flickr8k_entities", folder=file.parent) from error
    regions = Regions([], [])
    for entry in map(json.loads, lines):
        if entry["split"] != split:
            continue
        called: dict[int, dict[str, None]] = {}
        for sentence in entry["sentences"]:
            for text, _, _, _, _, boxes in sentence["phrases"]:
                if len(boxes) == 1:
                    called.setdefault(boxes[0], {})[text.casefold()] = None
        for number, phrases in called.items():
            x, y, width, height = entry["boxes"][number]
            if min(width, height) >= LEAST:
                image = root / "flickr8k" / "images" / entry["image"]
                regions.cutouts.append(Cutout(image, _grown(x, y, width=width, height=height)))
                regions.phrases.append(tuple(phrases))
    return regions


def _grown(x: float, y: float, width: float, height: float) -> tuple[int, int, int, int]:
    left, top = x - MARGIN * width, y - MARGIN * height
    right, bottom = x + (1 + MARGIN) * width, y + (1 + MARGIN) * height
    return max(0, int(left)), max(0, int(top)), min(SIDE, int(right) + 1), min(SIDE, int(bottom) + 1)
