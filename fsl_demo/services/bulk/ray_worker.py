"""One worker of a Ray cluster: it has the networks and the task, and answers parts."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fsl_demo import runtime
from fsl_demo.core.episodes import quiet
from fsl_demo.core.errors import UserError
from fsl_demo.datasets.streams import Item
from fsl_demo.services.bulk import networks
from fsl_demo.services.bulk.decoding import Reader
from fsl_demo.services.bulk.task import Described, Recipe, Task

if TYPE_CHECKING:
    import pyarrow
    from ray import ObjectRef

Sent = Sequence["ObjectRef[Recipe]"]
"""A recipe in the object store, where whoever needs it gets it; in a list, or Ray would get it for each call."""
AT_ONCE = 2
"""Parts that a worker has: the pictures of one are decoded while the networks have those of the other."""


class Worker:
    """An actor, whose methods `AT_ONCE` threads call. Ray may start it again between two calls.

    Args:
        threads: of the networks, and items that are decoded at once.
    """

    def __init__(self, device: str, threads: int, precision: str) -> None:
        runtime.prepare(device, threads, precision)
        self._threads, self._networks = threads, threading.Lock()
        self._told: list[UserError] = []
        self._task: Task | None = None

    def describe(self, recipe: Sent) -> tuple[Described, list[UserError]]:
        """The task, and what was told when it was made."""
        with self._networks:
            return Described.of(self._made(recipe)), self._new()

    def answer(
        self, recipe: Sent, number: int, items: Sequence[Item], schema: pyarrow.Schema
    ) -> tuple[pyarrow.Table, list[UserError]]:
        """The rows of a part, and what was told meanwhile."""
        import pyarrow

        from fsl_demo.services.bulk.local import part_rows

        reader = Reader(iter(items), self._threads)
        try:
            with self._networks:
                task = self._made(recipe)
                rows = part_rows(task, iter(reader), reader, number=number, length=len(items))
        finally:
            reader.close()
        return pyarrow.Table.from_pylist(rows, schema), self._new()

    def _made(self, recipe: Sent) -> Task:
        """The task, which is made once."""
        import ray

        if self._task is None:
            self._task = ray.get(recipe[0]).make(networks.registry(), quiet, self._told.append)
        return self._task

    def _new(self) -> list[UserError]:
        told, self._told[:] = list(self._told), []
        return told
