"""The engine of many machines: an actor of Ray for each worker, which gets the task once and then part after part.

https://docs.ray.io/en/latest/ray-core/actors.html; `RAY_ADDRESS` names a cluster, without it one is started here that
only this machine reaches. Parts come back to this process, which writes them: a run goes on by the same manifest as of
the local engine. A worker that ends is started again by Ray, and its parts are asked for again.
"""

from __future__ import annotations

import importlib.util
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from fsl_demo import runtime
from fsl_demo.core.episodes import Progress
from fsl_demo.core.errors import Report, UserError
from fsl_demo.datasets.streams import Stream
from fsl_demo.services.bulk import networks
from fsl_demo.services.bulk.decoding import cores
from fsl_demo.services.bulk.engine import Where
from fsl_demo.services.bulk.local import items_of
from fsl_demo.services.bulk.pace import OnPace, Pacing
from fsl_demo.services.bulk.parts import Parts
from fsl_demo.services.bulk.predict import PredictRecipe
from fsl_demo.services.bulk.ray_worker import AT_ONCE, Worker
from fsl_demo.services.bulk.request import as_json
from fsl_demo.services.bulk.task import Described, Recipe

if TYPE_CHECKING:
    import pyarrow

RETRIES = 3
"""How often a worker is started again, and a part asked for again."""
OBJECT_BYTES = 500_000_000
"""Of the object store of a cluster that is started here: the task, and the pictures of parts on their way."""
CORES = 4
"""Of a worker without a GPU, where nobody says how many workers there are."""


@contextmanager
def opened(recipe: Recipe, progress: Progress, report: Report, where: Where) -> Iterator[RayEngine]:
    """Workers that have the task. What there is to learn is learned here, once.

    Raises:
        UserError: `ray_missing`, `ray_start`, `ray_differ`, and why the task cannot be made.
    """
    if importlib.util.find_spec("ray") is None:
        raise UserError("ray_missing")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray
    from ray.exceptions import RayError, RayTaskError

    try:
        _connect(where)
        if isinstance(recipe, PredictRecipe):
            recipe = recipe.fitted(networks.registry(), progress, report)
        yield RayEngine(recipe, report, where)
    except RayTaskError as error:
        if isinstance(error.cause, UserError):
            raise error.cause from error
        raise
    except (RayError, ConnectionError, TimeoutError) as error:
        raise UserError("ray_start", reason=" ".join(str(error).split())[:300]) from error
    finally:
        ray.shutdown()


def _connect(where: Where) -> None:
    """Join the cluster that `RAY_ADDRESS` names, or start one on the loopback interface."""
    import ray
    from ray._private import services

    quietly: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}
    if "RAY_ADDRESS" in os.environ:
        ray.init(**quietly)
        return
    # or Ray listens on the address that others reach
    services.resolve_ip_for_localhost = lambda host: host
    ray.init(
        num_cpus=max(cores(), where.workers or 1),
        include_dashboard=False,
        object_store_memory=OBJECT_BYTES,
        _node_ip_address="127.0.0.1",
        **quietly,
    )


class RayEngine:
    """Workers with the same task.

    Attributes:
        described: the task, as all workers have it.
        workers: the actors.
    """

    def __init__(self, recipe: Recipe, report: Report, where: Where) -> None:
        import ray

        resources = ray.cluster_resources()
        gpus = 0 if where.device == "cpu" else int(resources.get("GPU", 0))
        count = where.workers or gpus or max(1, int(resources["CPU"]) // CORES)
        threads = where.threads or max(1, int(resources["CPU"]) // count)
        options = {
            "num_cpus": threads,
            "num_gpus": min(1.0, gpus / count),
            "max_concurrency": AT_ONCE,
            "max_restarts": RETRIES,
            "max_task_retries": RETRIES,
        }
        self._sent = [ray.put(recipe)]
        actor: Any = ray.remote(**options)(Worker)
        precision = runtime.precision()
        self.workers = [actor.remote(where.device, threads, precision) for _ in range(count)]
        (self.described, told), *others = ray.get([worker.describe.remote(self._sent) for worker in self.workers])
        for other, _ in others:
            if as_json(_comparable(other)) != as_json(_comparable(self.described)):
                raise UserError("ray_differ")
        self._report, self._told = report, set[str]()
        self._tell(told)

    def carry_out(self, stream: Stream, parts: Parts, schema: pyarrow.Schema, on_pace: OnPace) -> None:
        """As of `Engine`. A worker has at most `AT_ONCE` parts, so what waits does not grow.

        Raises:
            UserError: as of `Engine.carry_out`; `ray_lost`.
        """
        import ray
        from ray.exceptions import RayActorError

        missing = parts.missing()
        pacing, items = Pacing.of(parts, missing, on_pace), items_of(stream, parts, missing)
        coming, following = dict[Any, tuple[int, Any]](), iter(missing)
        schema_sent = ray.put(schema)
        while True:
            for number in islice(following, AT_ONCE * len(self.workers) - len(coming)):
                part = list(islice(items, parts.length(number)))
                if len(part) < parts.length(number):
                    raise UserError("bulk_changed", source=stream.name)
                worker = self._least_busy(coming)
                coming[worker.answer.remote(self._sent, number, items=part, schema=schema_sent)] = number, worker
            if not coming:
                return
            (ready,), _ = ray.wait(list(coming), num_returns=1)
            number, _ = coming.pop(ready)
            try:
                table, told = ray.get(ready)
            except RayActorError as error:
                raise UserError("ray_lost", reason=" ".join(str(error).split())[:300]) from error
            self._tell(told)
            parts.write(number, table)
            pacing.add(len(table))

    def _tell(self, told: list[UserError]) -> None:
        """Report what a worker was told, once for all of them."""
        for error in told:
            if str(error) not in self._told:
                self._told.add(str(error))
                self._report(error)

    def _least_busy(self, coming: dict[Any, tuple[int, Any]]) -> Any:
        busy = Counter(id(worker) for _, worker in coming.values())
        return min(self.workers, key=lambda worker: busy[id(worker)])


def _comparable(described: Described) -> list[Any]:
    return [described.verb, described.depends, described.about, described.device, list(map(str, described.columns))]
