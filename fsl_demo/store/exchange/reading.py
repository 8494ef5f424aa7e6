"""Reading an import: whatever it is, it becomes episodes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from PIL import Image

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
from fsl_demo.datasets.file_source import FileSource, is_of_one_file, open_with_labels
from fsl_demo.store.exchange import box_table, document, table
from fsl_demo.store.exchange.annotated_reading import read_annotations, read_episode
from fsl_demo.store.exchange.annotations import AnnotationFiles
from fsl_demo.store.exchange.classified_reading import WordReader, read_labels
from fsl_demo.store.exchange.classified_reading import episodes as classified_episodes
from fsl_demo.store.exchange.readable import without
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
        path: a zip, a folder, a CSV, or a file of labels. What holds no pictures has them in the workspace, or a CSV
            beside it. Boxes of annotation tools are read from a zip or folder, and put into the episodes that lie
            beside them.
        workspace: where to keep the pictures as they are read; without one they all stay in memory.
        progress: its stage is "read".
        report: told of each row, picture, box and episode that is left out; without it, the first one is raised.

    Raises:
        UserError: what is wrong with the file, or with each of its episodes; nothing is imported then.
    """
    if path.suffix.lower() in (".csv", ".tsv") and not path.is_dir():
        episodes = _read_table(path, workspace, report)
    else:
        with open_with_labels(path) as source:
            documents = sorted(filter(document.is_document, source.files), key=natural)
            files = AnnotationFiles(source, report)
            labels = None if documents else read_labels(files)
            annotated = None if labels is not None else read_annotations(files)
            read_picture = partial(source.picture, ingest=workspace.ingest) if workspace else source.lazy_picture
            if labels is not None:
                keep = workspace.ingest if workspace else ingest
                words = WordReader(source, keep, find=partial(_stored, workspace), progress=progress, report=report)
                episodes = classified_episodes(words.words(labels), source.path.stem)
            elif documents:
                read_documents = _read_documents(
                    source, documents, workspace=workspace, progress=progress, report=report
                )
                marked = annotated.marked if annotated else {}
                episodes = [
                    remarked(read.labelled, read.files, marked=marked, report=report) for read in read_documents
                ]
            elif annotated is not None:
                episodes = [read_episode(source, annotated, read_picture, progress=progress, report=report)]
            else:
                episodes = [_read_folders(source, read_picture, progress=progress, report=report)]
    return _with_classes(episodes, report)


def _with_classes(episodes: list[LabelledEpisode], report: Report) -> list[LabelledEpisode]:
    """Those whose classes can be stored; the last refusal is raised where there is none."""
    kept, errors = [], list[UserError]()
    for labelled in episodes:
        try:
            check_classes(labelled.episode.classes)
            kept.append(labelled)
        except UserError as error:
            errors.append(error)
    _tell(errors, report, nothing=not kept)
    return kept


def _tell(errors: list[UserError], report: Report, nothing: bool) -> None:
    """Report what was left out; where that leaves nothing, the last error is raised."""
    last = errors.pop() if errors and nothing else None
    for error in errors:
        report(error)
    if last is not None:
        raise last


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
    source: FileSource,
    documents: list[PurePosixPath],
    workspace: Workspace | None,
    progress: Progress,
    report: Report,
) -> list[_ReadDocument]:
    """Read each document; its files are relative to the root of the export. A picture that is bad is left out."""
    pictures = _DocumentPictures(source, workspace, progress=progress, report=report)
    read, errors = [], list[UserError]()
    for file in documents:
        files: list[PurePosixPath] = []
        try:
            text = source.text(file)
            labelled = document.load(text, partial(pictures.picture, document.root(file), files))
        except UserError as error:
            if error.code != "import_document":
                raise
            errors.append(error)
            continue
        episode = labelled.episode
        every = [*(example.picture for example in episode.support), *episode.queries]
        kept = [path for path, picture in zip(files, every, strict=True) if picture not in pictures.lost]
        read.append(_ReadDocument(without(labelled, pictures.lost), kept))
    _tell(errors, report, nothing=not read)
    return read


class _DocumentPictures:
    """The pictures that documents name, each file read once.

    Attributes:
        lost: what stands for those that are not there, or cannot be read.
    """

    def __init__(self, source: FileSource, workspace: Workspace | None, progress: Progress, report: Report) -> None:
        self._source, self._workspace, self._progress, self._report = source, workspace, progress, report
        self._read: dict[PurePosixPath, Picture] = {}
        self.lost: set[Picture] = set()

    def picture(self, root: PurePosixPath, files: list[PurePosixPath], wanted: document.PictureFile) -> Picture:
        """The picture of a file, which is added to the files."""
        path = root / wanted.file
        files.append(path)
        if path not in self._read:
            self._progress("read", len(self._read), len(self._source.files))
            try:
                self._read[path] = self._decoded(path, wanted)
            except UserError as error:
                if not (is_of_one_file(error) or error.code == "import_incomplete"):
                    raise
                self._report(error.bare())
                self._read[path] = _placeholder(path)
                self.lost.add(self._read[path])
        return replace(self._read[path], name=wanted.name)

    def _decoded(self, path: PurePosixPath, wanted: document.PictureFile) -> Picture:
        if path not in self._source.files:
            raise UserError("import_incomplete", file=self._source.name, count=1, first=wanted.file)
        decoded = self._source.picture(path)
        if decoded.sha256 == wanted.sha256:
            decoded = replace(decoded, name=wanted.name, original_sha256=wanted.original_sha256)
        return self._workspace.add_picture(decoded) if self._workspace else decoded


def _placeholder(path: PurePosixPath) -> Picture:
    """What stands for a picture that is left out in the end."""

    def image() -> Image.Image:
        raise UserError("picture_missing", file=path.name, reason="it was left out")

    return Picture(f"lost {path}", width=1, height=1, name=path.name, original_sha256="", source=image)


def _read_table(path: Path, workspace: Workspace | None, report: Report) -> list[LabelledEpisode]:
    def find(file_name: str, sha256: str) -> Picture | None:
        if stored := _stored(workspace, sha256):
            return replace(stored, name=file_name or stored.name)
        beside = _beside(path.parent, file_name, sha256)
        return beside and replace(beside, name=PurePosixPath(file_name).name or beside.name)

    return box_table.read(path, find, report) if box_table.is_box_table(path) else table.read(path, find, report)


def _stored(workspace: Workspace | None, sha256: str) -> Picture | None:
    """The picture of a hash, where the workspace has it."""
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
