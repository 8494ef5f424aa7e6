"""What the trainings share that learn from Flickr8k's captions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from fsl_demo.core.errors import UserError
from fsl_demo.training.task import Source

DATA = "flickr8k"


@dataclass(frozen=True)
class OnCaptions:
    """The half of a `Task` that is the same for all of them.

    Attributes:
        root: holds `flickr8k`.
    """

    method: str
    root: Path
    takes: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def named(cls, method: str, source: Source) -> Self:
        """A task on the data set in `source.root`.

        Raises:
            UserError: `setting_bad` for other data.
        """
        if source.name != DATA:
            raise UserError("setting_bad", name="data", value=source.name, reason=f"{method} learns from {DATA}.")
        return cls(method, source.root)
