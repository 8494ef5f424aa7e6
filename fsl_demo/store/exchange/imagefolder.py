"""Class folders in a zip: `cat/1.png`, as torchvision's ImageFolder and everybody else reads them at its root.

<class>/*.png                   support pictures, and queries labelled with the class
none of these-*.png             queries that a person said are of no class
unlabelled-*.png
<id>.episode.json               everything about each episode

There are no other folders, because each is a class to those who read this; files beside the folders are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from fsl_demo.core.episodes import LabelledEpisode, class_key
from fsl_demo.core.exports import replacing
from fsl_demo.core.file_names import folder_name
from fsl_demo.core.pictures import Picture
from fsl_demo.store.exchange import document
from fsl_demo.store.exchange.files import ZipWriter
from fsl_demo.store.exchange.format import Format


def write(episodes: Sequence[tuple[str, LabelledEpisode]], path: Path) -> None:
    """Write episodes, as (id, episode), to one zip. Episodes that share a class share its folder."""
    with replacing(path) as file, ZipWriter(file) as zip_file:
        folders = _Folders(zip_file)
        for _, labelled in episodes:
            folders.add_classes(labelled)
        for episode_id, labelled in episodes:
            episode = labelled.episode
            text = document.dump(
                episode_id,
                labelled,
                support_files=[folders.file(example.picture) for example in episode.support],
                query_files=[
                    folders.file(picture) or folders.add_beside(labelled, position)
                    for position, picture in enumerate(episode.queries)
                ],
            )
            zip_file.text(document.file_name(episode_id), text)


class _Folders:
    """Pictures in the folders of their classes, each picture once in a folder, under the first name that it has."""

    def __init__(self, zip_file: ZipWriter) -> None:
        self._zip = zip_file
        self._names: dict[str, str] = {}
        self._files: dict[str, str] = {}
        self._placed: set[tuple[str, str]] = set()

    def add_classes(self, labelled: LabelledEpisode) -> None:
        """Write the pictures of an episode that have a class."""
        episode = labelled.episode
        names = [self._names.setdefault(class_key(spec.name), spec.name) for spec in episode.classes]
        for example in episode.support:
            self._add(example.picture, names[example.class_index])
        for position, picture in enumerate(episode.queries):
            label = labelled.labels.get(position)
            if label is not None and label.class_index is not None:
                self._add(picture, names[label.class_index])

    def file(self, picture: Picture) -> str:
        """Where the picture is; "" where it is not yet."""
        return self._files.get(picture.sha256, "")

    def add_beside(self, labelled: LabelledEpisode, position: int) -> str:
        """Write a query that has no class beside the folders."""
        picture = labelled.episode.queries[position]
        kind = "none of these" if position in labelled.labels else "unlabelled"
        self._files[picture.sha256] = self._zip.picture(f"{kind}-{_name(picture)}", picture)
        return self.file(picture)

    def _add(self, picture: Picture, class_name: str) -> None:
        folder = folder_name(class_name)
        if (folder, picture.sha256) not in self._placed:
            self._placed.add((folder, picture.sha256))
            file = self._zip.picture(f"{folder}/{_name(picture)}", picture)
            self._files.setdefault(picture.sha256, file)


def _name(picture: Picture) -> str:
    return f"{folder_name(PurePosixPath(picture.name).stem)}-{picture.sha256[:12]}.png"


FORMAT = Format("imagefolder", title="Class folders (zip)", suffix=".zip", pixels=True, write=write)
