"""Whether a fine-tuned version answers better than the one before: both on the same episodes of a frozen test part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, comb
from typing import Literal

import numpy as np

from fsl_demo.core.collections import FrozenCollection
from fsl_demo.core.pictures import Picture
from fsl_demo.evaluation.calibration import expected_calibration_error
from fsl_demo.evaluation.intervals import Interval
from fsl_demo.evaluation.resampling import ratio
from fsl_demo.evaluation.sampling import Sampling

WAY, SHOT, QUERIES = 5, 1, 5
"""At most, as far as the test part goes."""
TIMES, EPISODES = 3, (20, 200)
"""How often a picture is asked at least, on average; fewest and most episodes."""
FEWEST = 10
"""Test pictures; with fewer, nothing is said about the difference."""
Z, POWER = 1.96, 0.84
"""Normal quantiles of a 95 % interval, and of a chance of 80 % to see a difference that is there."""
MOST = 10_000
"""Further test pictures; where more would be needed, no number is named."""

Verdict = Literal["better", "worse", "unclear", "unchanged", "few"]


@dataclass(frozen=True)
class Answer:
    """What a version says of a query.

    Attributes:
        class_index: among the classes of the episode.
        probability: of the answer.
    """

    class_index: int
    probability: float
    unlike: bool | None


@dataclass(frozen=True)
class Asked:
    """A query of an episode, and what both versions say of it.

    Attributes:
        episode, query: numbers, from 0.
        classes: names of the episode's classes.
        truth: among them.
    """

    episode: int
    query: int
    picture: Picture
    classes: tuple[str, ...]
    truth: int
    before: Answer
    after: Answer

    @property
    def was_right(self) -> bool:
        return self.before.class_index == self.truth

    @property
    def is_right(self) -> bool:
        return self.after.class_index == self.truth

    @property
    def flipped(self) -> bool:
        return self.before.class_index != self.after.class_index


@dataclass(frozen=True)
class Sides:
    """A figure before and after."""

    before: float
    after: float


@dataclass(frozen=True)
class McNemar:
    """McNemar's exact test (McNemar 1947) of pictures that most of their answers put right, before and after.

    Attributes:
        gained, lost: pictures that are right only after, and only before.
        p: two-sided.
    """

    gained: int
    lost: int
    p: float


@dataclass(frozen=True)
class ClassFigures:
    """A class's share of right answers."""

    name: str
    pictures: int
    answers: int
    accuracy: Sides


@dataclass(frozen=True)
class Comparison:
    """Figures of both versions on the same answers.

    Attributes:
        difference: of the accuracies, with an interval over pictures (bootstrap), as the answers about one picture go
            together.
        calibration: expected calibration error.
    """

    pictures: int
    answers: int
    accuracy: Sides
    difference: Interval
    mcnemar: McNemar
    calibration: Sides
    classes: tuple[ClassFigures, ...]

    @property
    def verdict(self) -> Verdict:
        if self.pictures < FEWEST:
            return "few"
        if self.difference.low > 0:
            return "better"
        if self.difference.high < 0:
            return "worse"
        return "unchanged" if self.difference.low == self.difference.high else "unclear"

    @property
    def more_pictures(self) -> int | None:
        """About how many further test pictures would tell with a chance of 80 % that there is a difference, if it is as
        large as it seems; None where something is known already, or where it takes more than `MOST`.

        The interval narrows with the root of the number of pictures: n' = n ((1.96 + 0.84) s / d)^2, with the
        difference d and its standard error s, which is paired.
        """
        if self.verdict != "unclear" or not self.difference.mean:
            return None
        error = (self.difference.high - self.difference.low) / (2 * Z)
        more = self.pictures * (((Z + POWER) * error / self.difference.mean) ** 2 - 1)
        return _two_digits(max(1.0, more)) if more <= MOST else None


def _two_digits(value: float) -> int:
    """Rounded up to two digits that count."""
    unit = 10 ** max(0, len(str(int(value))) - 2)
    return ceil(value / unit) * unit


def asked_pictures(collection: FrozenCollection) -> dict[str, list[Picture]]:
    """The test part by class: the first picture of each group of near-duplicates, of classes that have two or more."""
    first = {frozen.group: frozen for frozen in reversed(collection.part("test"))}
    classes: dict[str, list[Picture]] = {}
    for frozen in collection.part("test"):
        if first[frozen.group] is frozen:
            classes.setdefault(frozen.class_name, []).append(frozen.picture)
    return {name: pictures for name, pictures in classes.items() if len(pictures) > SHOT}


def frozen_sampling(collection: FrozenCollection) -> Sampling | None:
    """The frozen test episodes of a version, always the same ones; None where there are too few pictures for any."""
    sizes = [len(pictures) for pictures in asked_pictures(collection).values()]
    if len(sizes) < 2:
        return None
    way, queries = min(WAY, len(sizes)), min(QUERIES, min(sizes) - SHOT)
    episodes = int(np.clip(ceil(TIMES * sum(sizes) / (way * queries)), *EPISODES))
    seed = int(collection.digest[:8], 16)
    return Sampling(way=way, shot=SHOT, queries=queries, episodes=episodes, seed=seed)


def comparison(asked: Sequence[Asked]) -> Comparison:
    """Figures from all answers."""
    was_right, is_right = (np.array([getattr(row, side) for row in asked]) for side in ("was_right", "is_right"))
    shas = [row.picture.sha256 for row in asked]
    pictures = {sha: number for number, sha in enumerate(dict.fromkeys(shas))}
    owners = np.array([pictures[sha] for sha in shas])
    counts, before, after = (
        np.bincount(owners, weights=weights) for weights in (np.ones(len(asked)), was_right, is_right)
    )
    sure = [np.array([getattr(row, side).probability for row in asked]) for side in ("before", "after")]
    return Comparison(
        pictures=len(pictures),
        answers=len(asked),
        accuracy=Sides(float(was_right.mean()), float(is_right.mean())),
        difference=ratio(after - before, counts).interval,
        mcnemar=mcnemar(before > counts / 2, after > counts / 2),
        calibration=Sides(
            expected_calibration_error(sure[0], was_right.astype(float)),
            expected_calibration_error(sure[1], is_right.astype(float)),
        ),
        classes=tuple(_classes(asked)),
    )


def mcnemar(before: np.ndarray, after: np.ndarray) -> McNemar:
    """From what is right before and after, bool [N] each."""
    gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
    changed = gained + lost
    tail = sum(comb(changed, k) for k in range(min(gained, lost) + 1)) / 2**changed
    return McNemar(gained, lost, min(1.0, 2 * tail))


def _classes(asked: Sequence[Asked]) -> list[ClassFigures]:
    by_name: dict[str, list[Asked]] = {}
    for row in asked:
        by_name.setdefault(row.classes[row.truth], []).append(row)
    return [
        ClassFigures(
            name,
            pictures=len({row.picture for row in rows}),
            answers=len(rows),
            accuracy=Sides(float(np.mean([row.was_right for row in rows])), float(np.mean([r.is_right for r in rows]))),
        )
        for name, rows in by_name.items()
    ]
