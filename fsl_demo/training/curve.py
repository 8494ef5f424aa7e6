"""A training curve as CSV and as a picture (SVG), which needs no plotting package."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

COLUMNS = ("epoch", "loss", "training", "validation", "pictures_per_second")
FIGURES = ("training", "validation")
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 360, 56, 24, 56, 40
LEGEND = 150
"""Room for the names, to the right of the axes."""


def write_curve(rows: Sequence[dict[str, float]], folder: Path) -> None:
    """Write `curve.csv` and `curve.svg`: training and validation figure on the left axis, loss on the right one."""
    with (folder / "curve.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows({name: round(row[name], 6) for name in COLUMNS} for row in rows)
    curves = {name: [row[name] for row in rows] for name in FIGURES}
    (folder / "curve.svg").write_text(svg(curves, [row["loss"] for row in rows]), encoding="utf-8")


def svg(curves: Mapping[str, Sequence[float]], loss: Sequence[float] = ()) -> str:
    """Figures (shares of 1) by epoch in one picture, with a legend; the loss on an axis of its own, if given."""
    floor = max(0.0, min(min(values) for values in curves.values()) - 0.02) // 0.05 * 0.05
    highest = max(loss, default=0.0) or 1.0
    last = max(2, *(len(values) for values in curves.values()))
    lines = {name: [(value - floor) / (1 - floor) for value in values] for name, values in curves.items()}
    if loss:
        lines["loss"] = [value / highest for value in loss]
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _down(share)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        parts.append(_text(LEFT - 6, y + 4, f"{floor + share * (1 - floor):.1%}", anchor="end"))
        if loss:
            parts.append(_text(WIDTH - RIGHT + 6, y + 4, f"{share * highest:.3g}"))
    for number, (name, heights) in enumerate(lines.items()):
        colour = f"hsl({360 * number / len(lines):.0f}, 65%, 42%)"
        points = " ".join(f"{_across(i, last)},{_down(height)}" for i, height in enumerate(heights))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(_text(WIDTH + 4, TOP + 18 * number + 4, name, colour=colour))
    parts += [_text(LEFT, HEIGHT - 12, "1"), _text(WIDTH - RIGHT, HEIGHT - 12, f"epoch {last}", anchor="end")]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + LEGEND} {HEIGHT}" font-family="sans-serif"'
        f' font-size="12"><rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n'
    )


def _across(epoch: int, last: int) -> float:
    """x of the epoch that is counted from 0."""
    return round(LEFT + epoch / (last - 1) * (WIDTH - LEFT - RIGHT), 1)


def _down(share: float) -> float:
    """y of a share of the axes' height."""
    return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def _text(x: float, y: float, text: str, anchor: str = "start", colour: str = "black") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
