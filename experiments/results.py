"""Writes `docs/results.md` from the result files in `docs/results/` and the cards of the checkpoints.

    python -m experiments.results

A result file is JSON: a `title`, paragraphs `about`, and `tables`. A table has `columns` and `rows`, or `evaluated`:
names of files in `docs/results/evaluated/` that `evaluate --json` wrote. Each row names the `command` that makes its
figures. A cell is a text, a figure, or a list of both. A figure is a number named by its kind, with the bounds of
its 95 % interval as `low` and `high` where it has one:

share    a part of 1, shown in percent
points   a difference of two shares, shown in percentage points
change   a difference of other numbers, three digits
gain     a difference of scores, one digit
score    any other number, as it is
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FILES = ROOT / "docs" / "results"
PAGE = ROOT / "docs" / "results.md"
CHECKPOINTS = ROOT / "checkpoints"
HEAD = """\
# Results

*Made by `python -m experiments.results` from the files in [results/](results) and the cards of the checkpoints; do not
edit this page.*

"Reported" is what a paper or earlier work says, in its own setting; "measured" was measured here, by the command whose
number stands in the row. Commands run in the repository's folder; [data.md](data.md) says where the data sets lie.
Where nothing else is said, intervals are of 95 %, seed 0.
"""
SHOWN = {"share": "{:.1f}", "points": "{:+.1f}", "change": "{:+.3f}", "gain": "{:+.1f}", "score": "{}"}
SCALE = {"share": 100, "points": 100}
EVALUATED = ["data", "task", "method", "measured", "against the first", "ECE"]
CARD = ["checkpoint", "what", "measured"]


def page(files: Path = FILES, checkpoints: Path = CHECKPOINTS) -> str:
    """The whole page as Markdown."""
    sections = [_section(_read(file), files / "evaluated") for file in sorted(files.glob("*.json"))]
    return "\n".join([HEAD, *sections, _cards(checkpoints)])


def _read(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return document


def _section(document: dict[str, Any], evaluated: Path) -> str:
    lines = [f"## {document['title']}", "", *_paragraphs(document)]
    for table in document["tables"]:
        if "title" in table:
            lines += [f"### {document['title']}: {table['title']}", ""]
        lines += _paragraphs(table)
        rows = table.get("rows") or [row for name in table["evaluated"] for row in _evaluated(_read(evaluated / name))]
        lines.append(_table(table.get("columns", EVALUATED), rows))
    return "\n".join(lines)


def _paragraphs(document: dict[str, Any]) -> list[str]:
    return [line for text in document.get("about", []) for line in (text, "")]


def _table(columns: list[str], rows: list[dict[str, Any]]) -> str:
    """A table whose last column numbers the commands, which are listed under it."""
    commands = list(dict.fromkeys(row["command"] for row in rows))
    lines = [f"| {' | '.join([*columns, 'command'])} |", "|---" * (len(columns) + 1) + "|"]
    for row in rows:
        cells = [_cell(row.get(column, "")) for column in columns]
        lines.append(f"| {' | '.join([*cells, str(commands.index(row['command']) + 1)])} |")
    lines += ["", *(f"{number}. `{command}`" for number, command in enumerate(commands, start=1)), ""]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "".join(map(_cell, value))
    return _figure(value) if isinstance(value, dict) else str(value)


def _figure(figure: dict[str, float]) -> str:
    kind = next(iter(figure))
    fine = kind == "share" and any(round(value, 3) != value for value in figure.values())

    def shown(name: str) -> str:
        return ("{:.2f}" if fine else SHOWN[kind]).format(figure[name] * SCALE.get(kind, 1))

    unit = " %" if kind == "share" else ""
    return shown(kind) + unit + (f" ({shown('low')} to {shown('high')})" if "low" in figure else "")


def _evaluated(run: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of what one `evaluate --json` wrote."""
    for report in run["documents"]:
        shots = f"{report['shot']}-shot" if report["shot"] else "zero-shot"
        episodes = f"{report['episodes']:,} episode{'s' if report['episodes'] > 1 else ''}"
        task = f"{report['way']}-way {shots}, {episodes}"
        for figures in report["figures"]:
            row = {
                "data": f"`{Path(run['data']).name}`",
                "task": task,
                "method": f"`{figures['method']}`",
                "measured": _bounded("share", figures, value="accuracy", low="low", high="high"),
                "ECE": f"{figures['ece']:.3f}",
                "command": run["command"],
            }
            if figures["difference"] is not None:
                gap = _bounded("points", figures, value="difference", low="difference_low", high="difference_high")
                row["against the first"] = gap
            yield row


def _bounded(kind: str, figures: dict[str, Any], value: str, low: str, high: str) -> dict[str, float]:
    return {kind: round(figures[value], 3), "low": round(figures[low], 3), "high": round(figures[high], 3)}


def _cards(checkpoints: Path) -> str:
    """The figures of test data that the cards of the shipped checkpoints carry."""
    rows: list[dict[str, Any]] = []
    for file in sorted(checkpoints.glob("*/card.json")):
        figures = _read(file)["figures"]
        tests = figures.get("test", []) if isinstance(figures, dict) else []
        command = ""
        for test in tests:
            command = command if test["command"] == "the same" else test["command"]
            rows.append(
                {
                    "checkpoint": f"`{file.parent.name}`",
                    "what": ", ".join(filter(None, (test.get("data"), test["what"]))),
                    "measured": _card_figures(test),
                    "command": command,
                }
            )
    about = "What `checkpoints/*/card.json` says of test data. A card also has the command that made the checkpoint."
    return "\n".join(["## Figures on the cards", "", about, "", _table(CARD, rows)])


def _card_figures(test: dict[str, Any]) -> list[Any]:
    kind = "points" if "against" in test["what"] else "share"
    several = [test[name] if isinstance(test[name], list) else [test[name]] for name in ("accuracy", "low", "high")]
    shown: list[Any] = []
    for value, low, high in zip(*several, strict=True):
        shown += [", "] * bool(shown) + [{kind: value, "low": low, "high": high}]
    if "against_asif" in test:
        value, low, high = test["against_asif"]
        shown += [", ", {"points": value, "low": low, "high": high}, " against `asif`"]
    return shown


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
