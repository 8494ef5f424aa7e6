"""What a verb says: results on stdout, for people or for programs; progress and faults on stderr."""

from __future__ import annotations

import csv
import json
import math
import sys
import time
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fsl_demo.core.errors import Notice, UserError
from fsl_demo.core.file_names import is_visible, safe_cell, visible
from fsl_demo.core.time_left import TimeLeft

if TYPE_CHECKING:
    from fsl_demo.services.bulk.pace import Pace
    from fsl_demo.training.events import Event

STAGES = {
    "read": "reading pictures",
    "weights": "loading weights",
    "download": "downloading megabytes",
    "embed": "embedding",
    "score": "scoring",
    "look": "looking at pictures",
    "index": "indexing",
    "compare": "looking for near-duplicates",
    "regions": "looking for regions",
    "versions": "comparing both versions, episodes",
    "forget": "measuring what was forgotten, episodes",
    "explain": "explaining",
    "ground": "looking for phrases",
    "describe": "describing pictures",
    "sort": "sorting files",
    "undo": "putting files back",
}
NONE = "(none of these)"
ERASE = "\r\x1b[K"
LOGGED_SECONDS = 30.0
"""Between lines of a log that say how far a long run is."""


class Terminal:
    """Progress and faults on stderr: a line that rewrites itself on a terminal, a line a stage in a log.

    Attributes:
        faults: how many things were left out.
    """

    def __init__(self) -> None:
        self.faults = 0
        self._rewrites = sys.stderr.isatty()
        self._logged: set[tuple[str, int]] = set()
        self._next_pace = 0.0
        self._left = TimeLeft()

    def progress(self, stage: str, done: int, total: int) -> None:
        """A `Progress`."""
        if self._rewrites:
            from fsl_demo.training.events import clock

            end, seconds = ERASE if done >= total else "", self._left.seconds(stage, done, total)
            left = "" if seconds is None else f", {clock(seconds)} left"
            print(f"{ERASE}{STAGES.get(stage, stage)} {done}/{total}{left}{end}", end="", file=sys.stderr, flush=True)
        elif total and (stage, total) not in self._logged:  # once, though batches come back to it
            self._logged.add((stage, total))
            print(f"{STAGES.get(stage, stage)} ({total})", file=sys.stderr, flush=True)

    def live(self, text: str) -> None:
        """A line that the next one takes the place of; nothing in a log."""
        if self._rewrites:
            print(f"{ERASE}{visible(text)}", end="", file=sys.stderr, flush=True)

    def pace(self, pace: Pace) -> None:
        """How far a run is: on a terminal always, in a log now and then."""
        from fsl_demo.training.events import clock

        left = f"{pace.rate:.1f} pictures/s, {clock(pace.seconds_left)} left"
        text = f"{pace.done:,}/{pace.total:,} pictures, {left}"
        if self._rewrites:
            print(f"{ERASE}{text if pace.done < pace.total else ''}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() >= self._next_pace or pace.done == pace.total:
            self._next_pace = time.monotonic() + LOGGED_SECONDS
            self.note(text)

    def training(self, event: Event) -> None:
        """A line for each epoch and note; on a terminal, a line below them that shows how far it is."""
        from fsl_demo.training import events

        match event:
            case events.Progressed():
                self.progress(event.stage, event.done, event.total)
            case events.Stepped():
                self.live(str(event))
            case events.EpochDone() | events.Note() | events.Stopped():
                self.note(str(event))

    def fault(self, error: UserError) -> None:
        """Say what is left out, and why; a `Notice` is no fault."""
        self.faults += not isinstance(error, Notice)
        self.note(str(error))

    def note(self, text: str) -> None:
        print(f"{ERASE if self._rewrites else ''}fsl_demo: {visible(text)}", file=sys.stderr, flush=True)


def in_words(answer: Mapping[str, Any] | None) -> str:
    """An answer in a table, with its probability and the mark "unlike"; nothing where nobody has answered.

    Args:
        answer: of a method (`PredictionDocument`) or of all (`AnswerDocument`).
    """
    if answer is None or answer["probability"] is None:
        return ""
    name = answer["answer"] if "answer" in answer else answer["label"]
    return f"{name} {answer['probability']:.0%}" + (", unlike" if answer["unlike"] else "")


def print_line(text: object) -> None:
    """A line of text for people."""
    print(visible(str(text)))


def print_json(value: Any) -> None:
    """JSON that is valid whatever the encoding of standard output is, and that a terminal only shows."""
    print(json_text(value, sys.stdout.encoding or "ascii"))


def json_text(value: Any, encoding: str = "utf-8") -> str:
    """A value as JSON in an encoding; a number that JSON has not, such as NaN, is null."""
    text = json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, indent=2)
    return "".join(letter if _is_plain(letter, encoding) else _escaped(letter) for letter in text)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _is_plain(letter: str, encoding: str) -> bool:
    if letter == "\n" or " " <= letter <= "~":
        return True
    try:
        letter.encode(encoding)
    except UnicodeEncodeError:
        return False
    return is_visible(letter)


def _escaped(letter: str) -> str:
    """As JSON writes letters beyond ASCII; those beyond 16 bits are two."""
    units = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))


def print_csv(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A CSV whose cells no spreadsheet takes for formulas."""
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerows([safe_cell(str(cell)) for cell in row] for row in (header, *rows))


def print_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Columns aligned for people."""
    lines = [[visible(str(cell)) for cell in row] for row in (header, *rows)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())


def _width(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return sum(
        1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text if not unicodedata.combining(letter)
    )
