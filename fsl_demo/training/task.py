"""What a kind of training is: the contract between a file of `tasks/` and `run`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, Self

from fsl_demo.core.episodes import Progress
from fsl_demo.core.errors import Report, refuse
from fsl_demo.training.config import Config
from fsl_demo.training.export import Export, Trained
from fsl_demo.training.setup import ObjectiveT, Setup


@dataclass(frozen=True)
class Source:
    """Data by name, as the command line names it.

    Attributes:
        name: of a data set, or the path of a folder or zip of class folders.
        root: holds the data sets.
        fold: of data sets that have folds.
        download: whether to fetch what is missing.
        report: told of what is left out of a folder or zip, and what is put together.
    """

    name: str
    root: Path
    fold: int | None = None
    download: bool = False
    report: Report = refuse


@dataclass(frozen=True)
class Prepared(Generic[ObjectiveT]):
    """A training that is ready to begin.

    Attributes:
        export: from what was trained to what the checkpoint holds.
    """

    setup: Setup[ObjectiveT]
    export: Callable[[Trained[ObjectiveT]], Export]


class Task(Protocol):
    """A training of a method on some data."""

    @property
    def method(self) -> str: ...

    @property
    def checkpoint(self) -> str:
        """What the checkpoint is called where the configuration gives no name."""
        ...

    def prepare(self, config: Config, progress: Progress) -> Prepared[Any]:
        """Read the data and build the objective; seeds torch's generator before it makes weights.

        Raises:
            UserError: what is missing, or does not fit.
        """
        ...


class NamedTask(Task, Protocol):
    """A training on data by name.

    Attributes:
        methods: that it trains.
        takes: which of the options in `Config` that not every training has it reads.
    """

    methods: ClassVar[tuple[str, ...]]
    takes: ClassVar[frozenset[str]]

    @classmethod
    def named(cls, method: str, source: Source) -> Self:
        """A task on data by name.

        Raises:
            UserError: `setting_bad` for data that it does not learn from; what reading the data raises.
        """
        ...
