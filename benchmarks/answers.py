"""Whether the one answer of several methods keeps its word: its probability, and the mark "unlike your examples".

`python -m benchmarks.answers data/photos cifar_fs --json docs/results/30-one-answer.json` measures folders of class
folders, of which it takes every other class, and data sets by name, of which it takes the test part; with --choosing,
the other classes, or the validation part, on which everything is chosen. Of the queries one sixth are of classes that
are not there.
"""

from __future__ import annotations

import argparse
import json
import math
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.support_sets import KINDS, LEAST, OUTSIDE, Kind, Task, draw
from fsl_demo import datasets, runtime
from fsl_demo.core.capabilities import Method
from fsl_demo.core.episodes import Combined, Scores, combine
from fsl_demo.datasets.class_folders import class_folders
from fsl_demo.datasets.parts import Item, large_enough
from fsl_demo.evaluation.calibration import auroc, expected_calibration_error
from fsl_demo.evaluation.episodes import Opened
from fsl_demo.evaluation.outcomes import scores
from fsl_demo.inference.calibration import REFUSED

METHODS = ("prototype", "asif", "compact-vlm", "can")
TOGETHER = "together"
MAP_BYTES = 6_000_000_000
"""Memory for the maps of pictures, which come up in episode after episode."""
SURE = 0.9
A_CLASS = 40
"""Pictures of a class that are drawn from."""
TITLE = "The one answer"
ABOUT = """\
What the page, the files and the command line say first: one class a picture, its probability, and the mark "unlike \
your examples". 5 queries of each class that is there, and one fifth as many of classes that are not; {methods} \
together, in brackets `prototype` alone; seed {seed}. "Copies" are a crop, a mirror image, JPEG of quality 40, and all \
three at once, of the same picture. ECE is of the first answer's probability; AUROC says how well a number tells two \
kinds of queries apart: the probability right answers from wrong ones, the likeness to the examples queries of the \
classes from others."""
COLUMNS = (
    "data",
    "classes",
    "pictures a class",
    "accuracy",
    "ECE",
    "probability, AUROC",
    "surer than 90 %: mistakes expected, made",
    "of a class: marked",
    "of none: marked",
    "likeness, AUROC",
    "not told",
    "command",
)


