"""CVAT's own format, "CVAT for images 1.1": `annotations.xml` with a tag for each picture, the pictures in `images/`.

https://docs.cvat.ai/docs/dataset_management/formats/format-cvat: boxes are read, too. What else is known of a picture
stands in attributes of its image, which CVAT passes over.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from fsl_demo.core.class_names import class_key
from fsl_demo.core.errors import Notice
from fsl_demo.core.exports import replacing
from fsl_demo.store.exchange import classified
from fsl_demo.store.exchange.annotations import AnnotatedPicture, AnnotationFiles, Annotations, Mark
from fsl_demo.store.exchange.classified import ClassifiedPicture, ReadLabel
from fsl_demo.store.exchange.files import ZipWriter
from fsl_demo.store.exchange.marked_pictures import spelled

FILE, FOLDER = "annotations.xml", "images"
CALLED = {"name": "original_name"}
"""Names of attributes that CVAT has for something else."""
EDGES = ("xtl", "ytl", "xbr", "ybr")


def write(pictures: Sequence[ClassifiedPicture], path: Path) -> None:
    """Write pictures to one zip, with a tag for each that has a class."""
    root = Element("annotations")
    SubElement(root, "version").text = "1.1"
    labels = SubElement(SubElement(SubElement(root, "meta"), "task"), "labels")
    for name in classified.class_names(pictures):
        label = SubElement(labels, "label")
        SubElement(label, "name").text = spelled(name)
        SubElement(label, "type").text = "tag"
    with replacing(path) as file, ZipWriter(file) as archive:
        for number, (entry, stem) in enumerate(zip(pictures, classified.unique_stems(pictures), strict=True)):
            archive.picture(f"{FOLDER}/{stem}.png", entry.picture)
            size = {"width": str(entry.picture.width), "height": str(entry.picture.height)}
            about = {CALLED.get(key, key): spelled(value) for key, value in entry.about.items()}
            image = SubElement(root, "image", {"id": str(number), "name": f"{stem}.png", **size, **about})
            if entry.label:
                SubElement(image, "tag", {"label": spelled(entry.label), "source": "manual"})
        indent(root)
        archive.text(FILE, '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n")


def _images(files: AnnotationFiles) -> list[tuple[PurePosixPath, Element]]:
    """The pictures that the files of this format name."""
    roots = ((path, root) for path, root in files.xml.items() if root.tag == "annotations")
    return [(path, image) for path, root in roots for image in root.iter("image")]


def read(files: AnnotationFiles) -> Iterator[ReadLabel] | None:
    """The tag of each picture; None where there are no tags."""
    images = _images(files)
    if not any(image.find("tag") is not None or image.get("sha256") for _, image in images):
        return None
    return chain.from_iterable(_labels(files, path, image) for path, image in images)


def _labels(files: AnnotationFiles, path: PurePosixPath, image: Element) -> Iterator[ReadLabel]:
    name = image.get("name", "")
    tags = [tag.get("label", "").strip() for tag in image.iter("tag")]
    if image.find("box") is not None:
        files.report(Notice("boxes_unread", file=name))
    if not name or not all(tags):
        files.bad(path, what=name or "image", reason="a name, and of each tag a label expected")
    elif len(set(map(class_key, tags))) > 1:
        files.bad(path, what=name, reason=f"{len(tags)} classes, and one picture has one")
    else:
        about = image.attrib | {key: image.get(attribute) for key, attribute in CALLED.items()}
        yield ReadLabel.of(files, name, (tags or [""])[0], about=about)


def read_annotations(files: AnnotationFiles) -> Annotations | None:
    """The boxes on each picture; None where the files are of another format."""
    images = _images(files)
    if not images:
        return None
    pictures = []
    for _, image in images:
        name = image.get("name", "")
        picture = AnnotatedPicture(name, files.find(name), size=(_number(image, "width"), _number(image, "height")))
        for box in image.iter("box"):
            left, top, right, bottom = (_number(box, edge) for edge in EDGES)
            picture.marks.append(Mark(box.get("label", ""), (left, top, right, bottom)))
        pictures.append(picture)
    names = dict.fromkeys(mark.name for picture in pictures for mark in picture.marks)
    return Annotations(sorted(names), pictures)


def _number(element: Element, attribute: str) -> float:
    """NaN for what is no number."""
    try:
        return float(element.get(attribute, ""))
    except ValueError:
        return math.nan


FORMAT = classified.format_of(
    "cvat", title="CVAT for images, tags (zip)", write=write, read=read, boxes=read_annotations
)
