"""Label Studio's choices: `tasks.json` to import into a project, `config.xml` for its classes, pictures in `images/`.

https://labelstud.io/guide/export#Label-Studio-JSON-format-of-annotated-tasks: the hash of each picture travels as data
of its task, so that an export of the tool, which holds no pictures, comes back to the pictures that are there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from pydantic import BaseModel, ConfigDict, Field

from fsl_demo.core.exports import replacing
from fsl_demo.store.exchange import classified
from fsl_demo.store.exchange.annotations import AnnotationFiles, file_of
from fsl_demo.store.exchange.classified import ClassifiedPicture, ReadLabel
from fsl_demo.store.exchange.files import ZipWriter
from fsl_demo.store.exchange.format import Format
from fsl_demo.store.exchange.label_studio import LOCAL
from fsl_demo.store.exchange.marked_pictures import spelled

FOLDER = "images"
KEPT = ("sha256", "name", "part", "role", "episode")
"""Data of a task that come back as they are."""


class _Value(BaseModel):
    model_config = ConfigDict(strict=True)
    choices: Annotated[list[str], Field(min_length=1, max_length=1)]


class _Choice(BaseModel):
    model_config = ConfigDict(strict=True)
    type: Literal["choices"]
    value: _Value


def write(pictures: Sequence[ClassifiedPicture], path: Path) -> None:
    """Write pictures to one zip, with a task each."""
    with replacing(path) as file, ZipWriter(file) as archive:
        tasks = []
        for number, entry in enumerate(pictures, start=1):
            name = archive.picture(f"{FOLDER}/{entry.stem}.png", entry.picture)
            tasks.append(_task(number, entry, name))
        archive.text("tasks.json", json.dumps(tasks, ensure_ascii=False, indent=1))
        archive.text("config.xml", _config(classified.class_names(pictures)))


def _task(number: int, entry: ClassifiedPicture, file: str) -> dict[str, Any]:
    data = {"image": LOCAL + quote(file), "sha256": entry.picture.sha256, "name": entry.picture.name}
    data |= {"part": entry.part, "role": entry.role, "episode": entry.episode}
    result = {
        "id": f"class{number}",
        "type": "choices",
        "from_name": "class",
        "to_name": "image",
        "value": {"choices": [spelled(entry.label)]},
    }
    annotations = [{"id": number, "result": [result]}] if entry.label else []
    return {"id": number, "data": data, "annotations": annotations}


def _config(names: Sequence[str]) -> str:
    choices = "".join(f"    <Choice value={quoteattr(spelled(name))}/>\n" for name in names)
    return (
        '<View>\n  <Image name="image" value="$image"/>\n'
        f'  <Choices name="class" toName="image" choice="single">\n{choices}  </Choices>\n</View>\n'
    )


def read(files: AnnotationFiles) -> Iterator[ReadLabel] | None:
    """The choice of each annotation of each task; None without choices, or with rectangles."""
    tasks = [
        _Task(path, number, content)
        for path, document in files.documents.items()
        if isinstance(document, list)
        for number, content in enumerate(document, start=1)
    ]
    kinds = {part.get("type") for task in tasks for part, _ in task.parts() if isinstance(part, dict)}
    unlabelled = bool(tasks) and not kinds and all("sha256" in task.data for task in tasks)
    if ("choices" not in kinds and not unlabelled) or "rectanglelabels" in kinds:
        return None
    return (label for task in tasks for label in _labels(files, task))


@dataclass(frozen=True)
class _Task:
    """A task, with where it is."""

    path: PurePosixPath
    number: int
    content: Any

    @property
    def data(self) -> dict[str, str]:
        """The texts that come with the task."""
        data = self.content.get("data") if isinstance(self.content, dict) else None
        return {key: value for key, value in data.items() if isinstance(value, str)} if isinstance(data, dict) else {}

    def parts(self) -> Iterator[tuple[Any, str]]:
        """The parts of every annotation that was not cancelled, each with who made it, the oldest first."""
        annotations = self.content.get("annotations") if isinstance(self.content, dict) else None
        for annotation in annotations if isinstance(annotations, list) else []:
            if isinstance(annotation, dict) and not annotation.get("was_cancelled"):
                by, results = annotation.get("completed_by"), annotation.get("result")
                email = by.get("email") if isinstance(by, dict) else None
                for result in results if isinstance(results, list) else []:
                    yield result, email if isinstance(email, str) else ""


def _labels(files: AnnotationFiles, task: _Task) -> Iterator[ReadLabel]:
    what, data = f"task {task.number}", task.data
    if not data:
        files.bad(task.path, what=what, reason="it has no data")
        return
    places = (files.find(value) for key, value in data.items() if key not in KEPT)
    place = next((place for place in places if place is not None), None)
    address = PurePosixPath(file_of(data.get("image") or next(iter(data.values()))))
    words = [("", "")]
    for part, annotator in task.parts():
        if isinstance(part, dict) and part.get("type") not in (None, "choices"):
            continue  # rectangles and whatever else a project asks for
        choice = files.entry(_Choice, part, path=task.path, what=what)
        if choice is not None:
            words.append((choice.value.choices[0], annotator))
    picture = classified.in_source(files.source, place)
    for label, annotator in words if len(words) == 1 else words[1:]:
        yield ReadLabel(
            data.get("name") or address.name or what,
            label,
            picture,
            sha256=data.get("sha256") or classified.hash_in(address.stem),
            annotator=annotator,
            role=data.get("role", ""),
            episode=data.get("episode", ""),
        )


FORMAT: Format = classified.format_of(
    "label-studio-choices", title="Label Studio choices (zip)", write=write, read=read
)
