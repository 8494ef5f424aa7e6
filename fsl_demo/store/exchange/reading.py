"""Reading an import: whatever it is, it becomes episodes."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
from fsl_demo.datasets.class_pictures import Read, pictures_by_class
from fsl_demo.datasets.file_source import FileSource, open_source
from fsl_demo.store.exchange import box_table, document, table
from fsl_demo.store.exchange.annotated_reading import read_annotations, read_episode
from fsl_demo.store.exchange.remarking import remarked
from fsl_demo.store.workspace import Workspace


def read(
    path: Path,
    workspace: Workspace | None = None,
    progress: Progress = quiet,
    report: Report = refuse,
) -> list[LabelledEpisode]:
    """Read episodes from what any of the formats wrote, or from anyone's class folders: one episode's support set.

    Args:
        path: a zip, a folder or a CSV. A CSV has no pictures: they are found in the workspace or beside it. Boxes of
            annotation tools are read from a zip or folder, and put into the episodes that lie beside them.
        workspace: where to keep the pictures as they are read; without one they all stay in memory.
        progress: its stage is "read".
        report: told of each picture and box that is left out; without it, the first one is raised.

    Raises:
        UserError: what is wrong with the file; nothing is imported then.
    """
    if path.suffix.lower() in (".csv", ".tsv") and not path.is_dir():
        episodes = _read_table(path, workspace, report)
    else:
        with open_source(path) as source:
            documents = sorted(filter(document.is_document, source.files), key=natural)
            annotated = read_annotations(source, report)
            read_picture = partial(source.picture, ingest=workspace.ingest) if workspace else source.lazy_picture
            if documents:
                read_documents = _read_documents(source, documents, workspace=workspace, progress=progress)
                marked = annotated.marked if annotated else {}
                episodes = [
                    remarked(read.labelled, read.files, marked=marked, report=report) for read in read_documents
                ]
            elif annotated is not None:
                episodes = [read_episode(source, annotated, read_picture, progress=progress, report=report)]
            else:
                episodes = [_read_folders(source, read_picture, progress=progress, report=report)]
    for labelled in episodes:
        check_classes(labelled.episode.classes)
    return episodes


def _read_folders(source: FileSource, read_picture: Read, progress: Progress, report: Report) -> LabelledEpisode:
    read = pictures_by_class(source, progress, report=report, read_picture=read_picture)
    support = [Example(picture, index) for index, pictures in enumerate(read.classes.values()) for picture in pictures]
    return LabelledEpisode(Episode(tuple(map(ClassSpec, read.classes)), tuple(support)), source.path.stem)


@dataclass(frozen=True)
class _ReadDocument:
    """An episode, and the files of its support pictures and its queries."""

    labelled: LabelledEpisode
    files: list[PurePosixPath]


def _read_documents(
    source: FileSource, documents: list[PurePosixPath], workspace: Workspace | None, progress: Progress
) -> list[_ReadDocument]:
    """Read each document; its files are relative to the root of the export."""
    read_once: dict[PurePosixPath, Picture] = {}

    def picture(root: PurePosixPath, files: list[PurePosixPath], wanted: document.PictureFile) -> Picture:
        path = root / wanted.file
        files.append(path)
        if path not in source.files:
            raise UserError("import_incomplete", file=source.name, count=1, first=wanted.file)
        if path not in read_once:
            progress("read", len(read_once), len(source.files))
            decoded = source.picture(path)
            if decoded.sha256 == wanted.sha256:
                decoded = replace(decoded, name=wanted.name, original_sha256=wanted.original_sha256)
            read_once[path] = workspace.add_picture(decoded) if workspace else decoded
        return replace(read_once[path], name=wanted.name)

    read = []
    for file in documents:
        files: list[PurePosixPath] = []
        labelled = document.load(source.text(file), partial(picture, document.root(file), files))
        read.append(_ReadDocument(labelled, files))
    return read


def _read_table(path: Path, workspace: Workspace | None, report: Report) -> list[LabelledEpisode]:
    def find(file_name: str, sha256: str) -> Picture | None:
        if stored := _stored(workspace, sha256):
            return replace(stored, name=file_name or stored.name)
        beside = _beside(path.parent, file_name, sha256)
        return beside and replace(beside, name=PurePosixPath(file_name).name or beside.name)

    return box_table.read(path, find, report) if box_table.is_box_table(path) else table.read(path, find)


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
