"""Reading boxes from a folder or zip, with the pictures that they are on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from fsl_demo.core.episodes import LabelledEpisode, Progress
from fsl_demo.core.errors import Notice, Report, UserError
from fsl_demo.datasets.class_folders import ClassLayout
from fsl_demo.datasets.class_pictures import Read, each_picture
from fsl_demo.datasets.file_source import FileSource
from fsl_demo.store.exchange import remarking
from fsl_demo.store.exchange.annotations import AnnotatedPicture, AnnotationFiles
from fsl_demo.store.exchange.formats import FORMATS
from fsl_demo.store.exchange.remarking import ReadPicture

Marked = Mapping[PurePosixPath, list[AnnotatedPicture]]


@dataclass(frozen=True)
class ReadAnnotations:
    """The boxes of a source.

    Attributes:
        categories: names, in the order of the format.
        marked: the pictures that are there, each as often as it is named.
        unnamed: pictures that no annotation names.
    """

    categories: list[str]
    marked: Marked
    unnamed: list[PurePosixPath]


def read_annotations(files: AnnotationFiles) -> ReadAnnotations | None:
    """The boxes of the first format that the files are of; None where they are of none.

    Entries that cannot be read, and pictures that are not there, are told.
    """
    for chosen in FORMATS.values():
        if chosen.read_annotations is None or (read := chosen.read_annotations(files)) is None:
            continue
        marked: dict[PurePosixPath, list[AnnotatedPicture]] = defaultdict(list)
        for picture in read.pictures:
            if picture.path is not None:
                marked[picture.path].append(picture)
            else:
                count = len(picture.marks)
                files.report(UserError("boxes_file_missing", file=files.source.name, picture=picture.name, count=count))
        return ReadAnnotations(read.categories, marked, [path for path in files.pictures if path not in marked])
    return None


def is_annotated(source: FileSource) -> bool:
    """Whether there are boxes on pictures of a source."""
    annotated = read_annotations(AnnotationFiles(source, report=lambda error: None))
    marked = annotated.marked.values() if annotated else ()
    return any(picture.marks for pictures in marked for picture in pictures)


def read_episode(
    source: FileSource, annotated: ReadAnnotations, read_picture: Read, progress: Progress, report: Report
) -> LabelledEpisode:
    """The episode of a data set of boxes; the same pixels count once, with the boxes of all their files.

    Raises:
        UserError: `archive_no_pictures`; when the source as a whole is refused.
    """
    paths = list(annotated.marked)
    first: dict[str, ReadPicture] = {}
    for done, entry in enumerate(each_picture(ClassLayout({"": paths}), read_picture)):
        progress("read", done, len(paths))
        if entry.picture is None:
            if entry.error is not None:
                report(entry.error)
            continue
        picture, before = entry.picture, first.get(entry.picture.sha256)
        regions = remarking.regions(annotated.marked[entry.path], picture, report)
        if before is not None:
            report(Notice("picture_twice", file=entry.path.name, first=before.picture.name))
            regions = tuple(dict.fromkeys([*before.regions, *regions]))
        first[picture.sha256] = ReadPicture(before.picture if before else picture, regions)
    progress("read", len(paths), len(paths))
    if not first:
        raise UserError("archive_no_pictures", file=source.name)
    if annotated.unnamed:
        count, left = len(annotated.unnamed), annotated.unnamed[0].name
        report(Notice("pictures_unannotated", file=source.name, count=count, first=left))
    return remarking.episode(annotated.categories, list(first.values()), source.path.stem)
