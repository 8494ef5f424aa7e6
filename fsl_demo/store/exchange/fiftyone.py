"""FiftyOne's data sets: `FiftyOneImageClassificationDataset`, a folder a part; its `FiftyOneDataset` is read, too.

train/data/*.png
train/labels.json    `{"classes": [...], "labels": {"name of the file without its ending": 0}}`; null: no class

https://docs.voxel51.com/user_guide/import_datasets.html: a `FiftyOneDataset` has `samples.json`, whose samples have a
path and labels.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from fsl_demo.core.class_names import class_key
from fsl_demo.core.collections import PARTS
from fsl_demo.core.exports import replacing
from fsl_demo.store.exchange import classified
from fsl_demo.store.exchange.annotations import AnnotationFiles
from fsl_demo.store.exchange.classified import ClassifiedPicture, ReadLabel
from fsl_demo.store.exchange.files import ZipWriter
from fsl_demo.store.exchange.format import Format

FILE, FOLDER = "labels.json", "data"
ABOUT = "pictures"
"""Key under which our exports say what else is known; FiftyOne passes it over."""
FIELD = "ground_truth"
"""The field of a sample that is read, where there are several."""

_README = """# Pictures with a class each

Unpack this file into a folder, then

```python
import fiftyone

pictures = fiftyone.Dataset()
for part in ({parts}):
    kind = fiftyone.types.FiftyOneImageClassificationDataset
    pictures.add_dir(dataset_dir=f"…/{{part}}", dataset_type=kind, tags=part)
```

Export what you corrected as a `FiftyOneImageClassificationDataset` or a `FiftyOneDataset`, and import that: the labels
come back by the pixels of the pictures.
"""


def write(pictures: Sequence[ClassifiedPicture], path: Path) -> None:
    """Write pictures to one zip."""
    names = classified.class_names(pictures)
    places = classified.places(names)
    with replacing(path) as file, ZipWriter(file) as archive:
        parts = []
        for part in PARTS:
            if chosen := [entry for entry in pictures if entry.part == part]:
                stems = classified.unique_stems(chosen)
                for entry, stem in zip(chosen, stems, strict=True):
                    archive.picture(f"{part}/{FOLDER}/{stem}.png", entry.picture)
                numbers = [places[class_key(entry.label)] if entry.label else None for entry in chosen]
                content = {
                    "classes": names,
                    "labels": dict(zip(stems, numbers, strict=True)),
                    ABOUT: dict(zip(stems, (entry.about for entry in chosen), strict=True)),
                }
                archive.text(f"{part}/{FILE}", json.dumps(content, ensure_ascii=False, indent=1))
                parts.append(part)
        archive.text("README.md", _README.format(parts="".join(f'"{part}", ' for part in parts)))


def read(files: AnnotationFiles) -> Iterator[ReadLabel] | None:
    """The class of each picture that `labels.json` or `samples.json` names; None without one with classes."""
    documents = ((path, files.documents[path]) for path in classified.by_part(files.documents))
    contents = {path: content for path, content in documents if isinstance(content, dict)}
    labels = [(path, content) for path, content in contents.items() if isinstance(content.get("labels"), dict)]
    samples = [(path, content) for path, content in contents.items() if _classified(content)]
    if not labels and not samples:
        return None
    return _read(files, labels, samples)


def _read(
    files: AnnotationFiles,
    labels: Sequence[tuple[PurePosixPath, Mapping[str, Any]]],
    samples: Sequence[tuple[PurePosixPath, Mapping[str, Any]]],
) -> Iterator[ReadLabel]:
    for path, content in labels:
        yield from _of_labels(files, path, content)
    for path, content in samples:
        yield from _of_samples(files, path, content)


def _of_labels(files: AnnotationFiles, path: PurePosixPath, content: Mapping[str, Any]) -> Iterator[ReadLabel]:
    classes, about = content.get("classes"), content.get(ABOUT)
    names = list(map(str, classes)) if isinstance(classes, list) else []
    known: Mapping[str, Any] = about if isinstance(about, dict) else {}
    beside = {str(picture.with_suffix("")): picture for picture in files.pictures}
    for stem, value in content["labels"].items():
        try:
            label = _label(value, names)
        except ValueError as error:
            files.bad(path, what=stem, reason=str(error))
            continue
        place = beside.get(str(path.parent / FOLDER / stem)) or files.with_stem(PurePosixPath(stem).name)
        stored = known.get(stem)
        name = str(place) if place else f"{stem}.png"
        yield ReadLabel.of(files, name, label, about=stored if isinstance(stored, dict) else None)


def _label(value: object, names: Sequence[str]) -> str:
    """The class of an entry.

    Raises:
        ValueError: where there is none, or more than one.
    """
    if isinstance(value, dict):
        value = value.get("label")
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if not isinstance(value, int) or not 0 <= value < len(names):
        raise ValueError(f"class {value}, {len(names)} in all")
    return names[value]


def _classified(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The samples of a file that has labels of whole pictures; none of another one."""
    samples = content.get("samples")
    known: list[Mapping[str, Any]]
    known = [sample for sample in samples if isinstance(sample, dict)] if isinstance(samples, list) else []
    return known if any(_classification(sample) for sample in known) else []


def _classification(sample: Mapping[str, Any]) -> Mapping[str, Any]:
    """The label of a sample, of several the ground truth; nothing where it has none."""
    given = {key: value for key, value in sample.items() if isinstance(value, dict)}
    labels = {key: value for key, value in given.items() if value.get("_cls") == "Classification"}
    return labels.get(FIELD) or next(iter(labels.values()), {})


def _of_samples(files: AnnotationFiles, path: PurePosixPath, content: Mapping[str, Any]) -> Iterator[ReadLabel]:
    for number, sample in enumerate(content["samples"], start=1):
        label = _classification(sample).get("label") or "" if isinstance(sample, dict) else None
        file = sample.get("filepath") if isinstance(sample, dict) else None
        if isinstance(file, str) and file and isinstance(label, str):
            yield ReadLabel.of(files, file, label)
        else:
            files.bad(path, what=f"sample {number}", reason="a path and a label expected")


FORMAT: Format = classified.format_of("fiftyone", title="FiftyOne classification (zip)", write=write, read=read)
