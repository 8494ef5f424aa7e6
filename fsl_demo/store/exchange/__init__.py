"""Episodes in the formats that other people's tools read, and back.

A new format is a file with a `FORMAT`, and a line in `FORMATS`.
"""

from __future__ import annotations

<<<<<<< HEAD
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fsl_demo.core.episodes import LabelledEpisode
from fsl_demo.store.exchange import huggingface, imagefolder, table
=======
from fsl_demo.core.file_names import safe_cell
from fsl_demo.core.tables import load
from fsl_demo.store.exchange.class_pictures import read_class_pictures
from fsl_demo.store.exchange.format import Format
>>>>>>> main
from fsl_demo.store.exchange.reading import read

__all__ = ["FORMATS", "Format", "read"]

_FORMATS: tuple[Format, ...] = load(
    __name__,
    "imagefolder:FORMAT",
    "huggingface:FORMAT",
    "table:FORMAT",
)
FORMATS = {chosen.id: chosen for chosen in _FORMATS}
