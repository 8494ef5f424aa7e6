"""Episodes and collections in the formats that other people's tools read, and back.

A new format is a file with a `FORMAT`, and a line in `formats.py`.
"""

from __future__ import annotations

from fsl_demo.store.exchange.annotated_reading import is_annotated
from fsl_demo.store.exchange.format import Format
from fsl_demo.store.exchange.formats import CLASSIFIED, FORMATS
from fsl_demo.store.exchange.readable import readable
from fsl_demo.store.exchange.reading import read

__all__ = ["CLASSIFIED", "FORMATS", "Format", "is_annotated", "read", "readable"]
