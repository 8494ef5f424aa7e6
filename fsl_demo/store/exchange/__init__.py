"""Episodes in the formats that other people's tools read, and back.

A new format is a file with a `write`, and a line in `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fsl_demo.core.episodes import LabelledEpisode
from fsl_demo.store.exchange import huggingface, imagefolder, table
from fsl_demo.store.exchange.reading import read

__all__ = ["FORMATS", "Format", "read"]


@dataclass(frozen=True)
class Format:
    """A format to export to.

    Attributes:
        id: for the command line.
        title: for people.
        suffix: of the file, with its dot.
        write: writes episodes, as (id, episode), to a file; `UserError` `disk_full`, `folder_unwritable` or
            `export_entries` leave no file.
    """

    id: str
    title: str
    suffix: str
    write: Callable[[Sequence[tuple[str, LabelledEpisode]], Path], None]


FORMATS = {
    chosen.id: chosen
    for chosen in (
        Format("imagefolder", "Class folders (zip)", ".zip", imagefolder.write),
        Format("huggingface", "Hugging Face data set (zip)", ".zip", huggingface.write),
        Format("csv", "Table of labels (CSV)", ".csv", table.write),
    )
}
