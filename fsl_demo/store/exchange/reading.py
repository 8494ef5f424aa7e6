"""Reading an import: whatever it is, it becomes episodes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

from fsl_demo.core.episodes import (
    ClassSpec,
    Episode,
    Example,
    LabelledEpisode,
    Progress,
    check_classes,
    quiet,
)
from fsl_demo.core.errors import Report, UserError, refuse
from fsl_demo.core.pictures import Picture, ingest
from fsl_demo.datasets.class_folders import natural
from fsl_demo.datasets.class_pictures import pictures_by_class
from fsl_demo.datasets.file_source import FileSource, open_source
from fsl_demo.store.exchange import document, table
from fsl_demo.store.workspace import Workspace


def read(
    path: Path,
    workspace: Workspace | None = None,
    progress: Progress = quiet,
    report: Report = refuse,
) -> list[LabelledEpisode]:
    """Read episodes from what any of the formats wrote, or from anyone's class folders: one episode's support set.

    Args:
        path: a zip, a folder or a CSV. A CSV has no pictures: they are found in the workspace or beside it.
        workspace: where to keep the pictures as they are read; without one they all stay in memory.
        progress: its stage is "read".
        report: told of each picture of class folders that is left out; without it, the first one is raised.

    Raises:
        UserError: what is wrong with the file; nothing is imported then.
    """
    if path.suffix.lower() in (".csv", ".tsv") and not path.is_dir():
        episodes = _read_table(path, workspace)
    else:
        with open_source(path) as source:
            documents = sorted(filter(document.is_document, source.files), key=natural)
            if documents:
                episodes = _read_documents(source, documents, workspace=workspace, progress=progress)
            else:
                episodes = [_read_folders(source, path.stem, workspace=workspace, progress=progress, report=report)]
    for labelled in episodes:
        check_classes(labelled.episode.classes)
    return episodes


def _read_folders(
    source: FileSource,
    title: str,
    workspace: Workspace | None,
    progress: Progress,
    report: Report,
) -> LabelledEpisode:
    read_picture = partial(source.picture, ingest=workspace.ingest) if workspace else None
    read = pictures_by_class(source, progress, report=report, read_picture=read_picture)
    support = [Example(picture, index) for index, pictures in enumerate(read.classes.values()) for picture in pictures]
    return LabelledEpisode(Episode(tuple(map(ClassSpec, read.classes)), tuple(support)), title)


def _read_documents(
    source: FileSource, documents: list[PurePosixPath], workspace: Workspace | None, progress: Progress
) -> list[LabelledEpisode]:
    """Read each document; its files are relative to the root of the export."""
    read_once: dict[PurePosixPath, Picture] = {}

    def picture(root: PurePosixPath, wanted: document.PictureFile) -> Picture:
        path = root / wanted.file
        if path not in source.files:
            raise UserError("import_incomplete", file=source.name, count=1, first=wanted.file)
        if path not in read_once:
            progress("read", len(read_once), len(source.files))
            decoded = source.picture(path)
            if decoded.sha256 == wanted.sha256:
                decoded = replace(decoded, name=wanted.name, original_sha256=wanted.original_sha256)
            read_once[path] = workspace.add_picture(decoded) if workspace else decoded
        return replace(read_once[path], name=wanted.name)

    return [document.load(source.text(file), partial(picture, document.root(file))) for file in documents]


def _read_table(path: Path, workspace: Workspace | None) -> list[LabelledEpisode]:
    def find(file_name: str, sha256: str) -> Picture | None:
        if stored := _stored(workspace, sha256):
            return replace(stored, name=file_name or stored.name)
        beside = _beside(path.parent, file_name, sha256)
        return beside and replace(beside, name=PurePosixPath(file_name).name or beside.name)

    return table.read(path, find)


def _stored(workspace: Workspace | None, sha256: str) -> Picture | None:
    try:
        return workspace.picture(sha256) if workspace else None
    except UserError as error:
        if error.code != "picture_not_stored":
            raise
        return None


def _beside(folder: Path, file_name: str, sha256: str) -> Picture | None:
    """The picture of that name in the folder or deeper, if it is the one with that hash; any, without a hash."""
    path = folder / file_name
    try:
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            return None
    except (OSError, ValueError):  # no file can have that name
        return None
    picture = ingest(path)
    return picture if sha256 in ("", picture.sha256) else None
