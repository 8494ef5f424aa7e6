"""A Parquet file of pictures with a class each, as class folders: `cat/12.png` is its twelfth row, a cat."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from fsl_demo.core import parquet
from fsl_demo.core.errors import Notice, UserError
from fsl_demo.core.file_names import folder_name
from fsl_demo.datasets.file_source import FileSource
from fsl_demo.datasets.parquet_columns import class_names, class_of, image_column, label_column
from fsl_demo.datasets.streams.tables import check_groups, reason_of
from fsl_demo.datasets.walking import regular

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

SUFFIX = ".parquet"


@contextmanager
def open_table(path: Path) -> Iterator[FileSource]:
    """Open a Parquet file; of its pictures only a group of rows is in memory at a time.

    Raises:
        UserError: `parquet_missing`, `table_broken`, `table_no_classes`, `table_group`, `picture_missing`.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    parquet.check()
    regular(path)
    try:
        with ParquetFile(path) as file:
            pictures, labels = image_column(file.schema_arrow), label_column(file.schema_arrow)
            if pictures is None or labels is None:
                raise UserError("table_no_classes", file=path.name, known=", ".join(file.schema_arrow.names)[:200])
            check_groups(path, file, pictures)
            rows, told = _rows(path, file, labels)
    except (ArrowException, ValueError, OSError) as error:
        raise UserError("table_broken", file=path.name, reason=reason_of(error)) from error

    @lru_cache(maxsize=1)
    def group(number: int) -> list[object]:
        try:
            with ParquetFile(path) as file:
                return file.read_row_group(number, columns=[pictures]).column(pictures).to_pylist()
        except (ArrowException, ValueError, OSError) as error:
            raise UserError("table_broken", file=path.name, reason=reason_of(error)) from error

    def read(file: PurePosixPath) -> bytes:
        number, place = rows[file]
        image = group(number)[place]
        data = image.get("bytes") if isinstance(image, dict) else image
        if not isinstance(data, bytes):
            raise UserError("picture_missing", file=file.name, reason="the table does not hold its bytes")
        return data

    yield FileSource(path, dict.fromkeys(rows, 0), read=read, left_out=tuple(told))


def _rows(path: Path, file: ParquetFile, labels: str) -> tuple[dict[PurePosixPath, tuple[int, int]], list[UserError]]:
    """The group of each row that has a class, and its place in there, by its path; and what is told of the others."""
    names, rows = class_names(file.schema_arrow), {}
    told: list[UserError] = []
    number = unlabelled = 0
    for group in range(file.num_row_groups):
        for place, value in enumerate(file.read_row_group(group, columns=[labels]).column(labels).to_pylist()):
            number += 1
            try:
                name = class_of(value, names)
            except ValueError as error:
                told.append(UserError("annotation_bad", file=path.name, what=f"row {number}", reason=str(error)))
                continue
            if name:
                rows[PurePosixPath(folder_name(name), f"{number}.png")] = (group, place)
            unlabelled += not name
    if unlabelled:
        told.append(Notice("labels_no_examples", file=path.name, count=unlabelled))
    return rows, told
