"""Whether the one answer of several methods keeps its word: its probability, and the mark "unlike your examples".

`python -m benchmarks.answers DATA [--classes even|odd]` on a folder of class folders. That most methods have to say so
for the mark was chosen on the even classes. Of the queries one sixth are of a class that is not there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from fsl_demo import runtime
from fsl_demo.core.episodes import ClassSpec, Episode, Example, combine, quiet
from fsl_demo.datasets.class_folders import class_folders
from fsl_demo.evaluation.episodes import Opened

METHODS = ("prototype", "asif", "compact-vlm", "can")
WAY, QUERIES = 5, 5
SURE = 0.9


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("data", type=Path)
    options.add_argument("--classes", choices=("even", "odd"), default="odd")
    options.add_argument("--episodes", type=int, default=60)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    runtime.prepare()
    from fsl_demo import methods
    from fsl_demo.backbones.cache import FeatureCache
    from fsl_demo.backbones.networks import Networks

    known = methods.build(Networks(FeatureCache()))
    folders = list(class_folders(chosen.data).items())[chosen.classes == "odd" :: 2]
    print(f"{chosen.classes} classes: {len(folders)}, {WAY}-way, {chosen.episodes} episodes, seed {chosen.seed}")
    print(f"{'':<22}{'of a class: marked':>20}{'of none: marked':>18}{'accuracy':>10}")
    for shots in ((1,), (2,), (5,), (1, 5)):
        draw, opened = np.random.default_rng(chosen.seed), Opened()
        marks: dict[str, list[list[bool]]] = {name: [[], []] for name in (*METHODS, "together")}
        right: dict[str, list[bool]] = {name: [] for name in marks}
        sure: list[tuple[float, bool]] = []
        for _ in range(chosen.episodes):
            picked = [folders[i] for i in draw.permutation(len(folders))[: WAY + 1]]
            support, queries, truth = [], [], []
            for index, (_, files) in enumerate(picked):
                order = draw.permutation(len(files))
                shot = shots[index % len(shots)]
                if index < WAY:
                    support += [Example(opened(files[i]), index) for i in order[:shot]]
                queries += [opened(files[i]) for i in order[shot : shot + QUERIES]]
                truth += [index] * QUERIES
            specs = tuple(ClassSpec(name.replace("_", " ")) for name, _ in picked[:WAY])
            episode = Episode(specs, tuple(support), tuple(queries))
            scores = [
                known[name].fit(episode, known[name].Settings(), quiet).predict(queries, quiet) for name in METHODS
            ]
            together = combine(scores)
            for query, index in enumerate(truth):
                for name, answer in zip(METHODS, scores, strict=True):
                    marks[name][index == WAY].append(answer.unlike(query))
                    right[name].append(answer.best(query) == index) if index < WAY else None
                marks["together"][index == WAY].append(bool(together.unlike[query]))
                best = together.best(query)
                if index < WAY:
                    right["together"].append(best == index)
                    sure.append((float(together.probabilities[query, best]), best == index))
        print("-".join(map(str, shots)), "shots")
        chances, hits = zip(*[pair for pair in sure if pair[0] >= SURE], strict=True)
        expected, wrong = sum(1 - chance for chance in chances), len(hits) - sum(hits)
        print(f"  surer than {SURE:.0%}: {len(hits)} of {len(sure)}; mistakes expected {expected:.0f}, made {wrong}")
        for name, (inside, outside) in marks.items():
            print(f"  {name:<20}{np.mean(inside):>20.1%}{np.mean(outside):>18.1%}{np.mean(right[name]):>10.1%}")


if __name__ == "__main__":
    main()
