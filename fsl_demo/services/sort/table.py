"""`sorted.csv`: what was said about each sorted picture."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields

from fsl_demo.core.file_names import safe_cell


@dataclass(frozen=True)
class SortedRow:
    """A line of the table.

    Attributes:
        name: the file's original name.
        path: the relative path that it came from; the name where nothing else is known.
        answer: the methods' one answer; "" where they have not been asked.
        probability: of the answer, or None.
        unlike: whether the picture is unlike the examples, or None.
        label: what a person said; "" when nobody did.
        who: the person.
        sorted_to: path of the file in the sorted folders.
    """

    name: str
    path: str
    answer: str
    probability: float | None
    unlike: bool | None
    label: str = ""
    who: str = ""
    sorted_to: str = ""


def write_sorted_csv(rows: Iterable[SortedRow]) -> bytes:
    """The table as a CSV: UTF-8 with a byte order mark, and no cell that a spreadsheet takes for a formula.

    Bytes of file names that are no text are written as escapes.
    """
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow([field.name for field in fields(SortedRow)])
    for row in rows:
        table.writerow(safe_cell(_text(cell)) for cell in astuple(row))
    return text.getvalue().encode("utf-8-sig", "backslashreplace")


def _text(cell: str | float | None) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return "" if cell is None else str(cell)
