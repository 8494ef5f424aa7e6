"""Sources of any number of pictures: a file for each kind."""

from __future__ import annotations

from pathlib import Path

from fsl_demo.datasets.streams.folder import open_folder
from fsl_demo.datasets.streams.stream import FileItem, Item, Stream

__all__ = ["FileItem", "Item", "Stream", "open_stream"]


def open_stream(source: str) -> Stream:
    """Open what a person has named.

    Raises:
        UserError: what is wrong with the source as a whole.
    """
    return open_folder(Path(source))