@dataclass
class Answers:
    """What was said of the queries of some tasks: a row each of probability, right, of a class, marked, likeness."""

    rows: list[tuple[float, bool, bool, bool, float]] = field(default_factory=list)

    def add(self, answer: Scores | Combined, task: Task) -> None:
        for query, index in enumerate(task.truth):
            best, inside = answer.best(query), index < len(task.episode.classes)
            chance, likeness = float(answer.probabilities[query, best]), float(answer.likeness[query])
            self.rows.append((chance, best == index, inside, bool(answer.unlike(query)), likeness))

    def figures(self) -> dict[str, float]:
        """Shares of 1; `lowest` is the likeness under which as many queries of a class are as may be marked.

        NaN where nobody can tell, or nobody was wrong.
        """
        chance, right, inside, marked, likeness = (np.array(column) for column in zip(*self.rows, strict=True))
        sure, hits, told = chance[inside], right[inside], ~np.isnan(likeness)
        return {
            "accuracy": float(hits.mean()),
            "ece": expected_calibration_error(sure, hits),
            "sure_auroc": auroc(sure[hits], sure[~hits]) if not hits.all() else math.nan,
            "marked": float(marked[inside].mean()),
            "outside_marked": float(marked[~inside].mean()),
            "likeness_auroc": auroc(likeness[told & inside], likeness[told & ~inside]) if told.any() else math.nan,
            "untold": float(np.mean(~told)),
            "sure": int((sure >= SURE).sum()),
            "expected": float((1 - sure[sure >= SURE]).sum()),
            "made": int((~hits[sure >= SURE]).sum()),
            "lowest": float(np.quantile(likeness[told & inside], REFUSED)) if told.any() else math.nan,
        }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data", nargs="+")
    options.add_argument("--root", type=Path, default=Path("data"), help="holds the data sets")
    options.add_argument("--choosing", action="store_true", help="the classes on which everything is chosen")
    options.add_argument("--way", default="5,20")
    options.add_argument("--episodes", type=int, default=60, help="of 5 classes; fewer where there are more classes")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--methods", default=",".join(METHODS))
    options.add_argument("--json", type=Path, help="write the section of docs/results.md")
    chosen = options.parse_args()
    runtime.prepare()
    from fsl_demo import methods
    from fsl_demo.backbones.cache import FeatureCache
    from fsl_demo.backbones.networks import Networks

    known = methods.build(Networks(FeatureCache(map_bytes=MAP_BYTES)))
    compared, rows = [known[name] for name in chosen.methods.split(",")], []
    for data in chosen.data:
        classes, opened = classes_of(data, chosen.root, choosing=chosen.choosing), Opened()
        for wanted in map(int, chosen.way.split(",")):
            way = min(wanted, len(classes) * OUTSIDE // (OUTSIDE + 1))
            for kind in KINDS:
                answers = measured(
                    compared,
                    classes=classes,
                    kind=kind,
                    way=way,
                    episodes=max(1, chosen.episodes * 5 // way),
                    seed=chosen.seed,
                    opened=opened,
                )
                print(f"{data}, {way}-way, pictures a class: {kind.title}")
                for name, answered in answers.items():
                    shown = "  ".join(f"{key} {value:.3f}" for key, value in answered.figures().items())
                    print(f"  {name:<14}{shown}", flush=True)
                rows.append(row(data, way=way, kind=kind, answers=answers))
    if chosen.json:
        write(chosen.json, rows, methods=chosen.methods, seed=chosen.seed)


def classes_of(data: str, root: Path, choosing: bool) -> dict[str, Sequence[Item]]:
    """Pictures by class: half of a folder's classes, or a part of a data set."""
    if data in datasets.DATASETS:
        parts = datasets.read(data, root)
        classes = dict((parts.validation if choosing else parts.test).classes)
    else:
        classes = dict(list(class_folders(Path(data)).items())[not choosing :: 2])
    return {name: items[:A_CLASS] for name, items in large_enough(classes, LEAST).items()}


def measured(
    compared: Sequence[Method],
    classes: Mapping[str, Sequence[Item]],
    kind: Kind,
    way: int,
    episodes: int,
    seed: int,
    opened: Opened,
) -> dict[str, Answers]:
    """What each method says, and all together."""
    random = np.random.default_rng(seed)
    tasks = [draw(classes, kind=kind, way=way, random=random, opened=opened) for _ in range(episodes)]
    answered = [scores(method, method.Settings(), [task.episode for task in tasks]) for method in compared]
    answers = {name: Answers() for name in (TOGETHER, *(method.card.id for method in compared))}
    for task, *by_method in zip(tasks, *answered, strict=True):
        for answer in by_method:
            answers[answer.method].add(answer, task)
        answers[TOGETHER].add(combine(by_method), task)
    return answers


def row(data: str, way: int, kind: Kind, answers: Mapping[str, Answers]) -> dict[str, Any]:
    """A row of the table: all together, and in brackets the first method."""
    together, *others = (answered.figures() for answered in answers.values())

    def shown(value: float, sort: str) -> Any:
        return "–" if math.isnan(value) else {sort: round(value, 3)}

    def cell(figure: str, sort: str) -> list[Any]:
        return [shown(together[figure], sort), " (", shown(others[0][figure], sort), ")"]

    return {
        "data": f"`{Path(data).name}`",
        "classes": str(way),
        "pictures a class": kind.title,
        "accuracy": cell("accuracy", "share"),
        "ECE": cell("ece", "score"),
        "probability, AUROC": cell("sure_auroc", "score"),
        "surer than 90 %: mistakes expected, made": (
            f"{together['expected']:.0f}, {together['made']} of {together['sure']:,}"
        ),
        "of a class: marked": cell("marked", "share"),
        "of none: marked": cell("outside_marked", "share"),
        "likeness, AUROC": cell("likeness_auroc", "score"),
        "not told": cell("untold", "share"),
        "command": shlex.join(["python", "-m", "benchmarks.answers", *sys.argv[1:]]),
    }


def write(file: Path, rows: Sequence[Mapping[str, Any]], methods: str, seed: int) -> None:
    """Write the section that `experiments.results` puts on its page."""
    about = ABOUT.format(methods=", ".join(f"`{name}`" for name in methods.split(",")), seed=seed)
    table = {"columns": COLUMNS[:-1], "rows": rows}
    section = {"title": TITLE, "about": [about], "tables": [table]}
    file.write_text(json.dumps(section, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
