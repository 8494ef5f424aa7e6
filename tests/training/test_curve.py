"""The training curve as CSV and as a picture."""

import csv
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fsl_demo.training.curve import COLUMNS, FIGURES, HEIGHT, WIDTH, svg, write_curve

SVG = "{http://www.w3.org/2000/svg}"


def rows(*figures: tuple[float, float, float]) -> list[dict[str, float]]:
    return [
        {"epoch": number + 1, "loss": loss, "training": training, "validation": validation, "pictures_per_second": 99.5}
        for number, (loss, training, validation) in enumerate(figures)
    ]


def drawn(*figures: tuple[float, float, float]) -> str:
    table = rows(*figures)
    return svg({name: [row[name] for row in table] for name in FIGURES}, [row["loss"] for row in table])


def points(text: str) -> list[list[tuple[float, float]]]:
    lines = ElementTree.fromstring(text).findall(f"{SVG}polyline")
    return [[tuple(map(float, point.split(","))) for point in line.attrib["points"].split()] for line in lines]  # type: ignore[misc]


@pytest.mark.parametrize(
    "figures",
    [
        [(0.5, 0.61, 0.58), (0.2, 0.9, 0.83), (0.1, 0.99, 0.9)],
        [(0.5, 0.7, 0.6)],
        [(0.0, 0.0, 0.0), (0.0, 0.0, 0.0)],
        [(0.0, 1.0, 1.0), (0.0, 1.0, 1.0)],
        [(1e6, 0.2, 0.1), (1e-6, 1.0, 0.0)],
    ],
)
def test_the_picture_is_well_formed_and_every_point_is_on_it(figures: list[tuple[float, float, float]]) -> None:
    lines = points(drawn(*figures))
    assert len(lines) == 3 and all(len(line) == len(figures) for line in lines)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for line in lines for x, y in line)


def test_better_figures_are_higher_up_and_later_ones_further_right() -> None:
    training, validation, loss = points(drawn((0.5, 0.6, 0.5), (0.2, 0.9, 0.7)))
    assert training[1][1] < training[0][1] < validation[0][1] and loss[1][1] > loss[0][1]
    assert training[0][0] == validation[0][0] < training[1][0]


def test_both_files_are_written(tmp_path: Path) -> None:
    write_curve(rows((0.5, 0.61, 0.58), (0.25, 0.9, 0.83)), tmp_path)
    with (tmp_path / "curve.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert tuple(table[0]) == COLUMNS and len(table) == 2
    assert [float(row["loss"]) for row in table] == [0.5, 0.25]
    assert ElementTree.fromstring((tmp_path / "curve.svg").read_text(encoding="utf-8")).tag == f"{SVG}svg"


def test_several_runs_in_one_picture() -> None:
    text = svg({"with CBAM": [0.5, 0.7, 0.9], "without": [0.4, 0.6]})
    assert [len(line) for line in points(text)] == [3, 2]
    assert {"with CBAM", "without"} <= {element.text for element in ElementTree.fromstring(text).iter(f"{SVG}text")}
