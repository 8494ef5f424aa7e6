"""Label Studio's rectangles: `tasks.json` to import into a project, `config.xml` for its labels, pictures in `images/`.

https://labelstud.io/guide/export#Label-Studio-JSON-format-of-annotated-tasks: x, y, width and height are percentages of
the picture, and a rotation in degrees turns a rectangle clockwise about its upper left corner.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from pydantic import BaseModel, ConfigDict, Field

from fsl_demo.core.errors import Notice
from fsl_demo.store.exchange import marked_pictures
from fsl_demo.store.exchange.annotations import AnnotatedPicture, AnnotationFiles, Annotations, Mark, file_of
from fsl_demo.store.exchange.format import Format
from fsl_demo.store.exchange.marked_pictures import MarkedPicture, MarkedPictures

FOLDER = "images"
LOCAL = "/data/local-files/?d="
"""How Label Studio addresses a file of a local storage."""


class _Rectangle(BaseModel):
    model_config = ConfigDict(strict=True)
    x: float
    y: float
    width: float
    height: float
    rotation: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    rectanglelabels: list[str]


class _Result(BaseModel):
    """A part of an annotation; other types than rectangles have other values."""

    model_config = ConfigDict(strict=True)
    type: str
    value: dict[str, Any]
    original_width: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    original_height: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    image_rotation: float = 0.0


def _texts(marked: MarkedPictures) -> Mapping[str, str]:
    tasks = [_task(number, entry) for number, entry in enumerate(marked.pictures, start=1)]
    labels = "".join(f"    <Label value={quoteattr(name)}/>\n" for name in marked.categories)
    config = (
        '<View>\n  <Image name="image" value="$image"/>\n'
        f'  <RectangleLabels name="label" toName="image">\n{labels}  </RectangleLabels>\n</View>\n'
    )
    return {"tasks.json": json.dumps(tasks, ensure_ascii=False, indent=1), "config.xml": config}


def _task(number: int, entry: MarkedPicture) -> dict[str, Any]:
    picture = entry.picture
    results = []
    for place, mark in enumerate(entry.marks, start=1):
        left, top, right, bottom = mark.edges
        value = {
            "x": 100 * left / picture.width,
            "y": 100 * top / picture.height,
            "width": 100 * (right - left) / picture.width,
            "height": 100 * (bottom - top) / picture.height,
            "rotation": 0,
            "rectanglelabels": [mark.name],
        }
        results.append(
            {
                "id": f"box{number}-{place}",
                "type": "rectanglelabels",
                "from_name": "label",
                "to_name": "image",
                "original_width": picture.width,
                "original_height": picture.height,
                "image_rotation": 0,
                "value": value,
            }
        )
    address = LOCAL + quote(f"{FOLDER}/{entry.file}")
    return {"id": number, "data": {"image": address}, "annotations": [{"id": number, "result": results}]}


def read(files: AnnotationFiles) -> Annotations | None:
    """The boxes of every file of tasks; None where there is none."""
    tasks = [
        _Task(path, number, task)
        for path, content in files.documents.items()
        if isinstance(content, list)
        for number, task in enumerate(content, start=1)
        if isinstance(task, dict) and isinstance(task.get("data"), dict)
    ]
    if not tasks:
        return None
    pictures = [_picture(files, task) for task in tasks]
    names = dict.fromkeys(mark.name for picture in pictures for mark in picture.marks)
    return Annotations(list(names), pictures)


@dataclass(frozen=True)
class _Task:
    """A task, with where it is."""

    path: PurePosixPath
    number: int
    content: Mapping[str, Any]

    @property
    def addresses(self) -> list[str]:
        """What may be the address of its picture."""
        return [value for value in self.content["data"].values() if isinstance(value, str)]

    def results(self) -> Iterator[tuple[object, str]]:
        """The parts of every annotation that was not cancelled, each with who made it."""
        annotations = self.content.get("annotations")
        for annotation in annotations if isinstance(annotations, list) else []:
            if isinstance(annotation, dict) and not annotation.get("was_cancelled"):
                by, results = annotation.get("completed_by"), annotation.get("result")
                name = by.get("email") if isinstance(by, dict) else None
                for result in results if isinstance(results, list) else []:
                    yield result, name if isinstance(name, str) else ""


def _picture(files: AnnotationFiles, task: _Task) -> AnnotatedPicture:
    """The picture of a task with the rectangles of its annotations."""
    places = {address: files.find(address) for address in task.addresses}
    address = next((address for address, place in places.items() if place is not None), "")
    name = PurePosixPath(file_of(address or next(iter(places), ""))).name or f"{task.path.name} {task.number}"
    picture = AnnotatedPicture(name, places.get(address), fractions=True)
    what = f"task {task.number}"
    for content, annotator in task.results():
        result = files.entry(_Result, content, path=task.path, what=what)
        if result is None:
            continue
        if result.type != "rectanglelabels" or result.image_rotation:
            reason = f"{result.type}, the picture turned by {result.image_rotation:g} degrees"
            files.bad(task.path, what=what, reason=reason)
            continue
        rectangle = files.entry(_Rectangle, result.value, path=task.path, what=what)
        if rectangle is not None:
            if rectangle.rotation:
                files.report(Notice("box_turned", file=picture.name))
            edges = _upright(rectangle, ratio=result.original_width / result.original_height)
            picture.marks += [Mark(name, edges, annotator) for name in rectangle.rectanglelabels]
            picture.size = result.original_width, result.original_height
    return picture


def _upright(rectangle: _Rectangle, ratio: float) -> tuple[float, float, float, float]:
    """The edges, as fractions, of the smallest upright box around a rectangle on a picture of this width to height."""
    width, height = rectangle.width * ratio, rectangle.height
    cosine, sine = math.cos(math.radians(rectangle.rotation)), math.sin(math.radians(rectangle.rotation))
    across = [x * cosine - y * sine for x in (0.0, width) for y in (0.0, height)]
    down = [x * sine + y * cosine for x in (0.0, width) for y in (0.0, height)]
    left, top = rectangle.x, rectangle.y
    edges = left + min(across) / ratio, top + min(down), left + max(across) / ratio, top + max(down)
    return edges[0] / 100, edges[1] / 100, edges[2] / 100, edges[3] / 100


FORMAT = Format(
    "label-studio",
    title="Label Studio rectangles (zip)",
    suffix=".zip",
    pixels=True,
    write=partial(marked_pictures.write, folder=FOLDER, texts=_texts),
    read_annotations=read,
)
