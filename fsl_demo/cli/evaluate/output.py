"""What `evaluate` says: tables row by row, JSON at the end, and the result file of `--json`."""

from __future__ import annotations

import argparse
import shlex
from datetime import date
from typing import Any

from fsl_demo import __version__
from fsl_demo.cli import reporting
from fsl_demo.core.file_names import visible

OPTIONS = (
    "data",
    "fold",
    "methods",
    "settings",
    "captioners",
    "way",
    "shot",
    "queries",
    "episodes",
    "seed",
    "heat_maps",
)
SWITCHES = ("made_up_names", "within", "by_fold", "leave_one_out")
"""What decides the figures, beside the checkpoints."""
DEFAULTS = {"way": 5, "shot": [1, 5], "queries": 15, "episodes": 600, "seed": 0, "settings": []}


class Output:
    """Collects documents, and prints tables meanwhile.

    Attributes:
        terminal: for progress and faults.
        about: what the result file says beside the documents.
    """

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.chosen, self.terminal = chosen, reporting.Terminal()
        self.documents: list[dict[str, Any]] = []
        self.about: dict[str, Any] = {"data": chosen.data}

    def say(self, text: str = "", end: str = "\n") -> None:
        """Print a part of a table, unless JSON was asked for."""
        if self.chosen.format == "table":
            print("\n".join(map(visible, text.split("\n"))), end=end, flush=True)

    def add(self, document: dict[str, Any]) -> None:
        """Keep a document for the end."""
        self.documents.append(document)

    def finish(self) -> int:
        """Print JSON and write the result file, where they were asked for. Returns the exit code."""
        if self.chosen.format == "json":
            reporting.print_json(self.documents)
        if self.chosen.json is not None:
            whole = {
                "command": command(self.chosen),
                **self.about,
                "version": __version__,
                "measured": date.today().isoformat(),
                "documents": self.documents,
            }
            self.chosen.json.parent.mkdir(parents=True, exist_ok=True)
            self.chosen.json.write_text(reporting.json_text(whole) + "\n", encoding="utf-8")
        return 1 if self.terminal.faults else 0


def command(chosen: argparse.Namespace) -> str:
    """The command line that measures the same, without what only says where things are kept and how to print."""
    given, words = vars(chosen), ["python", "-m", "fsl_demo", "evaluate", *chosen.checkpoints]
    for name in OPTIONS:
        value = given[name]
        if value is None or value == DEFAULTS.get(name):
            continue
        if name == "settings":
            words += [word for assignment in value for word in ("--set", assignment)]
        else:
            text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
            words += [f"--{name.replace('_', '-')}", text]
    words += [f"--{name.replace('_', '-')}" for name in SWITCHES if given[name]]
    return shlex.join(words)
