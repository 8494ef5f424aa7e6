"""Figures of the methods, as the commands in docs/results.md measured them; shown on the page with the command."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("measured.toml")


@dataclass(frozen=True)
class MeasuredFigure:
    """A measured figure.

    Attributes:
        what: key of a text that says what was measured.
        value: as it is written, with its 95 % interval.
        command: what makes it again.
    """

    what: str
    value: str
    command: str


def measured(method: str) -> tuple[MeasuredFigure, ...]:
    """The figures of a method; none for one that was not measured."""
    return _figures().get(method, ())


@cache
def _figures() -> dict[str, tuple[MeasuredFigure, ...]]:
    table = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {method: tuple(MeasuredFigure(**figure) for figure in figures) for method, figures in table.items()}
