"""The zip of an export."""

from __future__ import annotations

import io
import zipfile
from typing import BinaryIO

from fsl_demo.core.errors import UserError
from fsl_demo.core.file_names import plain
from fsl_demo.core.pictures import Picture
from fsl_demo.core.pictures.canonical import write_png
from fsl_demo.datasets.archives import MAX_ENTRIES


class ZipWriter:
    """A zip of pictures and texts, the same bytes for the same contents.

    Nothing is compressed: pictures are already, and a text that compresses well looks like a bomb to a reader.

    Args:
        bounded: refuse more entries than an import reads; what only other programs read may have any number.
    """

    def __init__(self, file: BinaryIO, bounded: bool = True) -> None:
        self._bounded = bounded
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)
        self._names: set[str] = set()

    def __enter__(self) -> ZipWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def picture(self, name: str, picture: Picture) -> str:
        """Write a picture as PNG unless it is there already; returns the name."""
        if name not in self._names:
            buffer = io.BytesIO()
            write_png(picture.image(), buffer)
            self.data(name, buffer.getvalue())
        return name

    def text(self, name: str, text: str) -> None:
        """Write a text as UTF-8."""
        self.data(name, plain(text).encode())

    def data(self, name: str, data: bytes) -> None:
        """Write bytes.

        Raises:
            UserError: `export_entries`.
        """
        self._names.add(name)
        if self._bounded and len(self._names) > MAX_ENTRIES:
            raise UserError("export_entries", limit=MAX_ENTRIES)
        info = zipfile.ZipInfo(name)
        info.external_attr = 0o100644 << 16
        self._zip.writestr(info, data)
