"""Tables as people's spreadsheets write them: CSV in any of the usual encodings, with any of the usual separators.

Nothing is cut or guessed over: a row that does not fit its header is refused with its line.
"""

from __future__ import annotations

import csv
import io
import re
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fsl_demo.core.errors import Report, UserError, refuse
from fsl_demo.core.text_encodings import TABLES, guess

MAX_BYTES = 20_000_000
MAX_CELL = 131_072
SEPARATORS = (",", ";", "\t", "|")

_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SEPARATOR_LINE = re.compile(r"\s*\"?sep=(.)\"?[^\S\r\n]*(?:\r\n|\r|\n|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes:
        line: the first of it in the file, from 1.
        cells: by column, named in lower case; "" where the row ends early.
    """

    line: int
    cells: dict[str, str]


def read(path: Path, columns: Sequence[str], report: Report = refuse) -> list[Row]:
    """The rows of a table that are not empty.

    Args:
        columns: that there have to be, in lower case; others may stand beside them.
        report: told of each row that has more cells than the header, a cell that is too long, or a quotation mark that
            is not closed; without it, the first one is raised.

    Raises:
        UserError: `picture_missing` for what is no file, `table_*`, `csv_columns`.
    """
    return parse(decoded(_bytes(path), path.name), path.name, columns=columns, report=report)


def parse(text: str, name: str, columns: Sequence[str], report: Report = refuse) -> list[Row]:
    """The rows of a table in memory, as of `read`; `name` is what messages call it."""
    if "\0" in text:
        raise UserError("table_no_text", file=name)
    stated = _SEPARATOR_LINE.match(text)
    start = stated.end() if stated else 0
    separators = stated.group(1) if stated else SEPARATORS
    separator, header = _header(text[start:], separators=separators, columns=columns, name=name)
    if missing := [column for column in columns if column not in header]:
        raise UserError("csv_columns", file=name, missing=", ".join(missing))
    if twice := [column for column, count in Counter(header).items() if column and count > 1]:
        raise UserError("table_column_twice", file=name, column=twice[0])
    rows = _rows(text[start:], separator=separator, name=name, before=1 if stated else 0, report=report)
    next(rows)
    read = []
    for line, cells in rows:
        try:
            read.append(_row(line, cells, header=header, separator=separator, name=name))
        except UserError as error:
            report(error)
    return read


def _row(line: int, cells: list[str], header: list[str], separator: str, name: str) -> Row:
    if any(cell.strip() for cell in cells[len(header) :]):
        shown = "Tab" if separator == "\t" else separator
        raise UserError("table_cells", file=name, line=line, cells=len(cells), columns=len(header), separator=shown)
    filled = cells + [""] * (len(header) - len(cells))
    return Row(line, {column: cell for column, cell in zip(header, filled, strict=False) if column})


def _header(text: str, separators: Sequence[str], columns: Sequence[str], name: str) -> tuple[str, list[str]]:
    """The separator under which the first row names most of the columns, and the names, without empty ones at the end.

    Raises:
        UserError: what is wrong with the row, whatever separates it.
    """
    headers: dict[str, list[str]] = {}
    errors: list[UserError] = []
    for separator in separators:
        try:
            _, cells = next(_rows(text, separator=separator, name=name, before=0), (0, []))
            headers[separator] = [" ".join(cell.split()).casefold() for cell in cells]
        except UserError as error:
            errors.append(error)
    best = max(headers, key=lambda separator: len(set(headers[separator]) & set(columns)), default="")
    if errors and not set(columns) <= set(headers.get(best, ())):
        raise errors[0]
    while headers[best] and not headers[best][-1]:
        headers[best].pop()
    return best, headers[best]


def _rows(
    text: str, separator: str, name: str, before: int, report: Report = refuse
) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with its line; `before` is how many lines come before the text.

    After a row that cannot be read the next line begins another one.
    """
    lines = list(io.StringIO(text, newline=""))
    start = 0
    while start < len(lines):
        table = csv.reader(map(lines.__getitem__, range(start, len(lines))), delimiter=separator, strict=True)
        first = start
        try:
            for cells in table:
                if any(cell.strip() for cell in cells):
                    yield before + first + 1, cells
                first = start + table.line_num
            return
        except csv.Error as error:
            line = before + first + 1
            if "field larger" in str(error):
                report(UserError("table_cell_long", file=name, line=line, limit=MAX_CELL))
            else:
                report(UserError("table_quote", file=name, line=line))
            start = first + 1


def _bytes(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # reading a pipe or a device could go on for ever
            raise UserError("picture_missing", file=path.name, reason="it is not a file")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError("picture_missing", file=path.name, reason=error.strerror or str(error)) from error


def decoded(data: bytes, name: str) -> str:
    """The text of a table, which `name` is what messages call.

    Raises:
        UserError: `table_large`, `table_encoding`, `table_no_text`.
    """
    if len(data) > MAX_BYTES:
        raise UserError("table_large", file=name, limit=MAX_BYTES / 1e6)
    encoding = next((encoding for mark, encoding in _BYTE_ORDER_MARKS if data.startswith(mark)), _wide(data))
    if encoding:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            raise UserError("table_encoding", file=name) from error
    if b"\0" in data:
        raise UserError("table_no_text", file=name)
    reading = guess([data], TABLES)
    if not reading.sure:
        raise UserError("table_encoding", file=name)
    return reading.texts[0]


def _wide(data: bytes) -> str:
    """UTF-16 or UTF-32 by the zeros beside the first letters, which are of a column's name; or ""."""
    zeros = [byte == 0 for byte in data[:4]]
    patterns: dict[tuple[bool, ...], str] = {
        (False, True, True, True): "utf-32-le",
        (True, True, True, False): "utf-32-be",
        (False, True, False, True): "utf-16-le",
        (True, False, True, False): "utf-16-be",
    }
    return patterns.get(tuple(zeros), "") if len(zeros) == 4 else ""
