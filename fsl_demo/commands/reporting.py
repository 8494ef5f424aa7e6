"""What a verb says: results on stdout, for people or for programs; progress and faults on stderr."""

from __future__ import annotations

import csv
import json
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any

from fsl_demo.episodes import ClassSpec, Scores
from fsl_demo.errors import UserError

STAGES = {
    "read": "reading pictures",
    "weights": "loading weights",
    "download": "downloading megabytes",
    "embed": "embedding",
    "score": "scoring",
    "describe": "describing pictures",
}
NONE = "(none of these)"
ERASE = "\r\x1b[K"


class Terminal:
    """Progress and faults on stderr: a line that rewrites itself on a terminal, a line a stage in a log.

    Attributes:
        faults: how many things were left out.
    """

    def __init__(self) -> None:
        self.faults = 0
        self._rewrites = sys.stderr.isatty()
        self._stage = ""

    def progress(self, stage: str, done: int, total: int) -> None:
        """A `Progress`."""
        if self._rewrites:
            end = ERASE if done >= total else ""
            print(f"{ERASE}{STAGES[stage]} {done}/{total}{end}", end="", file=sys.stderr, flush=True)
        elif stage != self._stage and total:
            print(f"{STAGES[stage]} ({total})", file=sys.stderr, flush=True)
        self._stage = stage

    def fault(self, error: UserError) -> None:
        """Say what is left out, and why."""
        self.faults += 1
        self.note(str(error))

    def note(self, text: str) -> None:
        print(f"{ERASE if self._rewrites else ''}fsl_demo: {text}", file=sys.stderr, flush=True)


def answer(scores: Scores, query: int, classes: Sequence[ClassSpec]) -> dict[str, Any]:
    """What a method says of one query: its label (None for "none of these"), and every class's probability."""
    index, probabilities = scores.answer(query), scores.probabilities[query]
    return {
        "label": None if index is None else classes[index].name,
        "probability": _rounded(probabilities.max()),
        "scores": {spec.name: _rounded(value) for spec, value in zip(classes, probabilities, strict=True)},
    }


def in_words(said: dict[str, Any] | None) -> str:
    """An `answer` in a table; nothing where a method has not been asked."""
    if said is None:
        return ""
    return NONE if said["label"] is None else f"{said['label']} {said['probability']:.0%}"


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def print_csv(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A CSV whose cells no spreadsheet takes for formulas."""
    from fsl_demo.store.exchange import safe_cell

    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerows([safe_cell(str(cell)) for cell in row] for row in (header, *rows))


def print_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Columns aligned for people."""
    lines = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())


def _rounded(probability: float) -> float:
    return round(float(probability), 6)


def _width(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return sum(
        1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text if not unicodedata.combining(letter)
    )
