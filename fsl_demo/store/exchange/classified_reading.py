"""Reading pictures with a class each: what is bad is told and left out, and the rest comes in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from fsl_demo.core.episodes import LabelledEpisode, Progress
from fsl_demo.core.errors import Report, UserError
from fsl_demo.core.file_names import plain
from fsl_demo.core.pictures import Picture
from fsl_demo.datasets.file_source import FileSource, is_of_one_file
from fsl_demo.store.exchange import document, label_table, parts
from fsl_demo.store.exchange.annotations import AnnotationFiles
from fsl_demo.store.exchange.classified import NONE, Ingest, ReadLabel, ReadLabels, check_label
from fsl_demo.store.exchange.episode_builder import EpisodeBuilder
from fsl_demo.store.exchange.formats import FORMATS

_OF_TOOLS = [chosen.read_labels for chosen in FORMATS.values() if chosen.read_labels is not None]
Find = Callable[[str], Picture | None]
"""Gives the stored picture of a hash, or of the beginning of one; None where there is none."""


@dataclass(frozen=True)
class Word:
    """A picture that was read, and what is said of it.

    Attributes:
        label: its class, NONE, or "" where nothing is.
        role, episode: as of `ReadLabel`.
    """

    picture: Picture
    label: str
    annotator: str
    role: str
    episode: str


def read_labels(files: AnnotationFiles) -> Iterator[ReadLabel] | None:
    """The labels of the first format that the files are of; None where they are of none. What is bad is told.

    Raises:
        UserError: `parquet_missing`; what is wrong with a table that comes alone.
    """
    return _first(files, (*_OF_TOOLS, label_table.read, parts.read))


def labels_of_tool(source: FileSource, report: Report) -> Iterator[ReadLabel] | None:
    """The labels of a source in a format of another tool, not of class folders; None where there are none."""
    if any(map(document.is_document, source.files)):
        return None
    try:
        return _first(AnnotationFiles(source, report), (*_OF_TOOLS, label_table.read))
    except UserError as error:
        report(error)
        return None


def _first(files: AnnotationFiles, readers: Iterable[ReadLabels]) -> Iterator[ReadLabel] | None:
    read = (reader(files) for reader in readers)
    return next((labels for labels in read if labels is not None), None)


@dataclass(frozen=True)
class WordReader:
    """Makes words of what a source says.

    Args:
        ingest: makes a picture of its bytes.
        find: gives the picture where the source does not hold it.
        report: told of each row that is left out.
    """

    source: FileSource
    ingest: Ingest
    find: Find
    progress: Progress
    report: Report

    def words(self, labels: Iterator[ReadLabel]) -> Iterator[Word]:
        """The words, in the order of the source.

        Raises:
            UserError: when the source as a whole is refused.
        """
        for told in self.source.left_out:
            self.report(told)
        lost: list[str] = []
        last: tuple[object, Picture] | None = None
        for done, label in enumerate(labels):
            self.progress("read", done, 0)
            try:
                check_label(label.label)
                if last is not None and label.picture is last[0]:
                    picture: Picture | None = last[1]
                else:
                    picture = self._picture(label)
            except UserError as error:
                if error.code == "archive_work":
                    self.report(UserError("rows_rest", **error.params, first=label.name))
                    break
                if not (is_of_one_file(error) or error.code.startswith("class_name_")):
                    raise
                self.report(error.bare())
                continue
            if picture is None:
                lost.append(label.name)
                continue
            last = label.picture and (label.picture, picture)
            yield Word(picture, label.label, plain(label.annotator), role=label.role, episode=label.episode)
        if lost:
            self.report(UserError("import_incomplete", file=self.source.name, count=len(lost), first=lost[0]))

    def _picture(self, label: ReadLabel) -> Picture | None:
        if label.picture is not None:
            return label.picture(self.ingest)
        stored = self.find(label.sha256) if label.sha256 else None
        return stored and replace(stored, name=label.name)


def episodes(words: Iterator[Word], title: str) -> list[LabelledEpisode]:
    """The episodes of words: pictures with a class are support, the others queries, unless the words say it.

    Raises:
        UserError: `archive_no_pictures`.
    """
    builders: dict[str, EpisodeBuilder] = {}
    for word in words:
        builder = builders.setdefault(word.episode, EpisodeBuilder())
        if word.label and (word.role == "support" or (not word.role and word.label != NONE)):
            builder.add_support(word.picture, word.label)
        else:
            builder.add_query(word.picture, word.label, word.annotator)
    if not builders:
        raise UserError("archive_no_pictures", file=title)
    return [builder.episode(title) for builder in builders.values()]
