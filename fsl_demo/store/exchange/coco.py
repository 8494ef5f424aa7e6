"""COCO's format for detection: `annotations.json`, with the pictures in `images/`.

https://cocodataset.org/#format-data: a box is [left, top, width, height] in pixels.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import PurePosixPath
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from fsl_demo.core.errors import UserError
from fsl_demo.core.file_names import plain
from fsl_demo.store.exchange import marked_pictures
from fsl_demo.store.exchange.annotations import REASON, AnnotatedPicture, AnnotationFiles, Annotations, Mark
from fsl_demo.store.exchange.format import Format
from fsl_demo.store.exchange.marked_pictures import MarkedPictures

FILE, FOLDER = "annotations.json", "images"
_DECIMALS = 4


class Entry(BaseModel):
    """An entry of a list of a file."""

    model_config = ConfigDict(strict=True)


class Image(Entry):
    """A picture."""

    id: int | str
    file_name: str
    width: float | None = None
    height: float | None = None


class Category(Entry):
    """A class."""

    id: int | str
    name: str


class _Annotation(Entry):
    image_id: int | str
    category_id: int | str
    bbox: list[float | None]
    annotator: str = ""


E = TypeVar("E", bound=Entry)


def _texts(marked: MarkedPictures) -> Mapping[str, str]:
    images, annotations = [], list[dict[str, Any]]()
    for number, entry in enumerate(marked.pictures, start=1):
        picture = entry.picture
        images.append({"id": number, "file_name": entry.file, "width": picture.width, "height": picture.height})
        for mark in entry.marks:
            left, top, right, bottom = mark.edges
            bbox = [round(value, _DECIMALS) for value in (left, top, right - left, bottom - top)]
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": marked.category(mark.name) + 1,
                    "bbox": bbox,
                    "area": round(bbox[2] * bbox[3], _DECIMALS),
                    "segmentation": [],
                    "iscrowd": 0,
                    "annotator": mark.annotator,
                }
            )
    categories = [
        {"id": number, "name": name, "supercategory": ""} for number, name in enumerate(marked.categories, start=1)
    ]
    content = {"info": {}, "licenses": [], "images": images, "annotations": annotations, "categories": categories}
    return {FILE: json.dumps(content, ensure_ascii=False, indent=1)}


def read(files: AnnotationFiles) -> Annotations | None:
    """The boxes of every file of this format; None where there is none."""
    parts = [
        _of_file(files, path, content)
        for path, content in files.documents.items()
        if isinstance(content, dict) and all(isinstance(content.get(key), list) for key in ("images", "annotations"))
    ]
    if not parts:
        return None
    names = [name for part in parts for name in part.categories]
    return Annotations(list(dict.fromkeys(names)), [entry for part in parts for entry in part.pictures])


def entries(
    files: AnnotationFiles, kind: type[E], path: PurePosixPath, content: Mapping[str, Any], key: str
) -> list[E]:
    """The entries of a list of a file; what is none is told."""
    given = content.get(key)
    numbered = enumerate(given if isinstance(given, list) else [], start=1)
    read = [files.entry(kind, value, path=path, what=f"{key} {number}") for number, value in numbered]
    return [entry for entry in read if entry is not None]


def _of_file(files: AnnotationFiles, path: PurePosixPath, content: Mapping[str, Any]) -> Annotations:
    names = {
        category.id: category.name
        for category in entries(files, Category, path=path, content=content, key="categories")
    }
    pictures = {
        image.id: AnnotatedPicture(image.file_name, files.find(image.file_name), size=_size(image))
        for image in entries(files, Image, path=path, content=content, key="images")
    }
    lost: dict[int | str, int] = {}
    for annotation in entries(files, _Annotation, path=path, content=content, key="annotations"):
        picture = pictures.get(annotation.image_id)
        if picture is None:
            lost[annotation.image_id] = lost.get(annotation.image_id, 0) + 1
        elif annotation.category_id not in names:
            files.no_category(picture.name, annotation.category_id)
        else:
            picture.marks.append(
                Mark(names[annotation.category_id], _edges(annotation.bbox), annotator=annotation.annotator)
            )
    for image, count in lost.items():
        files.report(UserError("boxes_file_missing", file=path.name, picture=plain(str(image))[:REASON], count=count))
    return Annotations(list(names.values()), list(pictures.values()))


def _size(image: Image) -> tuple[float, float] | None:
    return None if image.width is None or image.height is None else (image.width, image.height)


def _edges(bbox: list[float | None]) -> tuple[float, float, float, float]:
    """Of a box that may be anything; NaN where it has no four numbers."""
    numbers = [float("nan") if value is None else value for value in bbox]
    left, top, width, height = numbers if len(numbers) == 4 else [float("nan")] * 4
    return left, top, left + width, top + height


FORMAT = Format(
    "coco",
    title="COCO boxes (zip)",
    suffix=".zip",
    pixels=True,
    write=partial(marked_pictures.write, folder=FOLDER, texts=_texts),
    read_annotations=read,
)
