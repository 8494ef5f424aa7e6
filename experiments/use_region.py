"""Whether the best region of a picture tells more than the whole: `python -m experiments.use_region --root data`.

Few-shot episodes on VOC 2007's test photographs that show things of one class alone. Both ways answer the same
episodes; the difference of their accuracies is paired by episode. One JSON object a number of shots.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.cli import options, reporting
from fsl_demo.core.capabilities import Method
from fsl_demo.core.episodes import ClassSpec, Episode, Example, Progress, quiet
from fsl_demo.core.pictures import Picture, ingest
from fsl_demo.core.registry import Registry
from fsl_demo.datasets import voc2007
from fsl_demo.detectors.things import ThingDetector
from fsl_demo.evaluation import intervals
from fsl_demo.evaluation.sampling import Sampling
from fsl_demo.methods.prototype import Prototype
from fsl_demo.services.close_ups import on_regions

POOL = 16
"""Photographs of a class, at most."""
WAY, SHOTS, QUERIES, EPISODES = 5, (1, 5), 5, 300


def rows(
    registry: Registry, method: Method, pool: Mapping[str, Sequence[Picture]], progress: Progress
) -> Iterator[Any]:
    """A row of the table for each number of shots."""
    closer = on_regions(registry, method)
    for shot in SHOTS:
        sampler = Sampling(way=WAY, shot=shot, queries=QUERIES).sampler(pool)
        whole, region = [], []
        for number, drawn in enumerate(sampler.draw(EPISODES)):
            progress("score", number, EPISODES)
            episode = Episode(
                tuple(map(ClassSpec, drawn.names)),
                tuple(Example(picture, label) for label, own in enumerate(drawn.support) for picture in own),
                tuple(picture for own in drawn.queries for picture in own),
            )
            whole.append(accuracy(method, episode))
            region.append(accuracy(closer, episode))
        yield {
            "shot": shot,
            "whole": asdict(intervals.mean(whole)),
            "region": asdict(intervals.mean(region)),
            "difference": asdict(intervals.paired(region, whole)),
        }


def accuracy(method: Method, episode: Episode) -> float:
    """Share of the queries that get the class at their place."""
    scores = method.fit(episode, method.Settings()).predict(episode.queries, quiet)
    truth = np.repeat(np.arange(len(episode.classes)), QUERIES)
    return float(np.mean([scores.best(query) == label for query, label in enumerate(truth)]))


def single(photographs: Sequence[voc2007.Photograph], most: int) -> dict[str, list[voc2007.Photograph]]:
    """By class, photographs whose things are all of it, the first of them."""
    by_class: dict[str, list[voc2007.Photograph]] = {}
    for photograph in photographs:
        names = {thing.name for thing in photograph.things}
        if len(names) == 1:
            by_class.setdefault(voc2007.WORDS[names.pop()], []).append(photograph)
    return {name: own[:most] for name, own in by_class.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path("data"), metavar="DIR", help="holds the data sets")
    options.add_machine(parser)
    chosen = parser.parse_args()
    options.prepare(chosen)
    networks, terminal = Networks(FeatureCache(map_bytes=1)), reporting.Terminal()
    method = Prototype(networks)
    pool = {
        name: [ingest(photograph.file) for photograph in own]
        for name, own in single(voc2007.photographs(chosen.root, "test"), POOL).items()
        if len(own) >= max(SHOTS) + QUERIES
    }
    registry = Registry([method], detectors=[ThingDetector(networks)])
    for row in rows(registry, method, pool, terminal.progress):
        print(json.dumps({"method": method.card.id, "classes": len(pool)} | row), flush=True)


if __name__ == "__main__":
    main()
