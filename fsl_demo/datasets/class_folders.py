"""Class folders, the layout that everybody has: `root/class/picture.jpg`. Every door reads them by these rules.

Folders around the class folders are looked through, as long as each holds one folder with pictures, or none of its own
and several. What lies deeper inside a class folder belongs to the class. Of `support` or `train` beside other parts of
a data set only that is read. What is left out or put together is told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path, PurePosixPath

from fsl_demo.core.episodes import class_key
from fsl_demo.core.errors import Notice, UserError
from fsl_demo.core.file_names import class_name
from fsl_demo.core.pictures import may_be_picture
from fsl_demo.datasets.walking import Walk, visible

LEARNED = ("support", "train", "training")
"""Parts of a data set that are read, the first that there is."""
OTHER_PARTS = frozenset(
    {"query", "queries", "none_of_these", "unlabelled", "val", "valid", "validation", "dev", "test", "testing"}
)
_ARCHIVES = frozenset({".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar"})


@dataclass
class ClassLayout:
    """Which picture is of which class.

    Attributes:
        classes: paths by class name, classes and paths in natural order ("cat 2" before "cat 10").
        told: what is left out, and what is put together.
    """

    classes: dict[str, list[PurePosixPath]] = field(default_factory=dict)
    told: list[UserError] = field(default_factory=list)


def class_layout(paths: Iterable[PurePosixPath], with_queries: bool = False) -> ClassLayout:
    """Find the class folders; no classes where there are none.

    Args:
        with_queries: of an export of the workbench read the queries that a person labelled, too.
    """
    shown = sorted((path for path in paths if all(map(visible, path.parts))), key=natural)
    pictures = [path for path in shown if may_be_picture(path.name)]
    top = _look_through(pictures, ())
    parts = _parts(pictures, top)
    roots = [_look_through(pictures, (*top, part)) for part in parts[: 2 if with_queries else 1]] or [top]
    layout = ClassLayout(told=[*archives_inside(shown)])
    left = dict.fromkeys(pictures)
    for root in roots:
        inside = [path for path in left if _is_in(path, root) and len(path.parts) > len(root) + 1]
        _add_classes(layout, inside, depth=len(root))
        for path in inside:
            del left[path]
    if layout.classes:
        _tell_left_out(layout, left, top=top, read=parts[: len(roots)])
        for root in roots:
            empty = Counter(_folders_of(shown, root)) - Counter(dict.fromkeys(_folders(pictures, root), len(shown)))
            layout.told += [
                Notice("folder_without_pictures", folder=folder, count=count) for folder, count in empty.items()
            ]
    return layout


def class_folders(folder: Path) -> dict[str, list[Path]]:
    """The picture files of each class of a data set.

    Args:
        folder: holds the class folders, or one folder that holds them.

    Raises:
        UserError: `folder_missing`, `no_class_folders`, `no_class_pictures`.
    """
    if not folder.is_dir():
        raise UserError("folder_missing", folder=folder)
    files = Walk(folder).sizes
    classes = class_layout(files).classes
    if not classes:
        raise no_classes(folder.name, files)
    return {name: [folder / path for path in paths] for name, paths in classes.items()}


def no_classes(name: str, paths: Iterable[PurePosixPath]) -> UserError:
    """Why a folder or zip of that name has no classes."""
    shown = list(paths)
    empty = any(len(path.parts) > 1 for path in shown) and not any(map(is_picture, shown))
    return UserError("no_class_pictures" if empty else "no_class_folders", folder=name)


def is_picture(path: PurePosixPath) -> bool:
    """Whether it may be a picture by its name, and nothing on the way is hidden."""
    return may_be_picture(path.name) and all(map(visible, path.parts))


def archives_inside(paths: Iterable[PurePosixPath]) -> list[Notice]:
    """What is told of archives inside a folder or an archive: their pictures are not read."""
    shown = (path for path in paths if all(map(visible, path.parts)))
    return [Notice("archive_inside", file=path.name) for path in shown if path.suffix.lower() in _ARCHIVES]


def natural(path: PurePosixPath) -> tuple[list[list[tuple[int, str]]], str]:
    """Sorting key that counts numbers in names as numbers."""
    return [[(_number(piece), piece) for piece in re.split(r"(\d+)", part.casefold())] for part in path.parts], str(
        path
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 20 else -1


def _is_in(path: PurePosixPath, root: Sequence[str]) -> bool:
    return path.parts[: len(root)] == tuple(root) and len(path.parts) > len(root)


def _look_through(pictures: Sequence[PurePosixPath], root: tuple[str, ...]) -> tuple[str, ...]:
    """The folder that holds the class folders, at or below `root`."""
    while True:
        folders = _folders(pictures, root)
        if len(folders) != 1:
            return root
        below = (*root, *folders)
        inner = _folders(pictures, below)
        own = any(path.parts[:-1] == below for path in pictures)
        if not inner or (own and len(inner) == 1):  # a class, maybe with a folder in it
            return root
        root = below


def _folders(pictures: Iterable[PurePosixPath], root: Sequence[str]) -> list[str]:
    """The folders in `root` that hold pictures, at any depth."""
    return list(dict.fromkeys(_folders_of(pictures, root)))


def _folders_of(paths: Iterable[PurePosixPath], root: Sequence[str]) -> Iterator[str]:
    """The folder in `root` that each path lies in; nothing of others."""
    return (path.parts[len(root)] for path in paths if _is_in(path, root) and len(path.parts) > len(root) + 1)


def _parts(pictures: Sequence[PurePosixPath], root: tuple[str, ...]) -> list[str]:
    """The folders of a data set in parts that hold labelled pictures, in the order of `LEARNED`, and `query`; or none.

    They hold class folders, and at least one other part lies beside them.
    """
    folders = {folder.casefold(): folder for folder in _folders(pictures, root)}
    learned = [folders[part] for part in LEARNED if part in folders and _folders(pictures, (*root, folders[part]))]
    if not learned or not (len(learned) > 1 or OTHER_PARTS & folders.keys()):
        return []
    return [learned[0], *(folders[part] for part in ("query",) if part in folders and learned[0] == "support")]


def _add_classes(layout: ClassLayout, pictures: Sequence[PurePosixPath], depth: int) -> None:
    by_folder: dict[str, list[PurePosixPath]] = {}
    for path in pictures:
        by_folder.setdefault(path.parts[depth], []).append(path)
    folders: dict[str, list[str]] = {}
    for folder in by_folder:
        folders.setdefault(class_key(class_name(folder)), []).append(folder)
    known = {class_key(name): name for name in layout.classes}
    for key, same in folders.items():
        names = sorted(map(class_name, same), key=lambda name: (name != name.strip(), name))
        name = known.get(key, names[0])
        members = sorted(chain.from_iterable(map(by_folder.__getitem__, same)), key=natural)
        layout.classes.setdefault(name, []).extend(members)
        layout.told += [Notice("classes_merged", name=name, other=other) for other in names if other != name]
        nested = [path for path in members if len(path.parts) > depth + 2]
        if nested:
            first = "/".join(nested[0].parts[depth:-1])
            layout.told.append(Notice("class_nested", name=name, count=len(nested), folder=first))


def _tell_left_out(layout: ClassLayout, left: Iterable[PurePosixPath], top: Sequence[str], read: Sequence[str]) -> None:
    """Tell what is in no class: other parts of a data set, each once, and every stray picture."""
    others: Counter[str] = Counter()
    for path in left:
        if read and _is_in(path, top) and len(path.parts) > len(top) + 1 and path.parts[len(top)] not in read:
            others[path.parts[len(top)]] += 1
        else:
            layout.told.append(Notice("no_class", file=path.name))
    layout.told += [
        Notice("part_left_out", part=part, count=count, read="”, “".join(read)) for part, count in others.items()
    ]
