"""Pascal VOC's format: an XML file a picture in `Annotations/`, the pictures in `JPEGImages/`.

The VOC development kit counts pixels from 1 and includes the last: a box over a whole picture of 20 x 10 pixels is
1, 1, 20, 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from fsl_demo.core.pictures import Picture
from fsl_demo.store.exchange import marked_pictures
from fsl_demo.store.exchange.annotations import AnnotatedPicture, AnnotationFiles, Annotations, Mark
from fsl_demo.store.exchange.format import Format
from fsl_demo.store.exchange.marked_pictures import MarkedPicture, MarkedPictures

FOLDER = "JPEGImages"


def _texts(marked: MarkedPictures) -> Mapping[str, str]:
    stems = [PurePosixPath(entry.file).stem for entry in marked.pictures]
    texts = {f"Annotations/{stem}.xml": _xml(entry) for stem, entry in zip(stems, marked.pictures, strict=True)}
    return {**texts, "ImageSets/Main/default.txt": "".join(f"{stem}\n" for stem in stems)}


def _xml(entry: MarkedPicture) -> str:
    picture = entry.picture
    root = Element("annotation")
    _put(root, folder=FOLDER, filename=entry.file)
    _put(SubElement(root, "size"), width=picture.width, height=picture.height, depth=3)
    _put(root, segmented=0)
    for mark in entry.marks:
        thing = SubElement(root, "object")
        _put(thing, name=mark.name, pose="Unspecified", truncated=0, difficult=0)
        xmin, ymin, xmax, ymax = _whole_pixels(mark, picture)
        _put(SubElement(thing, "bndbox"), xmin=xmin, ymin=ymin, xmax=xmax, ymax=ymax)
    indent(root)
    return tostring(root, encoding="unicode") + "\n"


def _put(parent: Element, **texts: object) -> None:
    for tag, text in texts.items():
        SubElement(parent, tag).text = str(text)


def _whole_pixels(mark: Mark, picture: Picture) -> tuple[int, int, int, int]:
    """The nearest whole pixels, one at least."""
    left, top, right, bottom = map(round, mark.edges)
    xmin, ymin = min(left, picture.width - 1) + 1, min(top, picture.height - 1) + 1
    return xmin, ymin, max(right, xmin), max(bottom, ymin)


def read(files: AnnotationFiles) -> Annotations | None:
    """The boxes of every XML file of this format; None where there is none."""
    roots = {path: root for path, root in files.xml.items() if root.tag == "annotation"}
    if not roots:
        return None
    pictures = [_picture(files, path, root) for path, root in roots.items()]
    names = dict.fromkeys(mark.name for picture in pictures for mark in picture.marks)
    return Annotations(sorted(names), pictures)


def _picture(files: AnnotationFiles, path: PurePosixPath, root: Element) -> AnnotatedPicture:
    name = _text(root, "filename") or path.stem
    picture = AnnotatedPicture(name, files.find(name) or files.with_stem(path.stem))
    picture.size = (
        _number(_text(root, "size/width")),
        _number(_text(root, "size/height")),
    )  # some tools leave zeros there
    for thing in root.findall("object"):
        left, top, right, bottom = (
            _number(_text(thing, f"bndbox/{edge}")) for edge in ("xmin", "ymin", "xmax", "ymax")
        )
        picture.marks.append(Mark(_text(thing, "name"), (left - 1, top - 1, right, bottom)))
    return picture


def _text(element: Element, path: str) -> str:
    return " ".join((element.findtext(path) or "").split())


def _number(text: str) -> float:
    """NaN for what is no number."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


FORMAT = Format(
    "voc",
    title="Pascal VOC boxes (zip)",
    suffix=".zip",
    pixels=True,
    write=partial(marked_pictures.write, folder=FOLDER, texts=_texts),
    read_annotations=read,
)
