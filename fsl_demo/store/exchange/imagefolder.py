"""Class folders in a zip: `support/cat/1.png`, as torchvision's ImageFolder and everybody else reads them.

support/<class>/*.png
query/<class>/*.png             queries labelled with a class
none_of_these/*.png             queries that a person said are of no class
unlabelled/*.png
documents/<id>/episode.json     everything about each episode
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from fsl_demo.core.episodes import LabelledEpisode, class_key
from fsl_demo.core.file_names import folder_name
from fsl_demo.core.pictures import Picture
from fsl_demo.store.exchange import document
from fsl_demo.store.exchange.files import ZipWriter, replacing
from fsl_demo.store.exchange.format import Format


def write(episodes: Sequence[tuple[str, LabelledEpisode]], path: Path) -> None:
    """Write episodes, as (id, episode), to one zip. Episodes that share a class share its folder."""
    with replacing(path) as file, ZipWriter(file) as zip_file:
        folders: dict[str, str] = {}
        for episode_id, labelled in episodes:
            names = [folders.setdefault(class_key(spec.name), spec.name) for spec in labelled.episode.classes]
            support = [
                zip_file.picture(f"support/{_file(names[example.class_index], example.picture)}", example.picture)
                for example in labelled.episode.support
            ]
            queries = [
                zip_file.picture(_query_file(labelled, position, names), picture)
                for position, picture in enumerate(labelled.episode.queries)
            ]
            text = document.dump(episode_id, labelled, support_files=support, query_files=queries)
            zip_file.text(f"documents/{folder_name(episode_id)}/{document.FILE_NAME}", text)


def _query_file(labelled: LabelledEpisode, position: int, names: Sequence[str]) -> str:
    picture = labelled.episode.queries[position]
    label = labelled.labels.get(position)
    if label is None:
        return f"unlabelled/{_name(picture)}"
    if label.class_index is None:
        return f"none_of_these/{_name(picture)}"
    return f"query/{_file(names[label.class_index], picture)}"


def _file(class_name: str, picture: Picture) -> str:
    return f"{folder_name(class_name)}/{_name(picture)}"


def _name(picture: Picture) -> str:
    return f"{folder_name(PurePosixPath(picture.name).stem)}-{picture.sha256[:12]}.png"


FORMAT = Format("imagefolder", title="Class folders (zip)", suffix=".zip", write=write)
