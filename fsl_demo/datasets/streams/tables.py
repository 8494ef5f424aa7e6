"""The pictures of a Parquet file, row by row: bytes, or structs of bytes and path as `datasets` has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fsl_demo.core import parquet
from fsl_demo.core.errors import UserError
from fsl_demo.datasets.parquet_columns import image_column
from fsl_demo.datasets.streams.stream import Stream, check_size, fingerprint
from fsl_demo.datasets.walking import regular

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

TOGETHER = 16
"""Rows that are in memory at once."""
MAX_GROUP = 2_000_000_000
"""Bytes of a row group's pictures."""
NAMES = ("file", "file_name", "filename", "name", "path", "__key__")
"""Columns that may say what a picture is called; where there is none, its path does, or its number."""
_BUFFER = 1 << 20


@dataclass(frozen=True)
class RowItem:
    """A row that was read; `data` is None for one without a picture."""

    name: str
    data: bytes | None

    @property
    def held(self) -> int:
        """As of `Item`."""
        return len(self.data or b"")

    def read(self) -> bytes:
        """As of `Item`."""
        if self.data is None:
            raise UserError("picture_missing", file=self.name, reason="the table does not hold its bytes")
        check_size(self.name, len(self.data))
        return self.data


def open_table(path: Path) -> Stream:
    """The rows of a Parquet file.

    Raises:
        UserError: `parquet_missing`, `table_broken`, `table_no_pictures`, `table_group`, `picture_missing`.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    parquet.check()
    regular(path)
    try:
        with ParquetFile(path) as file:
            count, known = file.metadata.num_rows, file.schema_arrow.names
            column = image_column(file.schema_arrow)
            if column is None:
                raise UserError("table_no_pictures", file=path.name, known=", ".join(known)[:200])
            check_groups(path, file, column)
    except (ArrowException, ValueError, OSError) as error:
        raise UserError("table_broken", file=path.name, reason=reason_of(error)) from error
    name = next((name for name in NAMES if name in known), None)
    columns = [column] if name is None else [column, name]
    return Stream(path.name, count, fingerprint([path]), items=lambda start: _items(path, columns, start))


def check_groups(path: Path, file: ParquetFile, column: str) -> None:
    """See that no group of rows fills the memory with the pictures of a column.

    Raises:
        UserError: `table_group`.
    """
    for number in range(file.num_row_groups):
        group = file.metadata.row_group(number)
        chunks = (group.column(place) for place in range(group.num_columns))
        pictures = (chunk for chunk in chunks if chunk.path_in_schema.split(".")[0] == column)
        if sum(chunk.total_uncompressed_size for chunk in pictures) > MAX_GROUP:
            raise UserError("table_group", file=path.name, limit=MAX_GROUP / 1e9)


def _items(path: Path, columns: list[str], start: int) -> Iterator[RowItem]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path, buffer_size=_BUFFER) as file:
            number = 0
            for group in range(file.num_row_groups):
                rows = file.metadata.row_group(group).num_rows
                if number + rows <= start:
                    number += rows
                    continue
                for batch in file.iter_batches(TOGETHER, row_groups=[group], columns=columns):
                    for row in batch.to_pylist():
                        number += 1
                        if number > start:
                            yield _item(row[columns[0]], row.get(columns[-1]), number)
    except (ArrowException, ValueError, OSError) as error:
        raise UserError("table_broken", file=path.name, reason=reason_of(error)) from error


def _item(image: object, named: object, number: int) -> RowItem:
    data, path = (image.get("bytes"), image.get("path")) if isinstance(image, dict) else (image, None)
    name = next((text for text in (named, path) if isinstance(text, str) and text), f"row {number}")
    return RowItem(name, data if isinstance(data, bytes) else None)


def reason_of(error: Exception) -> str:
    """What pyarrow says, on one line."""
    return " ".join(str(error).split())[:200]
