"""Zero-shot of 25 new queries over 10 classes, beside embedding such pictures alone, as JSON; in seconds.

`new`: nothing of the class names was encoded before; `known`: all of it was. `edited`: one class gets a description,
and the same queries are scored again; `embedded`: how many pictures that embeds. The first round, which loads the
networks, does not count.
"""

from __future__ import annotations

import dataclasses
import json
import statistics
import time
from collections.abc import Callable
from functools import partial

from fsl_demo import runtime

runtime.prepare("cpu")

from benchmarks import photos  # noqa: E402
from fsl_demo.backbones.cache import FeatureCache  # noqa: E402
from fsl_demo.backbones.efficientnet_lite0 import imagenet_names  # noqa: E402
from fsl_demo.backbones.networks import Networks  # noqa: E402
from fsl_demo.core.episodes import ClassSpec, Episode, quiet  # noqa: E402
from fsl_demo.inference.compact_space import of_class_names  # noqa: E402
from fsl_demo.methods import METHODS  # noqa: E402

METHOD = "compact-vlm"
TIMES = 5


def classes(number: int) -> tuple[ClassSpec, ...]:
    """Ten names of ImageNet's classes that no other number has."""
    return tuple(ClassSpec(name) for name in imagenet_names()[number * 10 : number * 10 + 10])


def main() -> None:
    make = next(make for make in METHODS if make.card.id == METHOD)
    networks, pictures = Networks(FeatureCache()), FeatureCache()
    method = make(networks)
    alone = of_class_names(dataclasses.replace(networks, features=pictures))()
    measured: dict[str, list[float]] = {name: [] for name in ("alone", "new", "known", "edited", "embedded")}

    def seconds(name: str, work: Callable[[], object]) -> None:
        started = time.perf_counter()
        work()
        measured[name].append(time.perf_counter() - started)

    def answer(task: Episode) -> None:
        method.fit(task, method.Settings(), quiet).predict(task.queries, quiet)

    for number in range(TIMES + 1):
        first, second = (photos.read(photos.files(2 * number + part)).queries for part in (0, 1))
        new, known = Episode(classes(number), (), first), Episode(classes(number), (), second)
        seconds("alone", partial(alone.embed, first))
        seconds("new", partial(answer, new))
        seconds("known", partial(answer, known))
        described = dataclasses.replace(new.classes[0], descriptions=(f"seen from afar on day {number}",))
        edited = dataclasses.replace(known, classes=(described, *new.classes[1:]))
        before = networks.features.embedded.copy()
        seconds("edited", partial(answer, edited))
        counts = networks.features.embedded - before
        measured["embedded"].append(sum(counts[name] for name in pictures.embedded))
    print(json.dumps({name: statistics.median(values[1:]) for name, values in measured.items()} | {"method": METHOD}))


if __name__ == "__main__":
    main()
