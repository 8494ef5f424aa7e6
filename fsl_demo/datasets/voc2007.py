"""VOC 2007 (Everingham et al. 2010): objects of 20 classes in photographs, split by photographer.

The pictures are those of VOC 2007's own test set, so figures are not comparable with published ones.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from fsl_demo.core.errors import UserError

CLASSES = 20
"""That are annotated."""


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
    file = root / "voc2007" / "annotations.json"
    if not file.is_file():
        raise UserError("data_missing", name="voc2007", folder=file.parent)
    annotations = json.loads(file.read_text(encoding="utf-8"))
    names = {category["id"]: category["name"] for category in annotations["categories"]}
    classes: dict[int, set[str]] = {image["id"]: set() for image in annotations["images"] if image["split"] == split}
    for annotation in annotations["annotations"]:
        if annotation["image_id"] in classes:
            classes[annotation["image_id"]].add(names[annotation["category_id"]])
    return [
        Scene(file.parent / image["file_name"], frozenset(classes[image["id"]]))
        for image in annotations["images"]
        if image["id"] in classes
    ]
