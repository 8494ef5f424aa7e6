"""What is done with each picture: a file for each kind of work in this folder has a `Task`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from PIL import Image

from fsl_demo.core.pictures import Picture, from_image

if TYPE_CHECKING:
    import pyarrow

Row = dict[str, Any]


def probe() -> Picture:
    """A picture to ask about before the first one: the answer says which weights were used, and what it looks like."""
    return from_image(Image.new("RGB", (64, 64), "grey"), "probe.png")


class Task(Protocol):
    """Work on pictures.

    Attributes:
        verb: names it.
        depends: what its answers depend on beside the pictures, as JSON by what a person would call it.
        about: what a reader of the answers needs to know, as JSON.
    """

    @property
    def verb(self) -> str: ...

    @property
    def depends(self) -> Mapping[str, Any]: ...

    @property
    def about(self) -> Mapping[str, Any]: ...

    def columns(self) -> Sequence[pyarrow.Field]:
        """The columns of the answers."""

    def answer(self, chunks: Iterable[Sequence[Picture]]) -> Iterable[Row]:
        """A row for each picture of a part, whose pictures come as many at a time as memory has room for."""
