"""COCO's format for classification: annotations of a category without a box, a file a part.

annotations/labels_train.json    images, annotations, categories; what else is known of a picture is in its image
images/train/*.png

https://cocodataset.org/#format-data; Datumaro calls it `coco_labels`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import ConfigDict

from fsl_demo.core.class_names import class_key
from fsl_demo.core.collections import PARTS
from fsl_demo.core.exports import replacing
from fsl_demo.store.exchange import classified
from fsl_demo.store.exchange.annotations import AnnotationFiles
from fsl_demo.store.exchange.classified import ClassifiedPicture, ReadLabel
from fsl_demo.store.exchange.coco import Category, Entry, Image, entries
from fsl_demo.store.exchange.files import ZipWriter
from fsl_demo.store.exchange.format import Format

LISTS = ("images", "annotations", "categories")
SHAPES = ("bbox", "segmentation")
"""What an annotation has that is about a part of a picture."""


class _Image(Image):
    """An image, with what our exports say of it beside."""

    model_config = ConfigDict(strict=True, extra="allow")


class _Label(Entry):
    image_id: int | str
    category_id: int | str


def write(pictures: Sequence[ClassifiedPicture], path: Path) -> None:
    """Write pictures to one zip."""
    names = classified.class_names(pictures)
    with replacing(path) as file, ZipWriter(file) as archive:
        for part in PARTS:
            if chosen := [entry for entry in pictures if entry.part == part]:
                stems = classified.unique_stems(chosen)
                for entry, stem in zip(chosen, stems, strict=True):
                    archive.picture(f"images/{part}/{stem}.png", entry.picture)
                text = json.dumps(_content(chosen, stems=stems, names=names), ensure_ascii=False, indent=1)
                archive.text(f"annotations/labels_{part}.json", text)


def _content(pictures: Sequence[ClassifiedPicture], stems: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    places = classified.places(names)
    numbered = list(enumerate(zip(pictures, stems, strict=True), start=1))
    labels = [(number, places[class_key(entry.label)] + 1) for number, (entry, _) in numbered if entry.label]
    return {
        "info": {},
        "licenses": [],
        "images": [
            {
                "id": number,
                "file_name": f"{stem}.png",
                "width": entry.picture.width,
                "height": entry.picture.height,
                **entry.about,
            }
            for number, (entry, stem) in numbered
        ],
        "annotations": [
            {"id": place, "image_id": image, "category_id": category}
            for place, (image, category) in enumerate(labels, start=1)
        ],
        "categories": [{"id": place, "name": name, "supercategory": ""} for place, name in enumerate(names, start=1)],
    }


def read(files: AnnotationFiles) -> Iterator[ReadLabel] | None:
    """The category of each image; None where there are no such files, or annotations with boxes."""
    contents = {
        path: content
        for path, content in files.documents.items()
        if isinstance(content, dict) and all(isinstance(content.get(key), list) for key in LISTS)
    }
    kinds = [_kind(content) for content in contents.values()]
    if "labels" not in kinds or "boxes" in kinds:
        return None
    return (label for path in classified.by_part(contents) for label in _labels(files, path, contents[path]))


def _kind(content: Mapping[str, Any]) -> str:
    """Whether a file has "boxes", "labels", or "" neither."""
    annotations = [annotation for annotation in content["annotations"] if isinstance(annotation, dict)]
    if any(annotation.get(shape) for annotation in annotations for shape in SHAPES):
        return "boxes"
    ours = any(isinstance(image, dict) and "sha256" in image for image in content["images"])
    return "labels" if ours or annotations else ""


def _labels(files: AnnotationFiles, path: PurePosixPath, content: Mapping[str, Any]) -> Iterator[ReadLabel]:
    names = {
        category.id: category.name
        for category in entries(files, Category, path=path, content=content, key="categories")
    }
    images = list(entries(files, _Image, path=path, content=content, key="images"))
    known = {image.id for image in images}
    given: dict[int | str, list[str]] = defaultdict(list)
    refused = set()
    for label in entries(files, _Label, path=path, content=content, key="annotations"):
        if label.image_id not in known:
            files.bad(path, what="annotations", reason=f"there is no image {label.image_id}")
        elif label.category_id not in names:
            files.no_category(path.name, label.category_id)
            refused.add(label.image_id)
        else:
            given[label.image_id].append(names[label.category_id])
    for image in images:
        if len(set(map(class_key, given[image.id]))) > 1:
            files.bad(path, what=image.file_name, reason=f"{len(given[image.id])} classes, and one picture has one")
        elif given[image.id] or image.id not in refused:
            yield ReadLabel.of(files, image.file_name, (given[image.id] or [""])[0], about=image.model_extra)


FORMAT: Format = classified.format_of("coco-labels", title="COCO classification (zip)", write=write, read=read)
