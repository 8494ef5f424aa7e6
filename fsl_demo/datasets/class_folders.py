"""Class folders, the format that everybody has: `root/class/picture.jpg`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import may_be_picture


def class_folders(folder: Path, split: str = "") -> dict[str, list[Path]]:
    """The picture files of each class, classes and files in natural order ("cat 2" before "cat 10").

    Args:
        folder: holds the class folders, or one folder that holds them.
        split: read the class folders in the folder of this name ("train", "support").

    Raises:
        UserError: `folder_missing`, `no_class_folders`, `no_class_pictures`.
    """
    if not folder.is_dir():
        raise UserError("folder_missing", folder=folder)
    files = [PurePosixPath(path.relative_to(folder).as_posix()) for path in walk(folder)]
    classes = class_paths(files, split)
    if not classes:
        empty = not any(map(is_picture, files)) and any(path.is_dir() for path in folder.iterdir())
        raise UserError("no_class_pictures" if empty else "no_class_folders", folder=folder.name)
    return {name: [folder / path for path in paths] for name, paths in classes.items()}


def class_paths(paths: Iterable[PurePosixPath], split: str = "") -> dict[str, list[PurePosixPath]]:
    """The picture files among relative paths by class, as `class_folders` finds them; empty when there are none."""
    pictures = [path for path in paths if is_picture(path) and len(path.parts) > 1]
    inside = {path: path.parts for path in pictures}
    while inside and _is_wrapped(inside.values()) and next(iter(inside.values()))[0] != split:
        inside = {path: parts[1:] for path, parts in inside.items()}
    if split:
        inside = {path: parts[1:] for path, parts in inside.items() if parts[0] == split}
    classes: dict[str, list[PurePosixPath]] = {}
    for path in sorted((path for path, parts in inside.items() if len(parts) == 2), key=natural):
        classes.setdefault(path.parts[-2], []).append(path)
    return classes


def walk(folder: Path) -> Iterable[Path]:
    """Every file in a folder, however deep, following links to folders once."""
    seen = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if visible(name)]
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        yield from (Path(place, name) for name in files)


def is_picture(path: PurePosixPath) -> bool:
    """Whether it may be a picture by its name, and nothing on the way is hidden."""
    return may_be_picture(path.name) and all(visible(part) for part in path.parts)


def natural(path: PurePosixPath) -> tuple[list[list[tuple[int, str]]], str]:
    """Sorting key that counts numbers in names as numbers."""
    return [[(_number(piece), piece) for piece in re.split(r"(\d+)", part.casefold())] for part in path.parts], str(
        path
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 20 else -1


def visible(name: str) -> bool:
    """Whether a file or folder of this name is meant for people."""
    return not name.startswith(".") and name != "__MACOSX"


def _is_wrapped(inside: Iterable[tuple[str, ...]]) -> bool:
    """Whether one folder holds everything, and no pictures of its own."""
    parts = list(inside)
    return len({part[0] for part in parts}) == 1 and all(len(part) > 2 for part in parts)
