"""YOLO's format as Ultralytics reads it: `data.yaml`, pictures in `images/`, a text for each in `labels/`.

https://docs.ultralytics.com/datasets/detect: a line a box, with the number of its class and the middle, width and
height as fractions of the picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import PurePosixPath

import yaml

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.store.exchange import marked_pictures
from fsl_demo.store.exchange.annotations import AnnotatedPicture, AnnotationFiles, Annotations, Mark
from fsl_demo.store.exchange.format import Format
from fsl_demo.store.exchange.marked_pictures import MarkedPictures

FILE, FOLDER, LABELS = "data.yaml", "images", "labels"
LISTS = ("classes.txt", "obj.names", "predefined_classes.txt")
"""Names of files that hold a class a line, as labelImg and Darknet have them."""
MAX_BYTES = 1_000_000
"""Of a file that names classes."""


def _texts(marked: MarkedPictures) -> Mapping[str, str]:
    names = dict(enumerate(marked.categories))
    about = {"path": ".", "train": FOLDER, "val": FOLDER, "names": names}
    texts = {FILE: yaml.safe_dump(about, allow_unicode=True, sort_keys=False, width=1_000)}
    for entry in marked.pictures:
        lines = [f"{marked.category(mark.name)} {_relative(mark, entry.picture)}\n" for mark in entry.marks]
        texts[f"{LABELS}/{PurePosixPath(entry.file).stem}.txt"] = "".join(lines)
    return texts


def _relative(mark: Mark, picture: Picture) -> str:
    left, top, right, bottom = mark.edges
    width, height = picture.width, picture.height
    values = (left + right) / 2 / width, (top + bottom) / 2 / height, (right - left) / width, (bottom - top) / height
    return " ".join(f"{value:.8f}" for value in values)


def read(files: AnnotationFiles) -> Annotations | None:
    """The boxes of a data set; None without names of classes, or without a label file beside a picture."""
    names = _names(files)
    if names is None:
        return None
    labels = {picture: label for picture in files.pictures if (label := _label_file(files, picture)) is not None}
    if not labels:
        return None
    pictures = [
        AnnotatedPicture(
            picture.name,
            picture,
            marks=_marks(files, labels[picture], names) if picture in labels else [],
            fractions=True,
        )
        for picture in files.pictures
    ]
    return Annotations(list(names.values()), pictures)


def _names(files: AnnotationFiles) -> dict[int, str] | None:
    """The classes by their numbers; None where no file names them."""
    for path in files.ending(".yaml", ".yml"):
        names = _of_yaml(files, path)
        if names is not None:
            return names
    for path in files.source.files:
        if path.name in LISTS and files.source.files[path] <= MAX_BYTES:
            return dict(enumerate(files.source.text(path).splitlines()))
    return None


def _of_yaml(files: AnnotationFiles, path: PurePosixPath) -> dict[int, str] | None:
    if files.source.files[path] > MAX_BYTES:
        return None
    try:
        content = yaml.safe_load(files.source.text(path))
    except (yaml.YAMLError, ValueError, RecursionError, UserError) as error:
        files.bad(path, what="YAML", reason=" ".join(str(error).split()))
        return None
    names = content.get("names") if isinstance(content, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict):
        return None
    scalar = (str, int, float)  # the text of an alias of aliases could be endless
    return {key: str(name) for key, name in names.items() if isinstance(key, int) and isinstance(name, scalar)}


def _label_file(files: AnnotationFiles, picture: PurePosixPath) -> PurePosixPath | None:
    """The text of a picture: in the folder `labels` beside `images`, or beside the picture."""
    folders = list(picture.parts[:-1])
    if FOLDER in folders:
        place = len(folders) - 1 - folders[::-1].index(FOLDER)
        path = PurePosixPath(*folders[:place], LABELS, *folders[place + 1 :], f"{picture.stem}.txt")
        if path in files.source.files:
            return path
    path = picture.with_suffix(".txt")
    return path if path in files.source.files and path.name not in LISTS else None


def _marks(files: AnnotationFiles, path: PurePosixPath, names: Mapping[int, str]) -> list[Mark]:
    try:
        lines = files.source.text(path).splitlines()
    except UserError as error:
        files.report(error)
        return []
    marks = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            label, *values = line.split()
            middle, center, width, height = map(float, values)
            category = int(label)
        except ValueError:
            files.bad(path, what=f"line {number}", reason="a class and four numbers expected")
            continue
        if category not in names:
            files.no_category(path.name, label)
            continue
        edges = (middle - width / 2, center - height / 2, middle + width / 2, center + height / 2)
        marks.append(Mark(names[category], edges))
    return marks


FORMAT = Format(
    "yolo",
    title="YOLO boxes (zip)",
    suffix=".zip",
    pixels=True,
    write=partial(marked_pictures.write, folder=FOLDER, texts=_texts),
    read_annotations=read,
)
