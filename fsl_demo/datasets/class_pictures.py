"""The pictures of class folders from anyone, in a zip or on disk, each read once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from fsl_demo.core.episodes import Progress
from fsl_demo.core.errors import Notice, Report, UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.datasets import webdataset
from fsl_demo.datasets.class_folders import ClassLayout, class_layout, no_classes
from fsl_demo.datasets.file_source import FileSource, is_of_one_file

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
    """The pictures of each class in natural order, and their paths."""

    classes: dict[str, list[Picture]] = field(default_factory=dict)
    paths: dict[str, list[PurePosixPath]] = field(default_factory=dict)


def each_picture(layout: ClassLayout, read: Read) -> Iterator[ReadPicture]:
    """Read the pictures of a layout one after the other; in classes the same pixels count once.

    The last entry may stand for all the rest: what one source may take was used up.

    Raises:
        UserError: when the source as a whole is refused.
    """
    first: dict[str, ReadPicture] = {}
    order = [ReadPicture(path, name) for name, paths in layout.classes.items() for path in paths]
    for number, entry in enumerate(order):
        try:
            picture = read(entry.path)
        except UserError as error:
            if error.code == "archive_work":
                rest = UserError("archive_rest", **error.params, count=len(order) - number, first=str(entry.path))
                yield replace(entry, error=rest)
                return
            if not is_of_one_file(error):
                raise
            yield replace(entry, error=error.bare())
            continue
        before = first.setdefault(picture.sha256, entry)
        if entry.class_name and before is not entry:
            yield replace(entry, error=same_picture(entry, before))
        else:
            yield replace(entry, picture=picture)


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
    source: FileSource,
    progress: Progress,
    report: Report,
    read_picture: Read | None = None,
    with_queries: bool = False,
) -> ClassPictures:
    """Read class folders, or the samples of a WebDataset that say their classes.

    Args:
        progress: its stage is "read".
        report: told of what is left out and what is put together.
        read_picture: by default the pictures stay with the source, few of them in memory.
        with_queries: as of `class_layout`.

    Raises:
        UserError: when the source as a whole is refused, or no picture is left.
    """
    samples = webdataset.layout(source)
    layout = samples or class_layout(source.files, with_queries)
    for error in (*source.left_out, *layout.told):
        report(error)
    if samples is None and not layout.classes:  # a shard may have samples without a class alone
        raise no_classes(source.name, source.files)
    total = sum(map(len, layout.classes.values()))
    read, errors = ClassPictures(), list[UserError]()
    for done, entry in enumerate(each_picture(layout, read_picture or source.lazy_picture)):
        progress("read", done, total)
        if entry.picture is not None:
            read.classes.setdefault(entry.class_name, []).append(entry.picture)
            read.paths.setdefault(entry.class_name, []).append(entry.path)
        elif entry.error is not None:
            errors.append(entry.error)
    progress("read", total, total)
    refusal = errors.pop() if errors and not read.classes else None
    for error in errors:
        report(error)
    if refusal is not None:
        raise refusal
    return read
