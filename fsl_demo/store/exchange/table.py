"""A CSV with a row a picture, for spreadsheets. It holds no pixels: reading it back needs the pictures.

What comes back of an episode is the pictures' order, classes and labels; descriptions and scores are not in it, and
of the captions only the best, for people to read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from fsl_demo.core import table_files
from fsl_demo.core.episodes import LabelledEpisode
from fsl_demo.core.errors import Report, UserError
from fsl_demo.core.exports import replacing
from fsl_demo.core.file_names import plain_cell, safe_cell
from fsl_demo.core.pictures import Picture
from fsl_demo.store.episodes import StoredEpisode
from fsl_demo.store.exchange.classified import NONE, check_label
from fsl_demo.store.exchange.episode_builder import EpisodeBuilder
from fsl_demo.store.exchange.format import Format

COLUMNS = ("file_name", "label", "role", "episode_id", "annotator", "created_at", "sha256", "caption")
_NEEDED = ("file_name", "label", "role")

Find = Callable[[str, str], Picture | None]
"""Called with (file_name, sha256) of a row; gives its picture, or None."""


def write(episodes: Sequence[tuple[str, LabelledEpisode]], path: Path) -> None:
    """Write episodes, as (id, episode), to one CSV; `created_at` says when a query was labelled, where known."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for episode_id, labelled in episodes:
        for row in _rows(episode_id, labelled):
            table.writerow([safe_cell(cell) for cell in row])
    with replacing(path) as file:
        file.write(text.getvalue().encode("utf-8-sig", "replace"))


def read(path: Path, find: Find, report: Report) -> list[LabelledEpisode]:
    """The episodes of a CSV.

    Args:
        report: told of each row that is left out, and of the pictures that are not there.

    Raises:
        UserError: `archive_no_pictures`, and as of `table_files.read`.
    """
    name = path.name
    rows = [
        (row.line, {column: plain_cell(row.cells.get(column, "")) for column in COLUMNS})
        for row in table_files.read(path, _NEEDED, report)
    ]
    named = {key: find(*key) for key in dict.fromkeys((row["file_name"], row["sha256"]) for _, row in rows)}
    missing = [file_name or sha256 for (file_name, sha256), picture in named.items() if picture is None]
    if missing:
        report(UserError("import_incomplete", file=name, count=len(missing), first=missing[0]))
    episodes: dict[str, EpisodeBuilder] = {}
    for line, row in rows:
        picture = named[row["file_name"], row["sha256"]]
        if picture is not None:
            try:
                _add(episodes.setdefault(row["episode_id"], EpisodeBuilder()), picture, row, name=name, line=line)
            except UserError as error:
                report(error)
    if not any(builder.pictures for builder in episodes.values()):
        raise UserError("archive_no_pictures", file=name)
    return [builder.episode(path.stem) for builder in episodes.values() if builder.pictures]


def _add(builder: EpisodeBuilder, picture: Picture, row: Mapping[str, str], name: str, line: int) -> None:
    """Add a row to its episode.

    Raises:
        UserError: `csv_row`, `class_name_empty`, `class_name_long`; nothing is added then.
    """
    if row["role"] not in ("support", "query"):
        raise UserError("csv_row", file=name, line=line, column="role", value=row["role"])
    if row["role"] == "support" and not row["label"]:
        raise UserError("csv_row", file=name, line=line, column="label", value="")
    check_label(row["label"])
    if row["role"] == "support":
        builder.add_support(picture, row["label"])
    else:
        builder.add_query(picture, row["label"], row["annotator"])


def _rows(episode_id: str, labelled: LabelledEpisode) -> Iterator[tuple[str, ...]]:
    episode = labelled.episode
    times = labelled.labelled_at if isinstance(labelled, StoredEpisode) else {}
    for example in episode.support:
        picture, name = example.picture, episode.classes[example.class_index].name
        yield picture.name, name, "support", episode_id, "", "", picture.sha256, labelled.caption(picture)
    for position, picture in enumerate(episode.queries):
        label = labelled.labels.get(position)
        name = "" if label is None else NONE if label.class_index is None else episode.classes[label.class_index].name
        annotator = label.annotator if label else ""
        time = times.get(position, "")
        yield picture.name, name, "query", episode_id, annotator, time, picture.sha256, labelled.caption(picture)


FORMAT = Format("csv", title="Table of labels (CSV)", suffix=".csv", pixels=False, write=write)
