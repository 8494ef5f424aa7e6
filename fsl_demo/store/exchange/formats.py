"""The formats, by id."""

from __future__ import annotations

from fsl_demo.core.tables import load
from fsl_demo.store.exchange.format import Format

_FORMATS: tuple[Format, ...] = load(
    __package__,
    "imagefolder:FORMAT",
    "huggingface:FORMAT",
    "table:FORMAT",
    "coco:FORMAT",
    "pascal_voc:FORMAT",
    "yolo:FORMAT",
    "label_studio:FORMAT",
    "box_table:FORMAT",
    "parquet:FORMAT",
    "label_studio_choices:FORMAT",
    "webdataset:FORMAT",
    "fiftyone:FORMAT",
    "cvat:FORMAT",
    "imagenet:FORMAT",
    "coco_labels:FORMAT",
)
FORMATS = {chosen.id: chosen for chosen in _FORMATS}
CLASSIFIED = {chosen.id: chosen for chosen in _FORMATS if chosen.write_pictures is not None}
"""Those for pictures with a class each, of episodes and of frozen collections."""
