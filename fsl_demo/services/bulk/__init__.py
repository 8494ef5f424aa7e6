"""Any number of pictures: a stream of them in, one Parquet file out, and a run that was killed goes on.

`datasets.streams` gives the pictures, a task says what is done with them, an engine carries it out part by part.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fsl_demo.core import parquet
from fsl_demo.core.episodes import Progress
from fsl_demo.core.errors import Report, UserError
from fsl_demo.datasets.streams import Stream, open_stream
from fsl_demo.services.bulk import networks
from fsl_demo.services.bulk.engine import Engine, Where
from fsl_demo.services.bulk.pace import OnPace, Pace
from fsl_demo.services.bulk.request import request_of
from fsl_demo.services.bulk.result import Summary
from fsl_demo.services.bulk.task import Recipe, Task

__all__ = [
    "Engine",
    "OnPace",
    "Pace",
    "Recipe",
    "Summary",
    "Task",
    "Where",
    "carry_out",
    "engine",
    "opened",
]


def opened(source: str, report: Report) -> Stream:
    """A source of pictures.

    Args:
        report: told of what is left out.

    Raises:
        UserError: what is wrong with the source as a whole; `source_empty`, `parquet_missing`.
    """
    parquet.check()
    stream = open_stream(source)
    for told in stream.left_out:
        report(told)
    if not stream.count:
        raise UserError("source_empty", source=source)
    return stream


@contextmanager
def engine(recipe: Recipe, progress: Progress, report: Report, where: Where) -> Iterator[Engine]:
    """Somebody to carry out a task.

    Args:
        report: as of `Recipe.make`.

    Raises:
        UserError: why the task cannot be made; `ray_missing`, `ray_start`, `ray_differ`.
    """
    if where.engine == "ray":
        from fsl_demo.services.bulk import ray_engine

        with ray_engine.opened(recipe, progress, report=report, where=where) as crew:
            yield crew
    else:
        from fsl_demo.services.bulk.local import Local

        yield Local(recipe.make(networks.registry(), progress, report))


def carry_out(stream: Stream, engine: Engine, out: Path, on_pace: OnPace) -> Summary:
    """Answer all pictures of a source, or go on where a run of the same task was ended.

    Args:
        out: the Parquet file to make; the parts are kept beside it meanwhile.

    Raises:
        UserError: `bulk_exists`, `bulk_other`, `bulk_busy`, and as of `Engine.carry_out`.
    """
    from fsl_demo.services.bulk import result
    from fsl_demo.services.bulk.parts import Parts

    request = request_of(stream, engine.described)
    done = result.finished(out, request)
    with Parts.opened(out, request) as parts:
        if done is None:
            schema = result.schema_of(engine.described, request)
            engine.carry_out(stream, parts=parts, schema=schema, on_pace=on_pace)
            done = result.join(parts, out, schema)
        parts.remove()
    return done
