"""CVAT's "ImageNet 1.0": lists of pictures with the numbers of their classes, or class folders beside `no_label`.

images/*.png
train.txt        `name.png 0` a line, without a number where nobody has said the class; a list a part
synsets.txt      the classes in order
pictures.json    what else is known of each picture; other tools pass it over

https://docs.cvat.ai/docs/dataset_management/formats/format-imagenet; Datumaro calls it `imagenet_txt`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from fsl_demo.core.class_names import class_key
from fsl_demo.core.collections import PARTS
from fsl_demo.core.errors import UserError
from fsl_demo.core.exports import replacing
from fsl_demo.core.file_names import class_name
from fsl_demo.store.exchange import classified
from fsl_demo.store.exchange.annotations import AnnotationFiles
from fsl_demo.store.exchange.classified import ClassifiedPicture, ReadLabel
from fsl_demo.store.exchange.files import ZipWriter
from fsl_demo.store.exchange.format import Format
from fsl_demo.store.exchange.marked_pictures import spelled

CLASSES, FOLDER, ABOUT = "synsets.txt", "images", "pictures.json"
NO_LABEL = "no_label"
"""The folder of pictures that have no class."""
_LINE = re.compile(r"""(?:"(?P<quoted>[^"]+)"(?P<ending>\S*)|(?P<plain>\S+))(?P<numbers>(?:\s+-?\d{1,9})*)\s*""")


def write(pictures: Sequence[ClassifiedPicture], path: Path) -> None:
    """Write pictures to one zip."""
    names = classified.class_names(pictures)
    places = classified.places(names)
    lists: dict[str, list[str]] = {}
    about: dict[str, dict[str, str]] = {}
    with replacing(path) as file, ZipWriter(file) as archive:
        for entry, stem in zip(pictures, classified.unique_stems(pictures), strict=True):
            name = f"{stem}.png"
            archive.picture(f"{FOLDER}/{name}", entry.picture)
            number = f" {places[class_key(entry.label)]}" if entry.label else ""
            lists.setdefault(entry.part, []).append(f"{name}{number}\n")
            about[name] = entry.about
        for part in PARTS:
            if part in lists:
                archive.text(f"{part}.txt", "".join(lists[part]))
        archive.text(CLASSES, "".join(f"{spelled(name)}\n" for name in names))
        archive.text(ABOUT, json.dumps(about, ensure_ascii=False, indent=1))


def read(files: AnnotationFiles) -> Iterator[ReadLabel] | None:
    """The classes of the lists, or of folders; None where there is neither `synsets.txt` nor a folder `no_label`."""
    folders = [path.parent for path in files.ending(".txt") if path.name == CLASSES]
    if folders:
        return (label for folder in folders for label in _of_lists(files, folder))
    roots = {path.parent.parent for path in files.pictures if path.parent.name == NO_LABEL}
    return _of_folders(files, min(roots)) if roots else None


def _of_lists(files: AnnotationFiles, folder: PurePosixPath) -> Iterator[ReadLabel]:
    try:
        names = files.source.text(folder / CLASSES).splitlines()
    except UserError as error:
        files.report(error)
        return
    about = files.documents.get(folder / ABOUT)
    known: Mapping[str, Any] = about if isinstance(about, dict) else {}
    lists = [path for path in files.ending(".txt") if path.parent == folder and path.name != CLASSES]
    for path in classified.by_part(lists):
        try:
            lines = files.source.text(path).splitlines()
        except UserError as error:
            files.report(error)
            continue
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                name, label = _parsed(line, names)
            except ValueError as error:
                files.bad(path, what=f"line {number}", reason=str(error))
                continue
            stored = known.get(name)
            yield ReadLabel.of(files, name, label, about=stored if isinstance(stored, dict) else None)


def _parsed(line: str, names: Sequence[str]) -> tuple[str, str]:
    """The file and the class of a line.

    Raises:
        ValueError: where it has no file, more than one class, or one that there is not.
    """
    match = _LINE.fullmatch(line.strip())
    if match is None:
        raise ValueError("a file and the number of its class expected")
    numbers = {int(number) for number in match["numbers"].split()}
    if len(numbers) > 1:
        raise ValueError(f"{len(numbers)} classes, and one picture has one")
    if any(not 0 <= number < len(names) for number in numbers):
        raise ValueError(f"class {min(numbers)}, {len(names)} in all")
    return match["plain"] or f"{match['quoted']}{match['ending']}", names[min(numbers)] if numbers else ""


def _of_folders(files: AnnotationFiles, root: PurePosixPath) -> Iterator[ReadLabel]:
    for path in files.pictures:
        if len(path.relative_to(root).parts if path.is_relative_to(root) else ()) == 2:
            folder = path.parent.name
            label = "" if folder == NO_LABEL else class_name(folder)
            yield ReadLabel(path.name, label, classified.in_source(files.source, path))
        else:
            files.bad(path, what="folder", reason="a class and a picture expected")


FORMAT: Format = classified.format_of("imagenet", title="ImageNet lists for CVAT (zip)", write=write, read=read)
