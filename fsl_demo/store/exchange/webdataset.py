"""WebDataset: tars of samples, whose files share a name: `cat-0123456789ab.png`, `.cls` and `.json`.

README.md            how to open it
train-000000.tar     of each sample the picture, the number of its class (-1: unknown), and what else is known of it

https://webdataset.github.io: what stands before the first dot of a file's name is the sample, the rest its kind.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from fsl_demo.core.class_names import class_key
from fsl_demo.core.collections import PARTS
from fsl_demo.core.errors import UserError
from fsl_demo.core.exports import replacing
from fsl_demo.core.pictures.canonical import write_png
from fsl_demo.datasets.file_source import open_inside
from fsl_demo.datasets.webdataset import CLASS_NAMES, UNKNOWN, Sample, class_of, samples, written_names
from fsl_demo.store.exchange import classified
from fsl_demo.store.exchange.annotations import AnnotationFiles
from fsl_demo.store.exchange.classified import ClassifiedPicture, ReadLabel
from fsl_demo.store.exchange.files import ZipWriter
from fsl_demo.store.exchange.format import Format

SHARD_BYTES = 100_000_000
"""From which on a shard is full."""

_README = """# Pictures with a class each

```python
import webdataset

shards = "train-{{000000..{last:06}}}.tar"
pictures = webdataset.WebDataset(shards, shardshuffle=False).decode("pil").to_tuple("png", "cls", "json")
```

Unpack this file first. The classes, from number 0 on, are in `classnames.txt`; `-1` is a picture whose class nobody has
said. Tars that you write with corrected classes, in `cls` or as `label` in `json`, come back by the pixels of the
pictures.
"""


def write(pictures: Sequence[ClassifiedPicture], path: Path) -> None:
    """Write pictures to one zip of shards.

    Raises:
        UserError: as of `core.exports.replacing`.
    """
    names = classified.class_names(pictures)
    with replacing(path) as file, ZipWriter(file) as archive:
        counts = {}
        for part in PARTS:
            chosen = [entry for entry in pictures if entry.part == part]
            for number, shard in enumerate(_shards(chosen, names)):
                archive.data(f"{part}-{number:06}.tar", shard)
                counts[part] = number
        archive.text(CLASS_NAMES, "".join(f"{' '.join(name.split())}\n" for name in names))
        archive.text("README.md", _README.format(last=counts.get("train", 0)))


def _shards(pictures: Sequence[ClassifiedPicture], names: Sequence[str]) -> Iterator[bytes]:
    """Tars, one after the other, none of them much larger than SHARD_BYTES."""
    places, stems = classified.places(names), classified.unique_stems(pictures)
    buffer, shard = _new_shard()
    for entry, stem in zip(pictures, stems, strict=True):
        if buffer.tell() > SHARD_BYTES:
            shard.close()
            yield buffer.getvalue()
            buffer, shard = _new_shard()
        number = places[class_key(entry.label)] if entry.label else UNKNOWN
        about = {"label": entry.label, "cls": number, **entry.about}
        picture = io.BytesIO()
        write_png(entry.picture.image(), picture)
        _add(shard, f"{stem}.png", picture.getvalue())
        _add(shard, f"{stem}.cls", str(number).encode())
        _add(shard, f"{stem}.json", json.dumps(about).encode())
    if pictures:
        shard.close()
        yield buffer.getvalue()


def _new_shard() -> tuple[io.BytesIO, tarfile.TarFile]:
    buffer = io.BytesIO()
    return buffer, tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT)


def _add(shard: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    shard.addfile(info, io.BytesIO(data))


def read(files: AnnotationFiles) -> Iterator[ReadLabel] | None:
    """The samples of every shard, and those that lie in the folder or tar itself; None where there is none."""
    shards = classified.by_part(files.ending(".tar"))
    loose = samples(files.source.files)
    if not shards and not any(_says_class(files, sample) for sample in loose):
        return None
    return _labels(files, loose, shards)


def _labels(files: AnnotationFiles, loose: Sequence[Sample], shards: Sequence[PurePosixPath]) -> Iterator[ReadLabel]:
    names = _class_names(files)
    yield from _of_samples(files, loose, names)
    for shard in shards:
        try:
            with open_inside(files.source, shard) as source:
                for told in source.left_out:
                    files.report(told)
                inside = AnnotationFiles(source, files.report)
                yield from _of_samples(inside, samples(inside.source.files), {**names, **_class_names(inside)})
        except UserError as error:
            files.report(error)


def _about(files: AnnotationFiles, sample: Sample) -> Mapping[str, Any]:
    """What the sample's JSON says; nothing where it has none."""
    content = files.documents.get(sample.kinds["json"]) if "json" in sample.kinds else None
    return content if isinstance(content, dict) else {}


def _says_class(files: AnnotationFiles, sample: Sample) -> bool:
    return sample.picture is not None and (sample.number is not None or "label" in _about(files, sample))


def _class_names(files: AnnotationFiles) -> dict[int, str]:
    """The names of the classes by their numbers, where a file lists them."""
    for path in files.ending(".txt"):
        if path.name == CLASS_NAMES:
            try:
                return dict(enumerate(files.source.text(path).splitlines()))
            except UserError as error:
                files.report(error)
    return {}


def _of_samples(files: AnnotationFiles, several: Sequence[Sample], names: Mapping[int, str]) -> Iterator[ReadLabel]:
    names = {**written_names(_about(files, sample) for sample in several), **names}
    for sample in several:
        about = _about(files, sample)
        try:
            label = _label(files, sample, about=about, names=names)
        except UserError as error:
            files.report(error.bare())
            continue
        except ValueError as error:
            files.bad(PurePosixPath(sample.name), what="class", reason=str(error))
            continue
        texts = {key: value for key, value in about.items() if isinstance(value, str)}
        stem = PurePosixPath(sample.name).name
        yield ReadLabel(
            texts.get("name") or (sample.picture.name if sample.picture else stem),
            label,
            classified.in_source(files.source, sample.picture),
            sha256=texts.get("sha256") or classified.hash_in(stem),
            role=texts.get("role", ""),
            episode=texts.get("episode", ""),
        )


def _label(files: AnnotationFiles, sample: Sample, about: Mapping[str, Any], names: Mapping[int, str]) -> str:
    """The class of a sample.

    Raises:
        UserError: what is wrong with the file that says it.
        ValueError: as of `class_of`.
    """
    return class_of(files.source.text(sample.number).strip() if sample.number else "", about, names)


FORMAT: Format = classified.format_of("webdataset", title="WebDataset (zip of tars)", write=write, read=read)
