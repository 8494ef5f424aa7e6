"""Class folders from anyone, in a zip or on disk, to pictures by class."""

from __future__ import annotations

from pathlib import Path

from fsl_demo.core.episodes import Progress, class_key, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.file_names import class_name
from fsl_demo.core.pictures import Picture
from fsl_demo.datasets.class_folders import class_paths
from fsl_demo.store.exchange.archive import Source, open_source
from fsl_demo.store.workspace import Workspace

SPLITS = ("support", "train", "")


def read_class_pictures(
    path: Path, progress: Progress = quiet, workspace: Workspace | None = None
) -> tuple[dict[str, list[Picture]], list[UserError]]:
    """Read a zip or a folder of class folders.

    Args:
        path: `class/picture.jpg`, in one more folder or not; or with splits, of which "support" or "train" is read.
        progress: its stage is "read".
        workspace: where to keep each picture as it is read; without one they all stay in memory.

    Returns:
        The pictures of each class in natural order, and what was wrong with those that are left out.

    Raises:
        UserError: when the zip as a whole is refused, or no picture is left.
    """
    with open_source(path) as source:
        return pictures_by_class(source, progress, workspace)


def pictures_by_class(
    source: Source, progress: Progress, workspace: Workspace | None
) -> tuple[dict[str, list[Picture]], list[UserError]]:
    """`read_class_pictures` from a source that is open."""
    folders = next((found for split in SPLITS if (found := class_paths(source.files, split))), {})
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
    return {name: pictures for name, pictures in classes.values() if pictures}, faults
