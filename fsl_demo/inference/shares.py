"""What each support picture adds to its class: near-duplicates (crops of a picture, its mirror image, the same
compressed again) together count as one picture.

A mean of few pictures is less like a new one of its class than a mean of many. Where classes have different numbers
of pictures, cosines are corrected for that (Spearman 1904, "correction for attenuation"): each is multiplied by the
length that the mean of its class is expected to have. Then it is expected to be the mean cosine to the pictures.

Where a shape begins with "...", several support sets with the same owners may be stacked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fsl_demo.inference.calibration import Default, HeldOut
from fsl_demo.inference.vectors import l2_normalize

NEAR = 0.3
"""How far near-duplicates may be apart, of the mean distance (1 - cosine) of pictures of different classes."""
USUAL = 0.75
"""How far two pictures of a class usually are apart, of the distance that nearly all pairs keep to. Both: see
`python -m experiments.likeness`."""

ENOUGH = 1.5
"""From here, a class has two independent pictures; not all near-duplicates of a picture are each other's."""


def usual_cosine(limit: float) -> float:
    """The mean cosine of two pictures of a class, where nearly all pairs reach `limit`; NaN where that is NaN."""
    return float(np.maximum(1 - USUAL * (1 - limit), 0.0))


@dataclass(frozen=True)
class Shares:
    """What each of S support pictures of C classes counts for.

    Attributes:
        owners: class index of each, [S].
        near: 1 where two pictures are near-duplicates of one class, and on the diagonal, [..., S, S].
        expected: cosines of near-duplicates, and what is usual for other pictures of a class, [..., S, S].
        members: 1 where a picture is of a class, [S, C].
        usual: the mean cosine of two pictures of a class.
    """

    owners: np.ndarray
    near: np.ndarray
    expected: np.ndarray
    members: np.ndarray
    usual: float

    @classmethod
    def of(cls, cosines: np.ndarray, owners: np.ndarray, classes: int, limit: float) -> Shares:
        """Find the near-duplicates.

        Args:
            cosines: of all pairs of support pictures, [..., S, S], in a space that has not learned what a class is.
            limit: the cosine that nearly all pairs of pictures of a class reach in the space of the method; NaN where
                nobody has measured it.
        """
        members = (owners[:, None] == np.arange(classes)).astype(cosines.dtype)
        same, itself = members @ members.T > 0, np.eye(len(owners), dtype=bool)
        others = (cosines * ~same).sum(axis=(-2, -1), keepdims=True) / max((~same).sum(), 1)
        near = (same & (1 - cosines < NEAR * (1 - others))) | itself
        usual = usual_cosine(limit)
        expected = np.where(near, np.where(itself, 1.0, cosines), usual) * same
        return cls(
            owners=owners,
            near=near.astype(cosines.dtype),
            expected=expected.astype(cosines.dtype),
            members=members,
            usual=usual,
        )

    @cached_property
    def weights(self) -> np.ndarray:
        """One picture's part of what its near-duplicates count for together, [..., S]."""
        return 1 / self.near.sum(axis=-1)

    @cached_property
    def counts(self) -> np.ndarray:
        """Independent pictures of each class, [..., C]."""
        return self.weights @ self.members

    @cached_property
    def left(self) -> np.ndarray:
        """Independent pictures of its class when a picture is held out with its near-duplicates, [..., S]."""
        left = self.counts[..., self.owners] - (self.near @ self.weights[..., None])[..., 0]
        return np.where(left > 0.01, left, 0.0)

    @cached_property
    def shots(self) -> Any:
        """Pictures a class: the harmonic mean of those that have some, [...]."""
        counts = self.counts[..., self.members.any(axis=0)]
        return 1 / (1 / counts).mean(axis=-1) if counts.shape[-1] else np.zeros(counts.shape[:-1])

    @cached_property
    def before(self) -> Any:
        """`shots` with one picture a class less, but never less than one, [...]."""
        return np.maximum(self.shots - 1, 1.0)

    @cached_property
    def scales(self) -> np.ndarray:
        """Expected lengths of the classes' means, over those with the same number of pictures each, [..., C].

        Where nobody has measured what is usual, no class is corrected.
        """
        if np.isnan(self.usual):
            return np.ones_like(self.counts)
        squares = self._products.sum(axis=-1) @ self.members / np.maximum(self.counts, 1.0) ** 2
        return np.sqrt(squares) / self._length(self.shots)[..., None]

    @cached_property
    def held_out_scales(self) -> np.ndarray:
        """`scales` with one picture a class less, [..., S, C]; a picture's own class is without its near-duplicates."""
        if np.isnan(self.usual):
            return np.ones((*self.left.shape, self.counts.shape[-1]))
        now, rows = self._length(self.before)[..., None], np.arange(len(self.owners))
        scales = np.repeat((self.scales * self._length(self.shots)[..., None] / now)[..., None, :], len(rows), axis=-2)
        products = self._products
        sums = products.sum(axis=-1)
        without = (sums @ self.members)[..., self.owners] - 2 * (self.near @ sums[..., None])[..., 0]
        squares = without + ((self.near @ products) * self.near).sum(axis=-1)
        scales[..., rows, self.owners] = np.sqrt(np.maximum(squares, 0)) / np.maximum(self.left, ENOUGH - 1) / now
        return scales

    @cached_property
    def _products(self) -> np.ndarray:
        """Expected products of weighted pictures of a class, [..., S, S]."""
        return self.weights[..., None] * self.expected * self.weights[..., None, :]

    def _length(self, count: Any) -> Any:
        """Expected of the mean of so many independent unit vectors of a class."""
        return np.sqrt((1 + (count - 1) * self.usual) / np.maximum(count, 1.0))

    def none_below(self, default: Default, shots: Any, blend: Any = 1.0) -> Any:
        """A threshold that was measured with one and with five pictures a class, for so many, [...].

        The expected mean cosine to the pictures of a class is linear in 1 / shots; a cosine to their mean is that over
        the mean's length.
        """
        shots, classes = np.maximum(shots, 1.0), self.members.shape[1]
        at_1_shot, at_5_shot = (default.at(classes, measured, blend) for measured in (1, 5))
        many = (1 - 1 / shots) / (1 - 1 / 5)
        return (at_1_shot + (at_5_shot * self._length(5) - at_1_shot) * many) / self._length(shots)

    def sums(self, vectors: np.ndarray) -> np.ndarray:
        """Of each class, [..., C, D]; zeros for a class without pictures."""
        return self.members.T @ (vectors * self.weights[..., None])

    def class_means(self, vectors: np.ndarray) -> np.ndarray:
        """Directions of the classes, [..., C, D]: of length 1 where all have the same number of pictures."""
        return l2_normalize(self.sums(vectors)) * self.scales[..., None].astype(vectors.dtype)

    def held_out(self, vectors: np.ndarray) -> np.ndarray:
        """`held_out_cosines` as they would be with one picture a class less."""
        return self.held_out_cosines(vectors) * self.held_out_scales

    def held_out_cosines(self, vectors: np.ndarray) -> np.ndarray:
        """Of each picture to the class means, its own class's taken without its near-duplicates: [..., S, C]."""
        rows, sums = np.arange(len(self.owners)), self.sums(vectors)
        cosines = vectors @ l2_normalize(sums).swapaxes(-1, -2)
        others = sums[..., self.owners, :] - self.near @ (vectors * self.weights[..., None])
        cosines[..., rows, self.owners] = (vectors * l2_normalize(others)).sum(axis=-1)
        return cosines

    @cached_property
    def evidence(self) -> np.ndarray:
        """How much each picture says of its class when it is held out with its near-duplicates, [..., S].

        Nothing unless every class has two independent pictures.
        """
        enough = (self.counts >= ENOUGH).all(axis=-1, keepdims=True)
        return np.where(enough, self.weights * np.minimum(self.left, 1.0), 0.0)

    def seen(self, similarities: np.ndarray) -> HeldOut:
        """What similarities of held-out pictures, [..., S, C], say."""
        return HeldOut(similarities, owners=self.owners, weights=self.weights, evidence=self.evidence)
