"""Accuracy and calibration of methods over many episodes, all methods on the same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fsl_demo.core.capabilities import Method
from fsl_demo.core.episodes import ClassSpec, Episode, Example, Progress, quiet
from fsl_demo.core.pictures import Picture, ingest
from fsl_demo.datasets.parts import Classes, Item
from fsl_demo.evaluation import intervals
from fsl_demo.evaluation.calibration import credits, expected_calibration_error
from fsl_demo.evaluation.sampling import Drawn, EpisodeSampler


@dataclass(frozen=True)
class Figures:
    """One method's figures, all shares of 1.

    Attributes:
        accuracy, low, high: mean over episodes with its 95 % interval; over queries, by Wilson, for one episode.
        ece: expected calibration error over all queries, 15 bins.
        unlike: share of queries marked unlike the examples, though each belongs to a class.
        difference, difference_low, difference_high: accuracy against the first method, paired by episode; by query,
            for one episode; None for the first method.
    """

    method: str
    transductive: bool
    accuracy: float
    low: float
    high: float
    ece: float
    unlike: float
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None


@dataclass(frozen=True)
class Report:
    """Figures of some methods on the same episodes, and how the episodes were drawn."""

    classes: int
    way: int
    shot: int
    queries: int
    episodes: int
    seed: int
    figures: tuple[Figures, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def markdown(self) -> str:
        """A table under a line that says what was measured."""
        queries = f"{self.queries} queries a class" if self.queries else "every other picture a query"
        lines = [
            f"{self.way}-way {self.shot}-shot, {queries}, {self.episodes} episode{'s' * (self.episodes > 1)} from"
            f" {self.classes} classes, seed {self.seed}; chance {1 / self.way:.1%}; intervals of 95 %.",
            "",
            "| method | accuracy | against the first | ECE | marked unlike |",
            "|---|---|---|---|---|",
        ]
        for one in self.figures:
            against = "" if one.difference is None else _signed(one)
            name = f"{one.method} (transductive)" if one.transductive else one.method
            interval = f"{one.accuracy:.1%} ({one.low:.1%} to {one.high:.1%})"
            lines.append(f"| {name} | {interval} | {against} | {one.ece:.3f} | {one.unlike:.1%} |")
        return "\n".join(lines)


def evaluate(
    methods: Iterable[Method],
    files: Classes,
    way: int = 5,
    shot: int = 1,
    queries: int = 15,
    episodes: int = 600,
    seed: int = 0,
    progress: Progress = quiet,
    group: Callable[[str], str] = lambda name: "",
    settings: Mapping[str, Any] | None = None,
) -> Report:
    """Run methods over the same random episodes.

    Args:
        methods: the first one is what the others are compared with.
        files: picture files by class name.
        way: classes an episode; 0 takes all.
        shot: support pictures a class; 0 for zero-shot.
        queries: a class; 0 takes all pictures that are left.
        progress: told "score" and how many episodes are done; may raise `Cancelled`.
        group: from a class name to the group that the classes of an episode share.
        settings: by method id; automatic for a method that is not in it.

    Raises:
        UserError: `setting_bad` when there are too few classes or pictures; whatever a method or picture raises.
    """
    methods, opened = list(methods), Opened()
    sampler = EpisodeSampler(files, way, shot, queries, seed, group)
    right: list[list[np.ndarray]] = [[] for _ in methods]
    sure: list[list[np.ndarray]] = [[] for _ in methods]
    unlike: list[list[bool]] = [[] for _ in methods]
    for done, drawn in enumerate(sampler.draw(episodes)):
        progress("score", done, episodes)
        episode, truth = episode_of(drawn, opened)
        for number, method in enumerate(methods):
            fitted = method.fit(episode, (settings or {}).get(method.card.id, method.Settings()), quiet)
            scores = fitted.predict(episode.queries, quiet)
            right[number].append(credits(scores.probabilities, truth))
            sure[number].append(scores.probabilities.max(axis=1))
            unlike[number] += [scores.unlike(query) for query in range(len(truth))]
    progress("score", episodes, episodes)
    figures = [
        _figures(method, right[number], np.concatenate(sure[number]), float(np.mean(unlike[number])), right[0])
        for number, method in enumerate(methods)
    ]
    return Report(len(files), sampler.way, shot, queries, episodes, seed, tuple(figures))


class Opened:
    """Pictures by file, each read once; pixels are read again when they are asked for, so that few are in memory."""

    def __init__(self) -> None:
        self._pictures: dict[Path, Picture] = {}

    def __call__(self, file: Item) -> Picture:
        if isinstance(file, Picture):
            return file
        if file not in self._pictures:
            self._pictures[file] = replace(ingest(file), source=partial(_image, file))
        return self._pictures[file]


def episode_of(drawn: Drawn[Item], opened: Opened) -> tuple[Episode, np.ndarray]:
    """An episode from drawn files, and the class index of each query."""
    support = [Example(opened(file), index) for index, files in enumerate(drawn.support) for file in files]
    queries = [opened(file) for files in drawn.queries for file in files]
    specs = [ClassSpec(name.replace("_", " ")) for name in drawn.names]
    truth = np.repeat(np.arange(len(specs)), [len(files) for files in drawn.queries])
    return Episode(tuple(specs), tuple(support), tuple(queries)), truth


def _image(file: Path) -> Any:
    return ingest(file).image()


def _figures(
    method: Method, right: list[np.ndarray], sure: np.ndarray, unlike: float, first: list[np.ndarray]
) -> Figures:
    credit, units = np.concatenate(right), _units(right)
    if len(right) == 1:
        low, high = intervals.wilson(float(credit.sum()), len(credit))
    else:
        interval = intervals.mean(units)
        low, high = interval.low, interval.high
    gap = intervals.paired(units, _units(first))
    difference = () if right is first else (gap.mean, gap.low, gap.high)
    card, ece = method.card, expected_calibration_error(sure, credit)
    return Figures(card.id, card.transductive, float(units.mean()), low, high, ece, unlike, *difference)


def _units(right: list[np.ndarray]) -> np.ndarray:
    """What is independent: the accuracies of episodes, or the queries of a single one."""
    return right[0] if len(right) == 1 else np.array([one.mean() for one in right])


def _signed(one: Figures) -> str:
    return f"{one.difference:+.1%} ({one.difference_low:+.1%} to {one.difference_high:+.1%})"
