"""Match scores of 25 queries with 10 descriptions by the two-stream model, as JSON; in seconds.

`new`: pictures and descriptions that nothing was computed of; `known`: pictures that were matched before, with other
descriptions. `fill`: a blank in a sentence about a known picture. The first round, which loads the networks, does not
count.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from functools import partial

from fsl_demo import runtime

runtime.prepare("cpu")

from benchmarks import photos  # noqa: E402
from fsl_demo.backbones.cache import FeatureCache  # noqa: E402
from fsl_demo.backbones.networks import Networks  # noqa: E402
from fsl_demo.core.episodes import ClassSpec, Episode  # noqa: E402
from fsl_demo.methods.two_stream.method import TwoStream  # noqa: E402
from fsl_demo.services.fill import fill  # noqa: E402

CLASSES, TIMES = 10, 5


def described(number: int) -> tuple[ClassSpec, ...]:
    """Ten classes with descriptions that no other number has."""
    return tuple(
        ClassSpec(f"class {n}", (f"a photograph of thing {n} that was taken on day {number}",)) for n in range(CLASSES)
    )


def main() -> None:
    method = TwoStream(Networks(FeatureCache()))
    measured: dict[str, list[float]] = {name: [] for name in ("new", "known", "fill")}

    def seconds(name: str, work: Callable[[], object]) -> None:
        started = time.perf_counter()
        work()
        measured[name].append(time.perf_counter() - started)

    def answer(task: Episode) -> None:
        method.fit(task, method.Settings()).predict(task.queries)

    for number in range(TIMES + 1):
        queries = photos.read(photos.files(number)).queries
        for name, day in (("new", 2 * number), ("known", 2 * number + 1)):
            task = Episode(described(day), (), queries)
            seconds(name, partial(answer, task))
        sentence = f"on day {number} a ___ stands on the grass"
        seconds("fill", partial(fill, method, queries[0], sentence))
    print(json.dumps({name: statistics.median(values[1:]) for name, values in measured.items()}))


if __name__ == "__main__":
    main()
