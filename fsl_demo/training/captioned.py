"""What the trainings share that learn from one data set; most of them from Flickr8k's captions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from fsl_demo.core.errors import UserError
from fsl_demo.training.task import Source

DATA = "flickr8k"


@dataclass(frozen=True)
class OnOneDataSet:
    """The half of a `Task` that is the same for all of them.

    Attributes:
        root: holds the data.
        data: the name of what is learned from.
    """

    method: str
    root: Path
    takes: ClassVar[frozenset[str]] = frozenset()
    data: ClassVar[str] = DATA

    @classmethod
    def named(cls, method: str, source: Source) -> Self:
        """A task on the data set in `source.root`.

        Raises:
            UserError: `setting_bad` for other data.
        """
        if source.name != cls.data:
            raise UserError("setting_bad", name="data", value=source.name, reason=f"{method} learns from {cls.data}.")
        return cls(method, source.root)
