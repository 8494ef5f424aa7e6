"""Folders and zips whose pictures, once decoded, may be more than the memory holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from PIL import Image

from fsl_demo.core.pictures import Picture, ingest
from fsl_demo.store.exchange.archive import Source, open_source

HELD_BYTES = 500_000_000


@dataclass(frozen=True)
class LazySource(Source):
    """A source that holds some decoded pictures; each of the others is decoded again when its image is asked for.

    Attributes:
        path: the folder or zip.
        held: bytes of pixels held so far, under "bytes".
    """

    path: Path
    held: Counter[str] = field(default_factory=Counter)

    def picture(self, path: PurePosixPath) -> Picture:
        picture = super().picture(path)
        self.held["bytes"] += 3 * picture.width * picture.height
        return picture if self.held["bytes"] <= HELD_BYTES else replace(picture, source=lambda: self._image(path))

    def _image(self, path: PurePosixPath) -> Image.Image:
        if self.path.is_dir():
            return ingest(self.path / path).image()
        with open_source(self.path) as again:
            return again.picture(path).image()


@contextmanager
def open_lazily(path: Path) -> Iterator[Source]:
    """`open_source`, for pictures that all stay in use."""
    with open_source(path) as source:
        yield LazySource(name=source.name, files=source.files, read=source.read, path=path)
