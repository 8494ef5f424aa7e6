"""Reading the class folders of a frozen version, in all of its parts: `train/cat/1.png` beside `collection.json`.

The folder that a picture lies in now says its class: moving a picture to another folder corrects it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from fsl_demo.core.collections import PARTS
from fsl_demo.core.file_names import class_name, folder_name
from fsl_demo.store.exchange import classified
from fsl_demo.store.exchange.annotations import AnnotationFiles
from fsl_demo.store.exchange.classified import ReadLabel

MANIFEST = "collection.json"


def read(files: AnnotationFiles) -> Iterator[ReadLabel] | None:
    """The class of every picture in a part's class folder; None without a manifest."""
    manifests = [path for path in files.documents if path.name == MANIFEST]
    return _labels(files, manifests[0]) if manifests else None


def _labels(files: AnnotationFiles, manifest: PurePosixPath) -> Iterator[ReadLabel]:
    content = files.documents[manifest]
    classes = content.get("classes") if isinstance(content, dict) else None
    names = {folder_name(name): name for name in classes if isinstance(name, str)} if isinstance(classes, list) else {}
    for path in files.pictures:
        if not path.is_relative_to(manifest.parent):
            continue
        inside = path.relative_to(manifest.parent).parts
        if len(inside) == 3 and inside[0] in PARTS:
            label = names.get(inside[1], class_name(inside[1]))
            yield ReadLabel(path.name, label, classified.in_source(files.source, path))
        else:
            files.bad(path, what="folder", reason="a part, a class and a picture expected")
