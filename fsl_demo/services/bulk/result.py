"""The file that a run makes: the parts one after another, and what was asked for in its metadata."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fsl_demo.core.errors import UserError, disk_trouble
from fsl_demo.core.exports import replacing
from fsl_demo.services.bulk.parts import Parts
from fsl_demo.services.bulk.request import Request, as_json, differences
from fsl_demo.services.bulk.task import Described

if TYPE_CHECKING:
    import pyarrow

TOGETHER = 2_048
"""Rows that are read by a reader of the file at once."""
_KEY = b"fsl_demo"


@dataclass(frozen=True)
class Summary:
    """What came of a run: rows in all, and those of pictures that could not be read."""

    rows: int
    unreadable: int


def schema_of(task: Described, request: Request) -> pyarrow.Schema:
    """The columns of every task, and its own behind them."""
    import pyarrow

    text = pyarrow.string()
    common = [pyarrow.field("file", text, nullable=False), pyarrow.field("sha256", text), pyarrow.field("error", text)]
    metadata = {_KEY: as_json({"request": request, **task.about})}
    return pyarrow.schema([*common, *task.columns], metadata=metadata)


def finished(out: Path, request: Request) -> Summary | None:
    """What came of this very run when the file was made; None where there is no file.

    Raises:
        UserError: `bulk_exists` for a file of another run, or of none; `export_not_file` for a link.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    if out.is_symlink():
        raise UserError("export_not_file", file=out)
    if not out.exists():
        return None
    try:
        with ParquetFile(out) as file:
            stored = json.loads((file.schema_arrow.metadata or {})[_KEY])["request"]
            different = differences(request, stored)
            if not different:
                return _summary(file)
    except (ArrowException, OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError("bulk_exists", file=out, different="all") from error
    raise UserError("bulk_exists", file=out, different=different)


def join(parts: Parts, out: Path, schema: pyarrow.Schema) -> Summary:
    """Make the file of its parts.

    Raises:
        UserError: `bulk_part` for a part that is damaged, `disk_full`, `folder_unwritable`, `export_not_file`.
    """
    import pyarrow
    from pyarrow.parquet import ParquetFile, ParquetWriter

    waiting: list[pyarrow.Table] = []
    repeated = [
        field.name for field in schema if pyarrow.types.is_string(field.type)
    ]  # a dictionary of numbers is waste
    with replacing(out, parts.temporary) as file, ParquetWriter(file, schema, use_dictionary=repeated) as writer:
        for number in range(parts.count):
            waiting.append(_read(parts, number, schema))
            if sum(map(len, waiting)) >= TOGETHER:
                _flush(writer, waiting)
        _flush(writer, waiting)
    with ParquetFile(out) as file:
        return _summary(file)


def _flush(writer: pyarrow.parquet.ParquetWriter, waiting: list[pyarrow.Table]) -> None:
    import pyarrow

    if waiting:
        writer.write_table(pyarrow.concat_tables(waiting))
        waiting.clear()


def _read(parts: Parts, number: int, schema: pyarrow.Schema) -> pyarrow.Table:
    from pyarrow import ArrowException
    from pyarrow.parquet import read_table

    path = parts.path(number)
    try:
        with disk_trouble(parts.folder):
            table = read_table(path, partitioning=None)
        if len(table) != parts.length(number):
            raise ValueError(f"{len(table)} rows")
        return table.cast(schema)
    except (ArrowException, ValueError) as error:
        raise UserError("bulk_part", file=path) from error


def _summary(file: pyarrow.parquet.ParquetFile) -> Summary:
    errors: Sequence[pyarrow.Array] = [batch.column(0) for batch in file.iter_batches(columns=["error"])]
    return Summary(file.metadata.num_rows, sum(len(error) - error.null_count for error in errors))
