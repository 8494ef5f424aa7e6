"""Pictures on their way in from the browser: each file of an upload becomes pictures of the workspace, with its result.

The page then sends an edit that says where the pictures go.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from fsl_demo import runtime
from fsl_demo.core.episodes import class_key
from fsl_demo.core.errors import UserError
from fsl_demo.core.file_names import class_name
from fsl_demo.core.pictures import Picture, ingest
from fsl_demo.datasets.class_folders import is_picture, natural
from fsl_demo.inference.variants import looks_like
from fsl_demo.store.exchange.archive import Source, open_source
from fsl_demo.store.exchange.class_pictures import class_folders
from fsl_demo.ui.context import Context
from fsl_demo.ui.document import ClassRow, Document

_IN_HAND = threading.BoundedSemaphore(2)
"""Pictures of which the server holds the pixels at a time, whoever sent them."""
_BIG_PIXELS = 8_000_000


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
        path: the file's, as the person knows it; in a folder of class folders its folder is the class.
        target: "classes" reads the class folders of an archive, anything else every picture of it.
    """
    try:
        yield from _entries(context, file, path=path, target=target)
    except Exception as error:
        logging.getLogger(__name__).exception("an upload failed", exc_info=error)
        yield Entry(path, error=context.unexpected(error))


def _entries(context: Context, file: Path, path: str, target: str) -> Iterator[Entry]:
    if PurePosixPath(path).suffix.lower() == ".zip":
        yield from _archive(context, file, path=path, target=target)
        return
    folder = PurePosixPath(path).parent.name if target == "classes" else ""
    try:
        picture = _kept(context, lambda: ingest(file, PurePosixPath(path).name), look=target != "queries")
        yield Entry(path, picture.sha256, folder)
    except UserError as error:
        yield Entry(path, error=context.language.error(error))


def _kept(context: Context, read: Callable[[], Picture], *, look: bool) -> Picture:
    """Read a picture and keep it in the workspace; its pixels are in memory no longer than that takes.

    Args:
        look: at what it looks like, by which methods are proposed, while the pixels are at hand.
    """
    with _IN_HAND:
        decoded = read()
        picture = context.workspace.add_picture(decoded)
        if look:
            looks_like([decoded])
    if picture.width * picture.height > _BIG_PIXELS:
        del decoded
        runtime.return_freed_memory()
    return picture


def _archive(context: Context, file: Path, path: str, target: str) -> Iterator[Entry]:
    try:
        with open_source(file) as source:
            wanted, strays = _wanted(source, target)
            total = len(wanted) + len(strays)
            for stray in strays:
                yield Entry(f"{path}/{stray}", error=context.say("upload.no_class", file=stray.name), total=total)
            for entry, name in wanted:
                try:
                    picture = _kept(context, partial(source.picture, entry), look=False)
                    yield Entry(f"{path}/{entry}", picture.sha256, name, total=total)
                except UserError as error:
                    if not error.code.startswith("picture_"):
                        raise
                    yield Entry(f"{path}/{entry}", error=context.language.error(error), total=total)
    except UserError as error:
        renamed = {**error.params, "file": PurePosixPath(path).name} if "file" in error.params else error.params
        yield Entry(path, error=context.language.error(UserError(error.code, **renamed)))


def _wanted(source: Source, target: str) -> tuple[list[tuple[PurePosixPath, str]], list[PurePosixPath]]:
    """The pictures to read, each with its class, and those that lie in no class folder."""
    pictures = sorted(filter(is_picture, source.files), key=natural)
    if not pictures:
        raise UserError("archive_no_pictures", file=source.name)
    folders = class_folders(source.files)
    if target != "classes" or not folders:
        return [(entry, "") for entry in pictures], []
    wanted = [(entry, class_name(folder)) for folder, entries in folders.items() for entry in entries]
    read = {entry for entry, _ in wanted}
    return wanted, [entry for entry in pictures if entry not in read]


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
    stored = context.workspace.names(hashes)
    for sha in hashes:
        if sha not in stored:
            raise UserError("picture_not_stored", sha256=sha)
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


def add_classes(context: Context, pictures: Iterable[tuple[str, str, str]]) -> None:
    """Put stored pictures, as (class name, hash, path), into the rows of their classes; those of no class are queries."""
    by_class: dict[str, list[tuple[str, str]]] = {}
    for name, sha, path in pictures:
        by_class.setdefault(name, []).append((sha, path))
    for name, placed in by_class.items():
        place(context, row_called(context.document, name).key if name else "queries", placed)
