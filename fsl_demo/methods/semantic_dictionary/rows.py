"""The dictionary of one episode: a row a class, made of its words and refined by its support pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from fsl_demo.inference.calibration import HeldOut, softmax
from fsl_demo.inference.dictionary_space import codes
from fsl_demo.inference.shares import Shares
from fsl_demo.inference.vectors import l2_normalize

STRENGTHS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""How many pictures a text may count for."""
DEFAULT, RATIO = 2.0, 0.5
"""Of `STRENGTHS`, unless held-out pictures say otherwise; and of the lengths of pictures' and texts' rows."""
PRIOR = 2.0
"""How strongly held-out pictures have to disagree with the default."""
MOST = 200
"""Support pictures that are held out."""


@dataclass(frozen=True)
class Known:
    """What an episode says of its classes.

    Attributes:
        texts: rows of their words, [C, d]; zeros for a class without text.
        vectors: of the support pictures, [S, d].
        owners: class index of each, [S].
        shares: how much each counts among its near-duplicates.
        background: the mean of regions of nothing, which is taken off pictures, [d].
        length: of a row of a text.
    """

    texts: np.ndarray
    vectors: np.ndarray
    owners: np.ndarray
    shares: Shares
    background: np.ndarray
    length: float

    def rows(self, strength: float) -> np.ndarray:
        """Each class's row, [C, d]: the one nearest to its pictures and, `strength` times as strongly, to its text.

        Ridge regression towards the text's row t from the vectors f of K pictures: r = (sum f + strength t) / (K +
        strength), where f has no background any more. The mean of pictures is nearer to other pictures than a text
        is, so `RATIO` of a text's length makes their codes as large.
        """
        return self._mixed(self.texts, self.shares.sums(self.vectors), counts=self.shares.counts, strength=strength)

    def _mixed(self, texts: np.ndarray, sums: np.ndarray, counts: np.ndarray, strength: float) -> np.ndarray:
        """`rows` from sums of pictures [C, d] and their numbers [C]."""
        pictures = l2_normalize(sums - counts[:, None] * self.background) * RATIO * self.length * counts[:, None]
        told = np.where(texts.any(axis=1), strength, 0.0)[:, None]
        return np.asarray((pictures + told * texts) / np.maximum(counts[:, None] + told, 1e-12), np.float32)

    def held_out(self, strength: float) -> np.ndarray:
        """Codes of the support pictures when their class does without them and their near-duplicates, [S, C].

        Those of pictures that say nothing, or beyond `MOST`, are 0.
        """
        sums, rows = self.shares.sums(self.vectors), self.rows(strength)
        explained = np.zeros((len(self.owners), len(rows)), np.float32)
        for number in self.tried:
            own, near = self.owners[number], self.shares.near[number] * self.shares.weights
            without = rows.copy()
            without[own] = self._mixed(
                self.texts[own : own + 1],
                (sums[own] - near @ self.vectors)[None],
                counts=self.shares.left[number : number + 1],
                strength=strength,
            )[0]
            explained[number] = codes(self.vectors[number : number + 1], without)[0]
        return explained

    @cached_property
    def tried(self) -> np.ndarray:
        """Numbers of the pictures that are held out."""
        telling = np.flatnonzero(self.shares.evidence > 0)
        return np.sort(np.random.default_rng(0).permutation(telling)[:MOST])


@dataclass(frozen=True)
class Refined:
    """The rows of the classes, and what held-out pictures said of them.

    Attributes:
        rows: [C, d].
        strength: how many pictures a text counts for.
        held_out: of support pictures, under that strength.
    """

    rows: np.ndarray
    strength: float
    held_out: HeldOut


def refined(known: Known, temperature: float, strength: float | None = None) -> Refined:
    """Rows under the strength that tells held-out pictures apart best.

    Args:
        temperature: what codes are multiplied with.
        strength: in place of the best.
    """
    evidence = np.zeros(len(known.owners))
    evidence[known.tried] = known.shares.evidence[known.tried]
    best: tuple[float, float, HeldOut] | None = None
    for tried in STRENGTHS if strength is None else (strength,):
        held = replace(known.shares.seen(known.held_out(tried)), evidence=evidence)
        likely = softmax(temperature * held.similarities)[np.arange(len(evidence)), known.owners]
        cost = PRIOR * float(np.log(max(tried, 1e-6) / DEFAULT)) ** 2 - float((np.log(likely + 1e-12) * evidence).sum())
        if best is None or cost < best[0]:
            best = cost, tried, held
    assert best is not None
    return Refined(known.rows(best[1]), strength=best[1], held_out=best[2])
