"""A CSV with a row a picture, for spreadsheets. It holds no pixels: reading it back needs the pictures.

What comes back of an episode is the pictures' order, classes and labels; descriptions and scores are not in it, and
of the captions only the best, for people to read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from fsl_demo.core import table_files
from fsl_demo.core.episodes import ClassSpec, Episode, Example, Label, LabelledEpisode, check_texts, class_key
from fsl_demo.core.errors import UserError
from fsl_demo.core.exports import replacing
from fsl_demo.core.file_names import plain_cell, safe_cell
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Box, RegionLabel
from fsl_demo.store.episodes import StoredEpisode
from fsl_demo.store.exchange.format import Format

COLUMNS = ("file_name", "label", "role", "episode_id", "annotator", "created_at", "sha256", "caption")
NONE = "(none of these)"
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


def read(path: Path, find: Find) -> list[LabelledEpisode]:
    """The episodes of a CSV.

    Raises:
        UserError: `csv_row`, `import_incomplete`, and as of `table_files.read`.
    """
    name = path.name
    rows = [
        (row.line, {column: plain_cell(row.cells.get(column, "")) for column in COLUMNS})
        for row in table_files.read(path, _NEEDED)
    ]
    named = {key: find(*key) for key in dict.fromkeys((row["file_name"], row["sha256"]) for _, row in rows)}
    missing = [file_name or sha256 for (file_name, sha256), picture in named.items() if picture is None]
    if missing:
        raise UserError("import_incomplete", file=name, count=len(missing), first=missing[0])
    pictures = {key: picture for key, picture in named.items() if picture is not None}
    episodes: dict[str, EpisodeBuilder] = {}
    for line, row in rows:
        builder = episodes.setdefault(row["episode_id"], EpisodeBuilder())
        picture = pictures[row["file_name"], row["sha256"]]
        if row["role"] == "support":
            builder.add_support(picture, row["label"])
        elif row["role"] == "query":
            builder.add_query(picture, row["label"], row["annotator"])
        else:
            raise UserError("csv_row", file=name, line=line, column="role", value=row["role"])
    return [builder.episode(path.stem) for builder in episodes.values()]


class EpisodeBuilder:
    """An episode, made of a table's pictures one by one. Its classes are those that are named, in order."""

    def __init__(self) -> None:
        self._classes: dict[str, ClassSpec] = {}
        self._support: list[Example] = []
        self._queries: list[Picture] = []
        self._labels: dict[int, Label] = {}
        self._regions: dict[int, tuple[RegionLabel, ...]] = {}

    def add_support(self, picture: Picture, class_name: str, boxes: tuple[Box, ...] = ()) -> None:
        self._support.append(Example(picture, self._class(class_name), boxes))

    def add_query(
        self, picture: Picture, label: str, annotator: str = "", regions: tuple[RegionLabel, ...] = ()
    ) -> None:
        """Add a query; its label names a class, is NONE, or "" for none."""
        position = len(self._queries)
        if label:
            none = label == NONE and class_key(NONE) not in self._classes
            self._labels[position] = Label(None if none else self._class(label), annotator)
        if regions:
            self._regions[position] = regions
        self._queries.append(picture)

    def episode(self, title: str) -> LabelledEpisode:
        episode = Episode(tuple(self._classes.values()), tuple(self._support), tuple(self._queries))
        return LabelledEpisode(episode, title, labels=self._labels, regions=self._regions)

    def _class(self, name: str) -> int:
        spec = ClassSpec(name)
        check_texts(spec)
        self._classes.setdefault(class_key(name), spec)
        return list(self._classes).index(class_key(name))


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
