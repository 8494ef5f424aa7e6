"""A Hugging Face data set in a zip, loaded with `datasets.load_dataset(folder, "pictures" or "episodes")`.

README.md                       what `load_dataset` may load
pictures/metadata.jsonl         a row a picture: image, label, caption, objects (boxes and their names)
pictures/episodes.jsonl         a row an episode: support, support_labels, query, query_labels
pictures/images/<sha256>.png    beside the metadata: `datasets` reads no file outside that folder
<id>.episode.json               everything about each episode
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from fsl_demo.core.episodes import LabelledEpisode
from fsl_demo.core.exports import replacing
from fsl_demo.core.pictures import Picture
from fsl_demo.store.exchange import document
from fsl_demo.store.exchange.annotations import Mark
from fsl_demo.store.exchange.files import ZipWriter
from fsl_demo.store.exchange.format import Format
from fsl_demo.store.exchange.marked_pictures import in_pixels, marks

Row = dict[str, Any]
"""A line of a metadata file."""

_README = """---
configs:
- config_name: pictures
  data_files:
  - pictures/metadata.jsonl
  - pictures/images/*.png
- config_name: episodes
  data_files:
  - pictures/episodes.jsonl
  - pictures/images/*.png
  metadata_filenames:
  - episodes.jsonl
---
# Few-shot episodes

Unpack this file into a folder, then

```python
from datasets import load_dataset

pictures = load_dataset("…", "pictures", split="train")
episodes = load_dataset("…", "episodes", split="train")
```

`pictures` has a row for each picture of each episode: its class is the `label`, and a query that nobody labelled, or
that is none of the classes, has none; `objects` has its boxes (left, top, width, height in pixels) and what they are
called, where any were drawn. `episodes` has a row for each episode, with pictures and labels in lists.
"""


def write(episodes: Sequence[tuple[str, LabelledEpisode]], path: Path) -> None:
    """Write episodes, as (id, episode), to one zip."""
    with replacing(path) as file, ZipWriter(file) as zip_file:
        zip_file.text("README.md", _README)
        picture_rows: list[Row] = []
        episode_rows: list[Row] = []
        for episode_id, labelled in episodes:
            episode = labelled.episode
            support = [example.picture for example in episode.support]
            files = [
                zip_file.picture(f"pictures/{_image(picture)}", picture) for picture in (*support, *episode.queries)
            ]
            picture_rows += _picture_rows(episode_id, labelled)
            episode_rows.append(_episode_row(episode_id, labelled))
            text = document.dump(
                episode_id, labelled, support_files=files[: len(support)], query_files=files[len(support) :]
            )
            zip_file.text(document.file_name(episode_id), text)
        zip_file.text("pictures/metadata.jsonl", _lines(_without_empty_objects(picture_rows)))
        zip_file.text("pictures/episodes.jsonl", _lines(_without_empty(episode_rows)))


def _picture_rows(episode_id: str, labelled: LabelledEpisode) -> Iterable[Row]:
    episode = labelled.episode
    names = [spec.name for spec in episode.classes]
    support = [(example.picture, names[example.class_index], "support", "") for example in episode.support]
    queries = [
        (picture, label, "query", labelled.labels[position].annotator if position in labelled.labels else "")
        for position, (picture, label) in enumerate(zip(episode.queries, _query_labels(labelled), strict=True))
    ]
    for (picture, label, role, annotator), marked in zip((*support, *queries), marks(labelled), strict=True):
        yield {
            "file_name": _image(picture),
            "label": label,
            "role": role,
            "episode_id": episode_id,
            "name": picture.name,
            "annotator": annotator,
            "caption": labelled.caption(picture) or None,
            "objects": _objects(picture, marked),
        }


def _objects(picture: Picture, marked: Sequence[Mark]) -> Row:
    """Boxes as left, top, width and height in pixels, and what is in each."""
    edges = [in_pixels(mark, picture).edges for mark in marked]
    return {
        "bbox": [[left, top, right - left, bottom - top] for left, top, right, bottom in edges],
        "categories": [mark.name for mark in marked],
    }


def _without_empty_objects(rows: Sequence[Row]) -> Iterable[Row]:
    """The rows without boxes where no row has any: `datasets` could not tell what they are lists of."""
    boxed = any(row["objects"]["bbox"] for row in rows)
    return ({name: value for name, value in row.items() if boxed or name != "objects"} for row in rows)


def _episode_row(episode_id: str, labelled: LabelledEpisode) -> Row:
    episode = labelled.episode
    return {
        "episode_id": episode_id,
        "title": labelled.title,
        "support_file_names": [_image(example.picture) for example in episode.support],
        "support_labels": [episode.classes[example.class_index].name for example in episode.support],
        "query_file_names": [_image(picture) for picture in episode.queries],
        "query_labels": _query_labels(labelled),
    }


def _without_empty(rows: Sequence[Row]) -> Iterable[Row]:
    """The rows without the lists that hold nothing in any of them: `datasets` could not tell what they are lists of."""
    known = {
        name
        for row in rows
        for name, value in row.items()
        if not isinstance(value, list) or any(entry is not None for entry in value)
    }
    return ({name: value for name, value in row.items() if name in known} for row in rows)


def _query_labels(labelled: LabelledEpisode) -> list[str | None]:
    labels = [labelled.labels.get(position) for position in range(len(labelled.episode.queries))]
    return [
        None if label is None or label.class_index is None else labelled.episode.classes[label.class_index].name
        for label in labels
    ]


def _image(picture: Picture) -> str:
    """The file of a picture, as the metadata beside it names it."""
    return f"images/{picture.sha256}.png"


def _lines(rows: Iterable[Row]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


FORMAT = Format("huggingface", title="Hugging Face data set (zip)", suffix=".zip", pixels=True, write=write)
