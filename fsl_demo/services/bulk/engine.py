"""Who carries out a task: a file for each engine in this folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from fsl_demo.datasets.streams import Stream
from fsl_demo.services.bulk.pace import OnPace
from fsl_demo.services.bulk.parts import Parts
from fsl_demo.services.bulk.task import Described

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True)
class Where:
    """Where a task is carried out.

    Attributes:
        engine: "local" or "ray".
        workers: processes that have the networks, of engine "ray"; None for as many as fit.
        device, threads: as of `runtime.prepare`.
    """

    engine: str = "local"
    workers: int | None = None
    device: str = "auto"
    threads: int | None = None


class Engine(Protocol):
    """Has made a task, and carries it out.

    Attributes:
        described: the task.
    """

    @property
    def described(self) -> Described: ...

    def carry_out(self, stream: Stream, parts: Parts, schema: pyarrow.Schema, on_pace: OnPace) -> None:
        """Make the parts that are missing.

        Raises:
            UserError: `bulk_changed` for a source that has fewer pictures than it had, and what is wrong with the
                source or the disk; the run can be gone on with.
        """
