"""Seconds for whole episodes with the methods that are ticked for photographs, from JPEG files to scores, as JSON.

The first episode of a process loads the networks too; the next ones bring new pictures.
"""

from __future__ import annotations

import json
import statistics
import time

from fsl_demo import runtime

runtime.prepare("cpu")

from benchmarks import photos  # noqa: E402
from fsl_demo.backbones.cache import FeatureCache  # noqa: E402
from fsl_demo.backbones.networks import Networks  # noqa: E402
from fsl_demo.core.capabilities import Method  # noqa: E402
from fsl_demo.core.episodes import Episode, quiet  # noqa: E402
from fsl_demo.methods import build, proposed  # noqa: E402

TIMES = 3


def answer(episode: Episode, methods: dict[str, Method]) -> None:
    for method in methods.values():
        method.fit(episode, method.Settings(), quiet).predict(episode.queries, quiet)


def main() -> None:
    sets = [photos.files(number) for number in range(TIMES + 1)]
    seconds: dict[str, list[float]] = {"first": [], "new": []}

    def timed(name: str, started: float) -> None:
        seconds[name].append(time.perf_counter() - started)

    started = time.perf_counter()
    built, episode = build(Networks(FeatureCache())), photos.read(sets[0])
    ticked = proposed(built, [example.picture for example in episode.support])
    methods = {name: built[name] for name in ticked}
    answer(episode, methods)
    timed("first", started)
    for number in range(1, TIMES + 1):
        started = time.perf_counter()
        episode = photos.read(sets[number])
        answer(episode, methods)
        timed("new", started)
    print(
        json.dumps({name: statistics.median(values) for name, values in seconds.items()} | {"methods": list(methods)})
    )


if __name__ == "__main__":
    main()
