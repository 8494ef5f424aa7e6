"""Pictures on their way in from the browser: each file of an upload becomes pictures of the workspace, with its result.

The page then sends an edit that says where the pictures go.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from fsl_demo.core.episodes import class_key, quiet
from fsl_demo.core.errors import Notice, UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.datasets.class_folders import ClassLayout, archives_inside, class_layout, is_picture, natural
from fsl_demo.datasets.class_pictures import each_picture
from fsl_demo.datasets.file_source import FileSource, is_archive, open_source
from fsl_demo.inference.variants import looks_like
from fsl_demo.store.exchange import is_annotated
from fsl_demo.store.exchange.classified import NONE, ReadLabel
from fsl_demo.store.exchange.classified_reading import WordReader, labels_of_tool
from fsl_demo.ui.context import Context
from fsl_demo.ui.document import ClassRow, Document


@dataclass(frozen=True)
class Entry:
    """One picture of an upload.

    Attributes:
        path: of its file, as the person knows it.
        sha: of the picture, or "" where it was left out.
        class_name: of the class that its folder names, or "".
        error: why it was left out.
        total: how many there are in all, where an archive is read.
    """

    path: str
    sha: str = ""
    class_name: str = ""
    error: str = ""
    total: int = 1

    def line(self) -> bytes:
        return json.dumps(vars(self), ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def read(context: Context, file: Path, path: str, target: str) -> Iterator[Entry]:
    """The pictures of an uploaded file, kept in the workspace one after the other.

    Args:
        path: the file's, as the person knows it.
        target: "classes" reads the class folders of an archive, anything else every picture of it.
    """
    try:
        yield from _entries(context, file, path=path, target=target)
    except Exception as error:
        logging.getLogger(__name__).exception("an upload failed", exc_info=error)
        yield Entry(path, error=context.unexpected(error))


def _entries(context: Context, file: Path, path: str, target: str) -> Iterator[Entry]:
    try:
        if is_archive(file):
            yield from _archive(context, file, path=path, target=target)
        else:
            yield Entry(path, _kept(context, target, file, name=PurePosixPath(path).name).sha256)
    except UserError as error:
        yield Entry(path, error=context.language.error(_renamed(error, file, path)))


def _archive(context: Context, file: Path, path: str, target: str) -> Iterator[Entry]:
    with open_source(file) as source:
        told = list[UserError]()
        labels = labels_of_tool(source, told.append) if target == "classes" else None
        if labels is not None:
            yield from _labelled(context, source, labels, told=told, path=path)
            return
        layout = class_layout(source.files) if target == "classes" else ClassLayout()
        if not layout.classes:
            layout = ClassLayout({"": sorted(filter(is_picture, source.files), key=natural)}, layout.told)
        if not any(layout.classes.values()):
            raise UserError("archive_no_pictures", file=source.name)
        told = [*source.left_out, *(layout.told or archives_inside(source.files))]
        if is_annotated(source):
            told.append(Notice("boxes_unread", file=source.name))
        total = sum(map(len, layout.classes.values())) + len(told)
        for error in told:
            yield Entry(path, error=context.language.error(_renamed(error, file, path)), total=total)
        for read in each_picture(layout, partial(source.picture, ingest=partial(_kept, context, target))):
            inside = f"{path}/{read.path}"
            if read.picture is not None:
                yield Entry(inside, read.picture.sha256, read.class_name, total=total)
            elif read.error is not None:
                yield Entry(inside, error=context.language.error(_renamed(read.error, file, path)), total=total)


def _labelled(
    context: Context, source: FileSource, labels: Iterator[ReadLabel], told: list[UserError], path: str
) -> Iterator[Entry]:
    """The pictures of a file of another tool, with the classes that it gives them."""
    reader = WordReader(
        source, partial(_kept, context, "classes"), find=lambda sha256: None, progress=quiet, report=told.append
    )
    total = max(sum(map(is_picture, source.files)), 1)
    for word in reader.words(labels):
        name = "" if word.label == NONE else word.label
        yield Entry(f"{path}/{word.picture.name}", word.picture.sha256, name, total=total)
    for error in told:
        yield Entry(path, error=context.language.error(_renamed(error, source.path, path)), total=total)


def _kept(context: Context, target: str, source: bytes | Path, name: str) -> Picture:
    kept = context.ingest(source, name)
    if target != "queries":
        looks_like([kept])  # methods are proposed by it, while the preview is at hand
    return kept


def _renamed(error: UserError, file: Path, path: str) -> UserError:
    """The same with the name that the person gave the file."""
    if error.params.get("file") != file.name:
        return error
    return UserError(error.code, **{**error.params, "file": PurePosixPath(path).name})


@dataclass(frozen=True)
class Placed:
    """Where the files of folders that were dropped go.

    Attributes:
        classes: number of each file that is a picture, and its class; "" where there are no class folders.
        told: what is left out or put together, in sentences.
    """

    classes: list[tuple[int, str]]
    told: list[str]


def placed(context: Context, names: Sequence[str]) -> Placed:
    """Find the class folders among the paths of files that are going to be uploaded."""
    numbers: dict[PurePosixPath, list[int]] = {}
    for number, name in enumerate(names):
        numbers.setdefault(PurePosixPath(name), []).append(number)
    layout = class_layout(numbers)
    classes = layout.classes or {"": sorted(filter(is_picture, numbers), key=natural)}
    order = [(number, name) for name, paths in classes.items() for path in paths for number in numbers[path]]
    return Placed(order, [context.language.error(notice) for notice in layout.told])


def row_called(document: Document, name: str) -> ClassRow:
    """The row of that class name, if it is one; else the first blank row; else a new one."""
    for row in document.classes:
        if name and class_key(row.name) == class_key(name):
            return row
    row = next((row for row in document.classes if row.is_blank()), None) or document.add_class()
    row.name = name
    return row


def place(context: Context, target: str, pictures: Sequence[tuple[str, str]]) -> None:
    """Put stored pictures, each with its path, into a class (by key), or among the queries.

    Raises:
        UserError: `class_gone`, `picture_not_stored`.
    """
    document = context.document
    hashes = [sha for sha, _ in pictures]
    context.names(hashes)
    if target == "queries":
        document.add_queries(hashes)
        for sha, path in pictures:
            known = document.paths.get(sha, [])
            if path and path not in known:
                document.paths[sha] = [*known, path]
    elif document.row(target) is not None:
        document.add_pictures(target, hashes)
    else:
        raise UserError("class_gone")


def move(context: Context, source: str, sha: str, target: str) -> None:
    """Move a picture as `Document.move_picture` does; the person is told of boxes that do not come along.

    Raises:
        UserError: `picture_not_stored`, `boxes_many`.
    """
    name = context.names([sha])[sha]
    if left := context.document.move_picture(source, sha, target):
        told = Notice("boxes_other_class", file=name, name=context.class_name(target), count=left)
        context.refuse([told])


def add_classes(context: Context, pictures: Iterable[tuple[str, str, str]]) -> None:
    """Put stored pictures, as (class name, hash, path), into the rows of their classes; those of no class are queries."""
    by_class: dict[str, list[tuple[str, str]]] = {}
    for name, sha, path in pictures:
        by_class.setdefault(name, []).append((sha, path))
    for name, placed in by_class.items():
        place(context, row_called(context.document, name).key if name else "queries", placed)
