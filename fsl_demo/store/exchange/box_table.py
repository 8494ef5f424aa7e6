"""A CSV with a row a box, in pixels, for spreadsheets and scripts. It holds no pixels: reading it needs the pictures.

A picture has a row for each of its boxes. A row without a box says its class, or that it has none.
"""

from __future__ import annotations

import csv
import io
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fsl_demo.core import table_files
from fsl_demo.core.class_names import class_key
from fsl_demo.core.episodes import LabelledEpisode
from fsl_demo.core.errors import Report, UserError
from fsl_demo.core.exports import replacing
from fsl_demo.core.file_names import plain_cell, safe_cell
from fsl_demo.core.pictures import Picture
from fsl_demo.store.exchange import remarking
from fsl_demo.store.exchange.annotations import AnnotatedPicture, Mark
from fsl_demo.store.exchange.classified import NONE, check_label
from fsl_demo.store.exchange.episode_builder import EpisodeBuilder
from fsl_demo.store.exchange.format import Format
from fsl_demo.store.exchange.marked_pictures import in_pixels, marks
from fsl_demo.store.exchange.table import Find

EDGES = ("x1", "y1", "x2", "y2")
COLUMNS = ("file_name", "label", *EDGES, "width", "height", "role", "number", "episode_id", "annotator", "sha256")
_NEEDED = ("file_name", "label", *EDGES)
_DECIMALS = 3


def write(episodes: Sequence[tuple[str, LabelledEpisode]], path: Path) -> None:
    """Write the boxes of episodes, as (id, episode), to one CSV; `number` counts the pictures of a role."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for episode_id, labelled in episodes:
        for row in _rows(episode_id, labelled):
            table.writerow([safe_cell(str(row.get(column, ""))) for column in COLUMNS])
    with replacing(path) as file:
        file.write(text.getvalue().encode("utf-8-sig", "replace"))


def _rows(episode_id: str, labelled: LabelledEpisode) -> Iterator[Mapping[str, object]]:
    episode, of_pictures = labelled.episode, marks(labelled)
    names = [spec.name for spec in episode.classes]
    for number, (example, marked) in enumerate(zip(episode.support, of_pictures, strict=False), start=1):
        row = _row(episode_id, example.picture, role="support", number=number)
        yield from (row | _box(mark, example.picture) for mark in marked)
        if not marked:
            yield row | {"label": names[example.class_index]}
    for number, (picture, marked) in enumerate(
        zip(episode.queries, of_pictures[len(episode.support) :], strict=True), start=1
    ):
        row, label = _row(episode_id, picture, role="query", number=number), labelled.labels.get(number - 1)
        if label is not None:
            name = NONE if label.class_index is None else names[label.class_index]
            yield row | {"label": name, "annotator": label.annotator}
        elif not marked:
            yield row
        yield from (row | _box(mark, picture) for mark in marked)


def _row(episode_id: str, picture: Picture, role: str, number: int) -> dict[str, object]:
    return {
        "file_name": picture.name,
        "width": picture.width,
        "height": picture.height,
        "role": role,
        "number": number,
        "episode_id": episode_id,
        "sha256": picture.sha256,
    }


def _box(mark: Mark, picture: Picture) -> dict[str, object]:
    edges = in_pixels(mark, picture).edges
    numbers = {name: f"{round(edge, _DECIMALS):g}" for name, edge in zip(EDGES, edges, strict=True)}
    return {"label": mark.name, "annotator": mark.annotator, **numbers}


def is_box_table(path: Path) -> bool:
    """Whether a CSV has columns for boxes."""
    try:
        table_files.read(path, EDGES, report=lambda error: None)
    except UserError as error:
        if error.code != "csv_columns":
            raise
        return False
    return True


@dataclass
class _Item:
    """A picture with its rows.

    Attributes:
        role: "support", "query", or "" where the table does not say.
        line: the first that names it.
        label: its class, "" where no row says it.
    """

    picture: Picture
    role: str
    line: int
    annotated: AnnotatedPicture
    label: str = ""
    annotator: str = ""

    def add(self, row: Mapping[str, str]) -> None:
        if any(row[edge] for edge in EDGES):
            left, top, right, bottom = (_number(row[edge]) for edge in EDGES)
            self.annotated.marks.append(Mark(row["label"], (left, top, right, bottom), annotator=row["annotator"]))
        else:
            self.label, self.annotator = row["label"], row["annotator"]


def read(path: Path, find: Find, report: Report) -> list[LabelledEpisode]:
    """The episodes of a CSV of boxes.

    Args:
        report: told of each row and box that is left out, and of each picture that is not there.

    Raises:
        UserError: `archive_no_pictures`, and as of `table_files.read`.
    """
    episodes: dict[str, dict[tuple[str, ...], _Item]] = defaultdict(dict)
    lost: dict[str, int] = defaultdict(int)
    pictures: dict[tuple[str, str], Picture | None] = {}
    for line in table_files.read(path, _NEEDED, report):
        row = {column: plain_cell(line.cells.get(column, "")) for column in COLUMNS}
        if row["role"] not in ("support", "query", ""):
            report(UserError("csv_row", file=path.name, line=line.line, column="role", value=row["role"]))
            continue
        named = row["file_name"], row["sha256"]
        if named not in pictures:
            pictures[named] = find(*named)
        picture = pictures[named]
        if picture is None:
            lost[row["file_name"]] += 1
            continue
        item = (row["role"], row["number"], *named)
        items = episodes[row["episode_id"]]
        if item not in items:
            annotated = AnnotatedPicture(picture.name, None, size=(_number(row["width"]), _number(row["height"])))
            items[item] = _Item(picture, role=row["role"], line=line.line, annotated=annotated)
        items[item].add(row)
    for name, count in lost.items():
        report(UserError("boxes_file_missing", file=path.name, picture=name, count=count))
    if not episodes:
        raise UserError("archive_no_pictures", file=path.name)
    return [_episode(list(items.values()), path=path, report=report) for items in episodes.values()]


def _episode(items: Sequence[_Item], path: Path, report: Report) -> LabelledEpisode:
    builder = EpisodeBuilder()
    for item in items:
        try:
            check_label(item.label)
        except UserError as error:
            report(error)
            continue
        regions = remarking.regions([item.annotated], item.picture, report)
        names = {class_key(name): name for name in (item.label, *(label.name for label in regions)) if name}
        if item.role == "support" or (not item.role and len(names) == 1):
            name = next(iter(names.values()), "")
            if not name:
                report(UserError("csv_row", file=path.name, line=item.line, column="label", value=""))
                continue
            own = tuple(label.box for label in regions if class_key(label.name) == class_key(name))
            if len(own) < len(regions):
                count = len(regions) - len(own)
                report(UserError("boxes_other_class", file=item.picture.name, name=name, count=count))
            builder.add_support(item.picture, name, own)
        else:
            builder.add_query(item.picture, item.label, annotator=item.annotator, regions=regions)
    return builder.episode(path.stem)


def _number(text: str) -> float:
    """NaN for what is no number; a comma may stand for the point."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return math.nan


FORMAT = Format("boxes", title="Table of boxes (CSV)", suffix=".csv", pixels=False, write=write)
