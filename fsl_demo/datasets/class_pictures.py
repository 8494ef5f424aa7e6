"""The pictures of class folders from anyone, in a zip or on disk, each read once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from fsl_demo.core.episodes import Progress
from fsl_demo.core.errors import Notice, UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.datasets.class_folders import ClassLayout, class_layout, no_classes
from fsl_demo.datasets.file_source import FileSource

Read = Callable[[PurePosixPath], Picture]
"""Reads a picture of a source."""


@dataclass(frozen=True)
class ReadPicture:
    """A picture of a class, or why it is left out."""

    path: PurePosixPath
    class_name: str
    picture: Picture | None = None
    error: UserError | None = None


@dataclass(frozen=True)
class ClassPictures:
    """What was read from class folders.

    Attributes:
        classes: the pictures of each class in natural order, with their paths.
        faults: what was wrong with those that are left out.
        told: what else there is to tell.
    """

    classes: dict[str, list[Picture]] = field(default_factory=dict)
    paths: dict[str, list[PurePosixPath]] = field(default_factory=dict)
    faults: list[UserError] = field(default_factory=list)
    told: list[UserError] = field(default_factory=list)

    def report(self, report: Callable[[UserError], None]) -> None:
        """Tell everything there is to tell."""
        for error in (*self.faults, *self.told):
            report(error)


def each_picture(layout: ClassLayout, read: Read) -> Iterator[ReadPicture]:
    """Read the pictures of a layout one after the other; in classes the same pixels count once.

    Raises:
        UserError: when the source as a whole is refused.
    """
    first: dict[str, ReadPicture] = {}
    for name, paths in layout.classes.items():
        for path in paths:
            try:
                picture = read(path)
            except UserError as error:
                if not error.code.startswith("picture_"):
                    raise
                yield ReadPicture(path, name, error=error.bare())
                continue
            entry, before = ReadPicture(path, name, picture), first.get(picture.sha256)
            if name and before is not None:
                yield ReadPicture(path, name, error=same_picture(entry, before))
            else:
                first[picture.sha256] = ReadPicture(path, name)
                yield entry


def same_picture(read: ReadPicture, before: ReadPicture) -> Notice:
    """What is told of a picture whose pixels came before."""
    if read.class_name == before.class_name:
        return Notice("picture_twice", file=read.path.name, first=before.path.name)
    return Notice(
        "picture_two_classes",
        file=read.path.name,
        name=read.class_name,
        first=before.path.name,
        other=before.class_name,
    )


def pictures_by_class(
    source: FileSource, progress: Progress, read_picture: Read | None = None, with_queries: bool = False
) -> ClassPictures:
    """Read class folders.

    Args:
        progress: its stage is "read".
        read_picture: by default the pictures stay with the source, few of them in memory.
        with_queries: as of `class_layout`.

    Raises:
        UserError: when the source as a whole is refused, or no picture is left.
    """
    layout = class_layout(source.files, with_queries)
    if not layout.classes:
        raise no_classes(source.name, source.files)
    total = sum(map(len, layout.classes.values()))
    read = ClassPictures(told=[*source.left_out, *layout.told])
    for done, entry in enumerate(each_picture(layout, read_picture or source.lazy_picture)):
        progress("read", done, total)
        if entry.picture is not None:
            read.classes.setdefault(entry.class_name, []).append(entry.picture)
            read.paths.setdefault(entry.class_name, []).append(entry.path)
        elif entry.error is not None:
            (read.told if isinstance(entry.error, Notice) else read.faults).append(entry.error)
    progress("read", total, total)
    if not read.classes:
        raise read.faults[0]
    return read
