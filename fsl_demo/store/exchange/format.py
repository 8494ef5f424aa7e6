"""What a format to export to is, and to import boxes or labels from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fsl_demo.core.episodes import LabelledEpisode
from fsl_demo.store.exchange.annotations import AnnotationFiles, Annotations

if TYPE_CHECKING:
    from fsl_demo.store.exchange.classified import ClassifiedPicture, ReadLabel


@dataclass(frozen=True)
class Format:
    """A format to export to.

    Attributes:
        id: for the command line.
        title: for people, where the page's language has no text of its own.
        suffix: of the file, with its dot.
        pixels: whether it holds the pictures themselves, which then have to be readable.
        write: writes episodes, as (id, episode), to a file; `UserError` `disk_full`, `folder_unwritable`,
            `export_not_file` or `export_entries` leave no file.
        read_annotations: reads the boxes of a folder or zip of this format; None where it is of another one.
        write_pictures: writes pictures of any origin, with a class each; raises as `write`.
        read_labels: reads the classes of the pictures of a source of this format; None where it is of another one.
    """

    id: str
    title: str
    suffix: str
    pixels: bool
    write: Callable[[Sequence[tuple[str, LabelledEpisode]], Path], None]
    read_annotations: Callable[[AnnotationFiles], Annotations | None] | None = None
    write_pictures: Callable[[Sequence[ClassifiedPicture], Path], None] | None = None
    read_labels: Callable[[AnnotationFiles], Iterator[ReadLabel] | None] | None = None
