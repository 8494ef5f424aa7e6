"""Parquet files as the `datasets` package reads them: a column of pictures and one of class numbers, a file a part.

README.md                              what the parts are
data/train-00000-of-00001.parquet      image, label (ClassLabel), name, sha256, and what else is known of a picture

https://huggingface.co/docs/datasets/image_load: `Image` is a struct of bytes and path; what the columns are, and the
names of the classes, stand in the schema's metadata under "huggingface".
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from fsl_demo.core import parquet
from fsl_demo.core.class_names import class_key
from fsl_demo.core.collections import PARTS
from fsl_demo.core.errors import UserError
from fsl_demo.core.exports import replacing
from fsl_demo.core.pictures.canonical import write_png
from fsl_demo.datasets.parquet_columns import class_names, class_of, image_column, label_column
from fsl_demo.store.exchange import classified
from fsl_demo.store.exchange.annotations import AnnotationFiles
from fsl_demo.store.exchange.classified import ClassifiedPicture, ReadLabel
from fsl_demo.store.exchange.files import ZipWriter
from fsl_demo.store.exchange.format import Format

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

TOGETHER = 20
"""Pictures that are in memory at once."""
SHARD_BYTES = 100_000_000
"""From which on a file is full."""
BUFFER_BYTES = 1_000_000
"""Of a column that are read ahead."""
TEXTS = ("name", "sha256", "role", "episode", "group")

_README = """---
task_categories:
- image-classification
configs:
- config_name: default
  data_files:
{parts}---
# Pictures with a class each

Unpack this file into a folder, then

```python
from datasets import load_dataset

pictures = load_dataset("…")
```

Write what you corrected with `pictures["train"].to_parquet("corrected.parquet")`, and import that file: the labels come
back by the pixels of the pictures.
"""


def write(pictures: Sequence[ClassifiedPicture], path: Path) -> None:
    """Write pictures to one zip, with a Parquet file for each part.

    Raises:
        UserError: `parquet_missing`, and as of `core.exports.replacing`.
    """
    parquet.check()
    names = classified.class_names(pictures)
    with replacing(path) as file, ZipWriter(file) as archive:
        lines = []
        for part in PARTS:
            shards = list(_shards([entry for entry in pictures if entry.part == part]))
            for number, chosen in enumerate(shards):
                archive.data(f"data/{part}-{number:05}-of-{len(shards):05}.parquet", _table(chosen, names))
            if shards:
                lines.append(f"  - split: {part}\n    path: data/{part}-*.parquet\n")
        archive.text("README.md", _README.format(parts="".join(lines)))


def _shards(pictures: Sequence[ClassifiedPicture]) -> Iterator[Sequence[ClassifiedPicture]]:
    """The pictures of each file: none of them has many more pixels than SHARD_BYTES holds uncompressed."""
    start, size = 0, 0
    for place, entry in enumerate(pictures):
        if size > SHARD_BYTES:
            yield pictures[start:place]
            start, size = place, 0
        size += 3 * entry.picture.width * entry.picture.height
    if pictures:
        yield pictures[start:]


def _table(pictures: Sequence[ClassifiedPicture], names: Sequence[str]) -> bytes:
    """A Parquet file."""
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    image = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    columns = [("image", image), ("label", pyarrow.int64()), *((text, pyarrow.string()) for text in TEXTS)]
    schema = pyarrow.schema(columns, metadata={"huggingface": json.dumps({"info": {"features": _features(names)}})})
    buffer = io.BytesIO()
    with ParquetWriter(buffer, schema, compression="none") as writer:
        for start in range(0, len(pictures), TOGETHER):
            rows = _rows(pictures[start : start + TOGETHER], classified.places(names))
            writer.write_table(pyarrow.Table.from_pylist(list(rows), schema))
    return buffer.getvalue()


def _features(names: Sequence[str]) -> dict[str, object]:
    text = {"dtype": "string", "_type": "Value"}
    return {
        "image": {"_type": "Image"},
        "label": {"names": list(names), "_type": "ClassLabel"},
        **dict.fromkeys(TEXTS, text),
    }


def _rows(pictures: Iterable[ClassifiedPicture], places: Mapping[str, int]) -> Iterator[dict[str, object]]:
    for entry in pictures:
        buffer = io.BytesIO()
        write_png(entry.picture.image(), buffer)
        yield {
            "image": {"bytes": buffer.getvalue(), "path": f"{entry.stem}.png"},
            "label": places.get(class_key(entry.label)) if entry.label else None,
            "name": entry.picture.name,
            "sha256": entry.picture.sha256,
            "role": entry.role,
            "episode": entry.episode,
            "group": entry.group,
        }


def read(files: AnnotationFiles) -> Iterator[ReadLabel] | None:
    """The rows of every Parquet file; None where there is none.

    Raises:
        UserError: `parquet_missing`.
    """
    shards = classified.by_part(files.ending(".parquet"))
    if not shards:
        return None
    parquet.check()
    return (row for shard in shards for row in _shard(files, shard))


def _shard(files: AnnotationFiles, path: PurePosixPath) -> Iterator[ReadLabel]:
    import pyarrow
    from pyarrow.parquet import ParquetFile

    try:
        with files.source.open(path) as file:
            table = ParquetFile(file, buffer_size=BUFFER_BYTES)
            yield from _rows_of(files, path, table)
    except UserError as error:
        files.report(error)
    except (pyarrow.ArrowException, ValueError, TypeError, KeyError, OSError, MemoryError) as error:
        files.bad(path, what="Parquet", reason=" ".join(str(error).split()))


def _rows_of(files: AnnotationFiles, path: PurePosixPath, table: ParquetFile) -> Iterator[ReadLabel]:
    names = class_names(table.schema_arrow)
    image, label = _columns(table)
    texts = [text for text in TEXTS if text in table.schema_arrow.names]
    number = 0
    for batch in table.iter_batches(batch_size=TOGETHER, columns=[image, label, *texts]):
        for row in batch.to_pylist():
            number += 1
            place = _Place(path, number)
            try:
                word = class_of(row[label], names)
            except ValueError as error:
                files.bad(path, what=str(place), reason=str(error))
                continue
            yield _row(files, place, row[image], label=word, texts=row)


def _columns(table: ParquetFile) -> tuple[str, str]:
    """The columns of the picture and of its class, by the features, else by what they are called."""
    picture, label = image_column(table.schema_arrow), label_column(table.schema_arrow)
    if picture is None or label is None:
        raise ValueError(f"a column of pictures and one of classes expected, not {', '.join(table.schema_arrow.names)}")
    return picture, label


@dataclass(frozen=True)
class _Place:
    """Where a row is."""

    path: PurePosixPath
    number: int

    def __str__(self) -> str:
        return f"row {self.number}"


def _row(files: AnnotationFiles, place: _Place, image: object, label: str, texts: Mapping[str, Any]) -> ReadLabel:
    known = {name: value for name in TEXTS if isinstance(value := texts.get(name), str)}
    data, path = (image.get("bytes"), image.get("path")) if isinstance(image, dict) else (image, None)
    name = known.get("name") or (PurePosixPath(path).name if isinstance(path, str) else "") or str(place)
    return ReadLabel(
        name,
        label,
        partial(files.source.decoded, data, name) if isinstance(data, bytes) else None,
        sha256=known.get("sha256", ""),
        role=known.get("role", ""),
        episode=known.get("episode", ""),
    )


FORMAT: Format = classified.format_of("parquet", title="Parquet for `datasets` (zip)", write=write, read=read)
