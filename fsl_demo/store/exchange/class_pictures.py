"""Class folders from anyone, in a zip or on disk, to pictures by class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from fsl_demo.core.episodes import Progress, class_key
from fsl_demo.core.errors import UserError
from fsl_demo.core.file_names import class_name
from fsl_demo.core.pictures import Picture
from fsl_demo.datasets.class_folders import class_paths
from fsl_demo.store.exchange.archive import Source
from fsl_demo.store.workspace import Workspace

SPLITS = ("support", "train", "")
"""Folders of an archive whose class folders are read, the first that there is."""


@dataclass(frozen=True)
class ClassPictures:
    """What was read from class folders.

    Attributes:
        classes: the pictures of each class in natural order.
        faults: what was wrong with those that are left out.
    """

    classes: dict[str, list[Picture]]
    faults: list[UserError]


def class_folders(files: Iterable[PurePosixPath]) -> dict[str, list[PurePosixPath]]:
    """The pictures of each class folder, of the first split that has any; empty where there are no class folders."""
    return next((folders for split in SPLITS if (folders := class_paths(files, split))), {})


def pictures_by_class(source: Source, progress: Progress, workspace: Workspace | None) -> ClassPictures:
    """Read class folders: `class/picture.jpg`, in one more folder or not; or with splits, of which one is read.

    Args:
        progress: its stage is "read".
        workspace: where to keep each picture as it is read; without one they all stay in memory.

    Raises:
        UserError: when the source as a whole is refused, or no picture is left.
    """
    folders = class_folders(source.files)
    if not folders:
        raise UserError("no_class_folders", folder=source.name)
    total, done = sum(map(len, folders.values())), 0
    classes: dict[str, tuple[str, list[Picture]]] = {}
    faults: list[UserError] = []
    for folder, paths in folders.items():
        name = class_name(folder)
        _, pictures = classes.setdefault(class_key(name), (name, []))
        for path in paths:
            progress("read", done, total)
            done += 1
            try:
                picture = source.picture(path)
                pictures.append(workspace.add_picture(picture) if workspace else picture)
            except UserError as error:
                if not error.code.startswith("picture_"):
                    raise
                faults.append(error)
    progress("read", total, total)
    if len(faults) == total:
        raise faults[0]
    return ClassPictures({name: pictures for name, pictures in classes.values() if pictures}, faults)
