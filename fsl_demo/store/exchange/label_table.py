"""Tables of labels: a CSV of `file_name` and `label`, as it is exported, or the metadata of a Hugging Face imagefolder.

`metadata.csv` and `metadata.jsonl` say the classes of pictures in a folder or archive, whatever folders they lie in; a
table that comes alone names them by their hashes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from fsl_demo.core import table_files
from fsl_demo.core.errors import UserError
from fsl_demo.core.file_names import plain_cell
from fsl_demo.store.exchange.annotations import AnnotationFiles
from fsl_demo.store.exchange.classified import ReadLabel

NEEDED = ("file_name", "label")
SUFFIXES = (".csv", ".tsv", ".jsonl")
METADATA = "metadata"
"""What a table in a folder or archive is called."""


def read(files: AnnotationFiles) -> Iterator[ReadLabel] | None:
    """The label of each row; None where there is no table of labels.

    Raises:
        UserError: what is wrong with a table that comes alone.
    """
    tables = files.ending(*SUFFIXES)
    alone = len(files.source.files) == 1
    chosen = [path for path in tables if alone or path.stem.lower() == METADATA]
    rows = [(path, read) for path in chosen if (read := _rows(files, path, alone)) is not None]
    return (label for path, read in rows for label in _labels(files, path, read)) if rows else None


def _rows(files: AnnotationFiles, path: PurePosixPath, alone: bool) -> list[tuple[int, Mapping[str, Any]]] | None:
    """The rows of a table, each with its line; None for one that has no labels."""
    try:
        if path.suffix.lower() != ".jsonl":
            return _of_csv(files, path)
        rows = list(_of_jsonl(files, path))
        return rows if alone or any("label" in row for _, row in rows) else None
    except UserError as error:
        if alone:
            raise
        if error.code != "csv_columns":
            files.report(error)
        return None


def _of_csv(files: AnnotationFiles, path: PurePosixPath) -> list[tuple[int, Mapping[str, Any]]]:
    text = table_files.decoded(files.source.read(path), path.name)
    rows = table_files.parse(text, path.name, columns=NEEDED, report=files.report)
    return [(row.line, {key: plain_cell(cell) for key, cell in row.cells.items()}) for row in rows]


def _of_jsonl(files: AnnotationFiles, path: PurePosixPath) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for line, text in enumerate(files.source.text(path).split("\n"), start=1):
        if text.strip():
            try:
                row = json.loads(text)
            except (ValueError, RecursionError) as error:
                files.bad(path, what=f"line {line}", reason=str(error))
                continue
            if isinstance(row, dict):
                yield line, row
            else:
                files.bad(path, what=f"line {line}", reason="an object expected")


def _labels(
    files: AnnotationFiles, path: PurePosixPath, rows: list[tuple[int, Mapping[str, Any]]]
) -> Iterator[ReadLabel]:
    for line, row in rows:
        file, label, annotator = row.get("file_name"), row.get("label"), row.get("annotator")
        if not isinstance(file, str) or not isinstance(label, str | int | None):
            files.bad(path, what=f"line {line}", reason="a file name and a class expected")
            continue
        about = {**row, "episode": row.get("episode_id", "")}
        by = annotator if isinstance(annotator, str) else ""
        yield ReadLabel.of(files, file, "" if label is None else str(label), about=about, annotator=by)
