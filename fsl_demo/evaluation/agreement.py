"""How far two people agree, beyond what chance would bring about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from fsl_demo.evaluation.intervals import Interval, wilson

LEAST = 20
"""Pictures from which on agreement is told; below, the interval says next to nothing."""
RESAMPLES = 2_000


@dataclass(frozen=True)
class Agreement:
    """Of two people on the pictures that both labelled.

    Attributes:
        pictures: how many these are.
        share: of the pictures on which they agree, with Wilson's interval; None for fewer than `LEAST`.
        kappa: Cohen's, with a bootstrap interval; None for fewer than `LEAST`, and where both say one class only.
    """

    pictures: int
    share: Interval | None
    kappa: Interval | None


def kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float:
    """Cohen's kappa (Cohen 1960): (p_o - p_e) / (1 - p_e), with p_o the share of pictures on which both say the same,
    and p_e the share that would come about by chance if each used the classes as often as they do.

    Returns:
        NaN where both say one and the same class throughout, or there is no picture.
    """
    cells, codes = _cells(first, second)
    return float(_kappas(np.array([list(cells.values())], float), codes)[0]) if cells else float("nan")


def agreement(first: Sequence[Hashable], second: Sequence[Hashable], seed: int = 0) -> Agreement:
    """The agreement of two people's words on the same pictures; "none of these" is a word, too."""
    pictures = len(first)
    if pictures < LEAST:
        return Agreement(pictures, None, None)
    cells, codes = _cells(first, second)
    counts = np.array(list(cells.values()), float)
    same = sum(count for (word, other), count in cells.items() if word == other)
    share = Interval(same / pictures, *wilson(same, pictures))
    value = float(_kappas(counts[None], codes)[0])
    if np.isnan(value):
        return Agreement(pictures, share, None)
    if same == pictures:  # no resample differs; how sure that is, is the share's interval
        chance = _chance(counts[None], codes)[0]
        low = (share.low - chance) / (1 - chance)
        return Agreement(pictures, share, Interval(1.0, float(low), 1.0))
    drawn = np.random.default_rng(seed).multinomial(pictures, counts / pictures, RESAMPLES)
    low, high = np.nanquantile(_kappas(drawn, codes), (0.025, 0.975))
    return Agreement(pictures, share, Interval(value, float(low), float(high)))


def _cells(
    first: Sequence[Hashable], second: Sequence[Hashable]
) -> tuple[Counter[tuple[Hashable, Hashable]], np.ndarray]:
    """How many pictures have each pair of words, and the pairs as numbers of words, [pairs, 2]."""
    if len(first) != len(second):
        raise ValueError(f"{len(first)} words and {len(second)}: of the same pictures expected")
    cells = Counter(zip(first, second, strict=True))
    numbers: dict[Hashable, int] = {}
    for pair in cells:
        for word in pair:
            numbers.setdefault(word, len(numbers))
    return cells, np.array([[numbers[word] for word in pair] for pair in cells], int).reshape(-1, 2)


def _chance(counts: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """p_e of each row of counts [R, pairs]."""
    words = np.eye(codes.max() + 1)
    shares = counts / counts.sum(axis=1, keepdims=True)
    chance: np.ndarray = ((shares @ words[codes[:, 0]]) * (shares @ words[codes[:, 1]])).sum(axis=1)
    return chance


def _kappas(counts: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Kappa of each row of counts [R, pairs]; NaN where chance explains everything."""
    observed = counts[:, codes[:, 0] == codes[:, 1]].sum(axis=1) / counts.sum(axis=1)
    chance = _chance(counts, codes)
    room = 1 - chance
    kappas: np.ndarray = np.where(room > 1e-12, (observed - chance) / np.where(room > 1e-12, room, 1), np.nan)
    return kappas
