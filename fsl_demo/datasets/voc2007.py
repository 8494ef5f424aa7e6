"""VOC 2007 (Everingham et al. 2010): objects of 20 classes in photographs, split by photographer.

The pictures are those of VOC 2007's own test set, so figures are not comparable with published ones.
"""

from __future__ import annotations

import json
from pathlib import Path

from fsl_demo.core.errors import UserError
from fsl_demo.datasets.parts import Cutout

LEAST = 32
"""Pixels: of an object with a shorter side little is to be seen."""
MARGIN = 0.15
"""How much of its width and height is left around an object on each side."""


def objects(root: Path, split: str) -> dict[str, list[Cutout]]:
    """The objects of a split ("train", "val", "test") by class, without difficult and very small ones.

    Raises:
        UserError: `data_missing`.
    """
    file = root / "voc2007" / "annotations.json"
    if not file.is_file():
        raise UserError("data_missing", name="voc2007", folder=file.parent)
    annotations = json.loads(file.read_text(encoding="utf-8"))
    images = {image["id"]: image for image in annotations["images"] if image["split"] == split}
    names = {category["id"]: category["name"] for category in annotations["categories"]}
    classes: dict[str, list[Cutout]] = {name: [] for name in sorted(names.values())}
    for annotation in annotations["annotations"]:
        image, box = images.get(annotation["image_id"]), annotation["bbox"]
        if image and not annotation["difficult"] and min(box[2:]) >= LEAST:
            size = (image["width"], image["height"])
            classes[names[annotation["category_id"]]].append(
                Cutout(file.parent / image["file_name"], _grown(box, size))
            )
    return classes


def _grown(box: list[float], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """With its margin; from x, y, width and height."""
    x, y, width, height = box
    left, top = x - MARGIN * width, y - MARGIN * height
    right, bottom = x + (1 + MARGIN) * width, y + (1 + MARGIN) * height
    return max(0, int(left)), max(0, int(top)), min(size[0], int(right) + 1), min(size[1], int(bottom) + 1)
