"""Captions of pictures that nothing is known of, as JSON; in seconds. The networks are loaded before.

`one`: a picture by itself; `batch`: 25 at once; `words`: where each word of the first caption comes from.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

from fsl_demo import runtime

runtime.prepare("cpu")

from benchmarks import photos  # noqa: E402
from fsl_demo import captioners  # noqa: E402
from fsl_demo.backbones.cache import FeatureCache  # noqa: E402
from fsl_demo.backbones.networks import Networks  # noqa: E402

TIMES = 3


def main() -> None:
    captioner = captioners.build(Networks(FeatureCache()))[sys.argv[1]]
    seconds: dict[str, list[float]] = {"one": [], "batch": [], "words": []}
    for number in range(TIMES + 1):
        many, (alone, *_) = (photos.read(photos.files(2 * number + part)).queries for part in (0, 1))
        started = time.perf_counter()
        captioner.describe(many)
        seconds["batch"].append(time.perf_counter() - started)
        started = time.perf_counter()
        (best, *_), *_ = captioner.describe([alone])
        seconds["one"].append(time.perf_counter() - started)
        started = time.perf_counter()
        captioner.words(alone, best.text)
        seconds["words"].append(time.perf_counter() - started)
    print(json.dumps({name: statistics.median(values[1:]) for name, values in seconds.items()}))


if __name__ == "__main__":
    main()
