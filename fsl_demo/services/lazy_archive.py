"""Folders and zips whose pictures, once decoded, may be more than the memory holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from PIL import Image

from fsl_demo.core.pictures import Picture, ingest
from fsl_demo.core.pictures.kept import KeptImage
from fsl_demo.store.exchange.archive import Source, open_source


@dataclass(frozen=True)
class LazySource(Source):
    """A source whose pictures are read from it again where memory had no room for their pixels.

    Attributes:
        path: the folder or zip.
    """

    path: Path

    def picture(self, path: PurePosixPath) -> Picture:
        if self.path.is_dir():
            return ingest(self.path / path)
        picture = super().picture(path)
        return replace(picture, source=KeptImage(picture.image(), partial(self._image, path)))

    def _image(self, path: PurePosixPath) -> Image.Image:
        with open_source(self.path) as again:
            return again.picture(path).image()


@contextmanager
def open_lazily(path: Path) -> Iterator[Source]:
    """`open_source`, for pictures that all stay in use."""
    with open_source(path) as source:
        yield LazySource(name=source.name, files=source.files, read=source.read, path=path)
