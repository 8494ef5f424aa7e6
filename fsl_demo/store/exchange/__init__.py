"""Episodes in the formats that other people's tools read, and back.

A new format is a file with a `FORMAT`, and a line in `FORMATS`.
"""

from __future__ import annotations

from fsl_demo.core.tables import load
from fsl_demo.store.exchange.format import Format
from fsl_demo.store.exchange.readable import readable
from fsl_demo.store.exchange.reading import read

__all__ = ["FORMATS", "Format", "read", "readable"]

_FORMATS: tuple[Format, ...] = load(
    __name__,
    "imagefolder:FORMAT",
    "huggingface:FORMAT",
    "table:FORMAT",
)
FORMATS = {chosen.id: chosen for chosen in _FORMATS}
