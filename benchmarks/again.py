"""Seconds for predicting again with the methods that are ticked for photographs, as JSON: 10 classes of 5, 300 queries.

First everything is new; then nothing is; then one query is. What that picture costs to embed is timed with another new
picture, in all networks that the methods asked for the one.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fsl_demo import runtime

runtime.prepare("cpu")

from benchmarks import photos  # noqa: E402
from fsl_demo.backbones.cache import Backbone, FeatureCache  # noqa: E402
from fsl_demo.backbones.networks import Networks  # noqa: E402
from fsl_demo.core.episodes import ClassSpec, Episode, Progress, quiet  # noqa: E402
from fsl_demo.core.errors import UserError  # noqa: E402
from fsl_demo.core.pictures import Picture, ingest  # noqa: E402
from fsl_demo.methods import build, proposed  # noqa: E402
from fsl_demo.services.predict import Plan, predict  # noqa: E402

SETS, TIMES = 7, 9
"""Sets of pictures: two give five classes each, and all give queries."""


class Recording(FeatureCache):
    """Notes which networks embed."""

    def __init__(self) -> None:
        super().__init__()
        self.networks: dict[str, Backbone] = {}

    def pooled(self, backbone: Backbone, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        self.networks[backbone.id] = backbone
        return super().pooled(backbone, pictures, progress)

    def maps(self, backbone: Backbone, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        self.networks[backbone.id] = backbone
        return super().maps(backbone, pictures, progress)


def large() -> Episode:
    """Ten classes of five shots, and 300 queries."""
    sets = [photos.read(photos.files(number)) for number in range(2 * SETS)]
    first, second = sets[:2]
    classes = (*first.classes, *(ClassSpec(f"other {spec.name}") for spec in second.classes))
    moved = [replace(example, class_index=example.class_index + len(first.classes)) for example in second.support]
    pictures = [
        picture for each in sets[2:] for picture in (*(example.picture for example in each.support), *each.queries)
    ]
    return Episode(classes, (*first.support, *moved), tuple([*first.queries, *second.queries, *pictures][:300]))


def main() -> None:
    features = Recording()
    known, episode = build(Networks(features)), large()
    names = proposed(known, [example.picture for example in episode.support])
    plans = [Plan(known[name], known[name].Settings()) for name in names]
    new = [ingest(data, "new.jpg") for _, data in photos.files(2 * SETS)[: 2 * TIMES]]
    seconds: dict[str, list[float]] = {"first": [], "again": [], "one more": [], "embedding": []}

    def refused(method: str, error: UserError) -> None:
        raise error

    def answer(name: str, queries: Sequence[Picture]) -> None:
        started = time.perf_counter()
        predict(replace(episode, queries=tuple(queries)), plans, progress=quiet, refused=refused)
        seconds[name].append(time.perf_counter() - started)

    answer("first", episode.queries)
    for number in range(TIMES):
        answer("again", episode.queries)
        features.networks.clear()
        before = features.embedded.copy()
        answer("one more", [*episode.queries, new[2 * number]])
        asked = [
            network for network in features.networks.values() if features.embedded[network.id] > before[network.id]
        ]
        assert features.embedded.total() == before.total() + len(asked), "one new query, so one picture to embed"
        started = time.perf_counter()
        for network in asked:
            features.maps(network, [new[2 * number + 1]])
        seconds["embedding"].append(time.perf_counter() - started)
    print(json.dumps({name: statistics.median(values) for name, values in seconds.items()} | {"methods": names}))


if __name__ == "__main__":
    main()
