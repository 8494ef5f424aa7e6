"""Milliseconds for what is where, as JSON: a photograph through detector and dictionary, and 25 with their answers.

    python -m benchmarks.regions

Five classes are known by their words; everything is loaded before the clock starts, and each photograph is new.
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
from fsl_demo.core.episodes import ClassSpec, Episode, quiet  # noqa: E402
from fsl_demo.core.pictures import ingest  # noqa: E402
from fsl_demo.methods import build  # noqa: E402
from fsl_demo.services import locate  # noqa: E402

WORDS = ("dog", "cat", "person", "car", "red ball")
TIMES, QUERIES = 9, 25


def main() -> None:
    method = build(Networks(FeatureCache()))["semantic-dictionary"]
    classifier = locate.fitted(method, Episode(tuple(map(ClassSpec, WORDS))), method.Settings())
    pictures = [ingest(data, name) for number in range(3) for name, data in photos.files(number)][: 1 + TIMES + QUERIES]
    classifier.regions(pictures[:1])
    alone = []
    for picture in pictures[1 : 1 + TIMES]:
        started = time.perf_counter()
        classifier.regions([picture])
        alone.append(time.perf_counter() - started)
    queries = pictures[1 + TIMES :]
    started = time.perf_counter()
    classifier.predict(queries, quiet)
    classifier.regions(queries)
    together = time.perf_counter() - started
    figures = {"one": round(1000 * statistics.median(alone)), "queries": len(queries), "all": round(1000 * together)}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
