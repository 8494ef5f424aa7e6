"""A training curve as CSV and as a picture (SVG), which needs no plotting package."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

COLUMNS = ("epoch", "loss", "training", "validation", "pictures_per_second")
COLOURS = {"training": "#7a7a7a", "validation": "#1f5fbf", "loss": "#c8452e"}
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 360, 56, 40, 56, 40


def write_curve(rows: Sequence[dict[str, float]], folder: Path) -> None:
    """Write `curve.csv` and `curve.svg`: training and validation figure on the left axis, loss on the right one."""
    with (folder / "curve.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows({name: round(row[name], 6) for name in COLUMNS} for row in rows)
    (folder / "curve.svg").write_text(svg(rows), encoding="utf-8")


def svg(rows: Sequence[dict[str, float]]) -> str:
    """The curves of at least one epoch."""
    figures = [row[name] for row in rows for name in ("training", "validation")]
    floor = max(0.0, min(figures) - 0.02) // 0.05 * 0.05
    highest = max(row["loss"] for row in rows) or 1.0
    last = max(rows[-1]["epoch"], 2)

    def place(epoch: float, height: float) -> str:
        x = LEFT + (epoch - 1) / (last - 1) * (WIDTH - LEFT - RIGHT)
        return f"{x:.1f},{HEIGHT - BOTTOM - height * (HEIGHT - TOP - BOTTOM):.1f}"

    lines, legend = [], []
    for number, (name, colour) in enumerate(COLOURS.items()):
        share = [(row[name] / highest if name == "loss" else (row[name] - floor) / (1 - floor)) for row in rows]
        points = " ".join(place(row["epoch"], height) for row, height in zip(rows, share, strict=True))
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        legend.append(f'<text x="{LEFT + 120 * number}" y="24" fill="{colour}">{name}</text>')
    ticks = []
    for i in range(5):
        y = HEIGHT - BOTTOM - i / 4 * (HEIGHT - TOP - BOTTOM)
        ticks.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        ticks.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{floor + i / 4 * (1 - floor):.1%}</text>')
        ticks.append(f'<text x="{WIDTH - RIGHT + 6}" y="{y + 4}">{highest * i / 4:.3g}</text>')
    low = HEIGHT - 12
    legend.append(f'<text x="{LEFT}" y="{low}">1</text><text x="{WIDTH - RIGHT}" y="{low}">epoch {last:g}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + 20} {HEIGHT}" font-family="sans-serif"'
        f' font-size="12"><rect width="100%" height="100%" fill="white"/>{"".join(ticks + lines + legend)}</svg>\n'
    )


def curves_svg(curves: Mapping[str, Sequence[float]]) -> str:
    """Several runs' figures by epoch in one picture (SVG), with a legend."""
    low = min(min(values) for values in curves.values()) // 0.05 * 0.05
    last = max(len(values) for values in curves.values())
    parts = []
    for i in range(5):
        y = HEIGHT - BOTTOM - i / 4 * (HEIGHT - TOP - BOTTOM)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{low + i / 4 * (1 - low):.1%}</text>')
    for number, (name, values) in enumerate(curves.items()):
        colour = f"hsl({360 * number / len(curves):.0f}, 65%, 42%)"
        points = " ".join(
            f"{LEFT + i / max(last - 1, 1) * (WIDTH - LEFT - RIGHT):.1f},"
            f"{HEIGHT - BOTTOM - (value - low) / (1 - low) * (HEIGHT - TOP - BOTTOM):.1f}"
            for i, value in enumerate(values)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 16}" y="{TOP + 18 * number}" fill="{colour}">{name}</text>')
    foot = HEIGHT - 12
    parts.append(f'<text x="{LEFT}" y="{foot}">1</text><text x="{WIDTH - RIGHT - 40}" y="{foot}">epoch {last}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + 120} {HEIGHT}" font-family="sans-serif"'
        f' font-size="12"><rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n'
    )
