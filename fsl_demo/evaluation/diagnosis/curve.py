"""What more pictures buy: accuracy by the number of pictures a class, all methods on the same resamples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fsl_demo.core.capabilities import Method
from fsl_demo.core.episodes import Episode, Progress
from fsl_demo.evaluation import intervals
from fsl_demo.evaluation.calibration import credits
from fsl_demo.evaluation.diagnosis.folds import answered
from fsl_demo.evaluation.intervals import Interval

LADDER = (1, 2, 4, 8)
LONGEST = 16
"""Pictures of a class to learn from, at most."""
QUERIES = 4
"""Of a class in a resample, at most."""
ANSWERS = 240
"""About so many are asked for with each number of pictures, in `FEWEST` to `MOST` resamples."""
FEWEST, MOST = 6, 16


@dataclass(frozen=True)
class Resample:
    """Of each class, some pictures to learn from, in order, and others to answer.

    Attributes:
        support: [C, most].
        queries: of all classes.
    """

    support: np.ndarray
    queries: np.ndarray


@dataclass(frozen=True)
class Drawn:
    """Resamples, of which the first `size` pictures a class are learned from."""

    resamples: Sequence[Resample]
    size: int


@dataclass(frozen=True)
class Curve:
    """Accuracy by number of pictures a class, for each method.

    Attributes:
        sizes: pictures a class.
        points: by id of the method, one a size.
        gains: by id of the method, what the last picture of each class brought: the last size less the one before.
    """

    sizes: tuple[int, ...]
    points: Mapping[str, tuple[Interval, ...]]
    gains: Mapping[str, Interval]


def sizes(owners: np.ndarray, groups: np.ndarray, classes: int) -> tuple[int, ...]:
    """The numbers of pictures a class to try; none where a class has fewer than three independent pictures."""
    most = min((len(members) for members in _independent(owners, groups, classes)), default=0) - 1
    if most < 2:
        return ()
    top = min(most, LONGEST)
    return tuple(sorted({size for size in LADDER if size < top} | {top - 1, top}))


def resamples(owners: np.ndarray, groups: np.ndarray, classes: int, most: int, seed: int = 0) -> list[Resample]:
    """Drawn with a seed; near-duplicates of a picture are left out.

    Args:
        most: pictures of a class to learn from.
    """
    random = np.random.default_rng(seed)
    members = _independent(owners, groups, classes)
    asked = sum(min(QUERIES, len(pictures) - most) for pictures in members)
    drawn = []
    for _ in range(min(MOST, max(FEWEST, ANSWERS // asked))):
        shuffled = [random.permutation(pictures) for pictures in members]
        queries = np.concatenate([pictures[most : most + QUERIES] for pictures in shuffled])
        drawn.append(Resample(np.stack([pictures[:most] for pictures in shuffled]), queries))
    return drawn


def credits_of(method: Method, episode: Episode, settings: Any, drawn: Drawn, progress: Progress) -> list[np.ndarray]:
    """Credits of a method's answers to the queries of each resample.

    Raises:
        UserError: what the method raises.
    """
    owners = np.array([example.class_index for example in episode.support], int)
    scored = answered(method, _episodes(episode, drawn), settings=settings, progress=progress)
    return [
        credits(probabilities, owners[resample.queries])
        for resample, probabilities in zip(drawn.resamples, scored, strict=True)
    ]


def _episodes(episode: Episode, drawn: Drawn) -> list[Episode]:
    return [
        replace(
            episode,
            support=tuple(episode.support[picture] for picture in resample.support[:, : drawn.size].ravel()),
            queries=tuple(episode.support[picture].picture for picture in resample.queries),
        )
        for resample in drawn.resamples
    ]


Credits = Sequence[Sequence[np.ndarray]]
"""Of one method's answers, by size and resample."""


def curve(tried: Sequence[int], drawn: Sequence[Resample], right: Mapping[str, Credits]) -> Curve:
    """From credits by id of the method. Intervals are over pictures, which are independent."""
    queries = np.concatenate([resample.queries for resample in drawn])
    pictures, place = np.unique(queries, return_inverse=True)
    times = np.bincount(place)
    by_method = {
        method: [np.bincount(place, np.concatenate(parts), minlength=len(pictures)) / times for parts in by_size]
        for method, by_size in right.items()
    }
    return Curve(
        sizes=tuple(tried),
        points={method: tuple(map(intervals.share, shares)) for method, shares in by_method.items()},
        gains={method: intervals.paired_shares(shares[-1], shares[-2]) for method, shares in by_method.items()},
    )


def _independent(owners: np.ndarray, groups: np.ndarray, classes: int) -> list[np.ndarray]:
    """Of each class, the first picture of each group of near-duplicates that is of no other class."""
    first: dict[int, int] = {}
    mixed = {group for group in groups.tolist() if len(np.unique(owners[groups == group])) > 1}
    for picture, group in enumerate(groups.tolist()):
        if group not in mixed:
            first.setdefault(group, picture)
    chosen = np.array(sorted(first.values()), int)
    return [chosen[owners[chosen] == index] for index in range(classes)]
