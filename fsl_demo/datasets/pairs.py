"""Balanced pairs of pictures: half of one class, half of two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from fsl_demo.core.errors import UserError

Item = TypeVar("Item")


class PairSampler:
    """Draws as many pairs of one class as of two, afresh each epoch.

    Args:
        labels: class index of each picture.
        seed: with the number of the epoch, it determines the pairs.

    Raises:
        UserError: `setting_bad` when there is one class only, or no class with two pictures.
    """

    def __init__(self, labels: Sequence[int] | np.ndarray, seed: int = 0) -> None:
        self.labels, self.seed = np.asarray(labels), seed
        classes, counts = np.unique(self.labels, return_counts=True)
        if len(classes) < 2:
            raise UserError("setting_bad", name="data", value="used", reason="Pairs of two classes need two classes.")
        if counts.max() < 2:
            reason = "Pairs of one class need a class with two pictures."
            raise UserError("setting_bad", name="data", value="used", reason=reason)
        self._members = [np.flatnonzero(self.labels == label) for label in classes[counts >= 2]]

    def draw(self, epoch: int, pairs: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Indices of first and second pictures and whether they are of one class, each [pairs], shuffled.

        Classes are equally likely in pairs of one class, pictures in pairs of two.
        """
        random = np.random.default_rng((self.seed, epoch))
        same = np.arange(pairs) < pairs // 2
        first, second = np.empty(pairs, int), np.empty(pairs, int)
        for number in np.flatnonzero(same):
            members = self._members[random.integers(len(self._members))]
            first[number], second[number] = random.choice(members, 2, replace=False)
        for number in np.flatnonzero(~same):
            first[number] = row = random.integers(len(self.labels))
            others = np.flatnonzero(self.labels != self.labels[row])
            second[number] = others[random.integers(len(others))]
        order = random.permutation(pairs)
        return first[order], second[order], same[order]


def fixed_pairs(
    classes: Mapping[str, Sequence[Item]], pairs: int, seed: int = 0
) -> tuple[tuple[Item, Item, bool], ...]:
    """So many balanced pairs, always the same ones."""
    items = [item for members in classes.values() for item in members]
    labels = np.repeat(np.arange(len(classes)), [len(members) for members in classes.values()])
    first, second, same = PairSampler(labels, seed).draw(0, pairs)
    return tuple((items[a], items[b], bool(s)) for a, b, s in zip(first, second, same, strict=True))
