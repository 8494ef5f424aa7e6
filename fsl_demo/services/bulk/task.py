"""What is done with each picture: a file for each kind of work in this folder has a `Task`, and the `Recipe` of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from PIL import Image

from fsl_demo.core.episodes import Progress
from fsl_demo.core.errors import Report
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.core.registry import Registry

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


class Recipe(Protocol):
    """All that a task is made of, but for the networks; it can be sent to other processes."""

    def make(self, registry: Registry, progress: Progress, report: Report) -> Task:
        """The task.

        Args:
            report: told of what is left out, and of what answers cannot say.

        Raises:
            UserError: why there is none.
        """


@dataclass(frozen=True)
class Described:
    """A task as it is where it was made; attributes as of `Task`.

    Attributes:
        device: what it is computed on.
    """

    verb: str
    depends: Mapping[str, Any]
    about: Mapping[str, Any]
    columns: Sequence[pyarrow.Field]
    device: str

    @classmethod
    def of(cls, task: Task) -> Described:
        """The task of this process."""
        from fsl_demo import runtime
        from fsl_demo.backbones import engine

        kind = runtime.device().type
        full = runtime.precision() == "no"
        computes = engine.installed() if full and kind == "cpu" else "PyTorch"
        device = f"{kind}, {computes}{'' if full else f', {runtime.precision()}'}"
        return cls(task.verb, task.depends, about=task.about, columns=task.columns(), device=device)
