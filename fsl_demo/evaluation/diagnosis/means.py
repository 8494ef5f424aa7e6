"""Class means of labelled pictures, with each picture held out, and with any other taken away besides: exact.

Near-duplicates of a class together count as one picture, and are held out together, those of other classes too. A
class with fewer pictures has a longer mean, for which `inference.shares` corrects; so does this.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fsl_demo.inference.calibration import softmax


@dataclass(frozen=True)
class Labelled:
    """N labelled pictures as numbers.

    Attributes:
        vectors: unit vectors of the space in which classes are compared, [N, D].
        originals: unit vectors in which near-duplicates are found, [N, E].
        owners: class index of each, [N].
        groups: which near-duplicates it belongs to, [N].
        classes: how many there are.
        usual: the mean cosine of two pictures of a class; NaN where nobody has measured it.
    """

    vectors: np.ndarray
    originals: np.ndarray
    owners: np.ndarray
    groups: np.ndarray
    classes: int
    usual: float


@dataclass(frozen=True)
class Sums:
    """What is left of classes: the sum of the mean vectors of its groups, the products of its groups with themselves,
    and how many groups there are; of any shape that can be broadcast together.
    """

    products: np.ndarray
    lengths: np.ndarray
    own: np.ndarray
    counts: np.ndarray

    def similarities(self, usual: float) -> np.ndarray:
        """Cosines to the means, corrected for the number of pictures; -inf for a class of which nothing is left."""
        cosines = self.products / np.sqrt(np.maximum(self.lengths, 1e-24))
        if not np.isnan(usual):
            squares = self.own + usual * (self.counts**2 - self.counts)
            cosines = cosines * np.sqrt(np.maximum(squares, 0)) / np.maximum(self.counts, 1)
        return np.where(self.counts > 0, cosines, -np.inf)


class Means:
    """The classes' means, and what they would say without some pictures."""

    def __init__(self, labelled: Labelled) -> None:
        self.labelled = labelled
        self.vectors = labelled.vectors.astype(np.float64)
        owners, groups = labelled.owners, labelled.groups
        cells, self.cell_of = np.unique(np.stack([groups, owners], axis=1), axis=0, return_inverse=True)
        self.cell_group, self.cell_class = cells.T
        self.sizes = np.bincount(self.cell_of, minlength=len(cells))
        self.cells = self._mean(self.vectors, len(cells))
        self.originals = self._mean(labelled.originals.astype(np.float64), len(cells))
        self.own = (self.originals**2).sum(axis=1)
        members = self.cell_class[:, None] == np.arange(labelled.classes)
        self.sums, self.sum_own, self.counts = members.T @ self.cells, members.T @ self.own, members.sum(axis=0)

    def _mean(self, values: np.ndarray, cells: int) -> np.ndarray:
        total = np.zeros((cells, values.shape[1]))
        np.add.at(total, self.cell_of, values)
        return total / self.sizes[:, None]

    def similarities(self, queries: np.ndarray) -> np.ndarray:
        """Of queries [Q, D] to all classes, [Q, C]."""
        sums = Sums(
            queries.astype(np.float64) @ self.sums.T,
            lengths=(self.sums**2).sum(axis=1),
            own=self.sum_own,
            counts=self.counts,
        )
        return sums.similarities(self.labelled.usual)

    @cached_property
    def held_out(self) -> np.ndarray:
        """Of each picture to all classes, which do without it and its near-duplicates, [N, C]."""
        similarities = self.similarities(self.vectors)
        for index in range(self.labelled.classes):
            rows, cells = self._beside(index)
            similarities[rows, index] = self._left(index, rows=rows, cells=cells).similarities(self.labelled.usual)
        return similarities

    @cached_property
    def tells(self) -> np.ndarray:
        """Whether something of a picture's class is left when it is held out, [N]."""
        return np.isfinite(self.held_out[np.arange(len(self.vectors)), self.labelled.owners])

    def probabilities(self, temperature: float) -> np.ndarray:
        """Of each picture when it is held out, [N, C]."""
        return softmax(temperature * np.maximum(self.held_out, -1e6))

    def without_each(self, index: int) -> np.ndarray:
        """`held_out` similarities to one class when one of its pictures is taken away besides: [N, members].

        For a picture's own near-duplicates it is what it was: they were held out anyway.
        """
        members, drop, own, gone = self._dropped(index)
        kept = self.sums[index] - drop
        sums = Sums(
            self.vectors @ kept.T,
            lengths=(kept**2).sum(axis=1),
            own=self.sum_own[index] - own,
            counts=self.counts[index] - gone,
        )
        changed = sums.similarities(self.labelled.usual)
        rows, cells = self._beside(index)
        left = self.sums[index] - self.cells[cells]
        beside = Sums(
            (self.vectors[rows] * left).sum(axis=1)[:, None] - self.vectors[rows] @ drop.T,
            lengths=(left**2).sum(axis=1)[:, None] - 2 * left @ drop.T + (drop**2).sum(axis=1),
            own=(self.sum_own[index] - self.own[cells])[:, None] - own,
            counts=(self.counts[index] - 1) - np.broadcast_to(gone, (len(rows), len(members))),
        ).similarities(self.labelled.usual)
        same = self.cell_of[members] == cells[:, None]
        changed[rows] = np.where(same, self.held_out[rows, index][:, None], beside)
        return changed

    def queries_without_each(self, queries: np.ndarray, index: int) -> np.ndarray:
        """Similarities of queries [Q, D] to one class when one of its pictures is taken away: [Q, members]."""
        _, drop, own, gone = self._dropped(index)
        kept = self.sums[index] - drop
        return Sums(
            queries.astype(np.float64) @ kept.T,
            lengths=(kept**2).sum(axis=1),
            own=self.sum_own[index] - own,
            counts=self.counts[index] - gone,
        ).similarities(self.labelled.usual)

    def members(self, index: int) -> np.ndarray:
        """The pictures of a class."""
        return np.flatnonzero(self.labelled.owners == index)

    def _beside(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Pictures that a class has something of: themselves or near-duplicates; and which of its cells that is."""
        cells = np.flatnonzero(self.cell_class == index)
        place = dict(zip(self.cell_group[cells].tolist(), cells.tolist(), strict=True))
        rows = [row for row, group in enumerate(self.labelled.groups.tolist()) if group in place]
        return np.array(rows, int), np.array([place[int(self.labelled.groups[row])] for row in rows], int)

    def _left(self, index: int, rows: np.ndarray, cells: np.ndarray) -> Sums:
        left = self.sums[index] - self.cells[cells]
        return Sums(
            (self.vectors[rows] * left).sum(axis=1),
            lengths=(left**2).sum(axis=1),
            own=self.sum_own[index] - self.own[cells],
            counts=self.counts[index] - np.ones(len(rows)),
        )

    def _dropped(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """What a class loses with each of its pictures: of its sum, [M, D], of its groups' products, and of groups."""
        members = self.members(index)
        cells = self.cell_of[members]
        sizes = self.sizes[cells][:, None]
        remaining = (self.cells[cells] * sizes - self.vectors[members]) / np.maximum(sizes - 1, 1)
        rest = (self.originals[cells] * sizes - self.labelled.originals[members]) / np.maximum(sizes - 1, 1)
        alone = sizes[:, 0] == 1
        drop = np.where(alone[:, None], self.cells[cells], self.cells[cells] - remaining)
        own = np.where(alone, self.own[cells], self.own[cells] - (rest**2).sum(axis=1))
        return members, drop, own, alone.astype(float)
