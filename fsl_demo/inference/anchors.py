"""Pictures and texts by what they are like: sparse rows of similarities to anchors (ASIF, arXiv:2210.01738)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.picture_maps import CHANNELS
from fsl_demo.checkpoints import Checkpoint
from fsl_demo.core.episodes import ClassSpec, Progress, quiet
from fsl_demo.inference.blend import Blend, Support, blended
from fsl_demo.inference.calibration import Defaults
from fsl_demo.inference.glossary import sentences
from fsl_demo.inference.picture_space import PictureSpace
from fsl_demo.inference.vectors import l2_normalize

ANCHORS = 1_000
PICTURE_POWER, PICTURE_KEEP = 2, 400
LEARNED_POWER, LEARNED_WEIGHT = 3, 2
TEXT_POWER, TEXT_KEEP = 4, 25
"""Powers, and anchors that are kept. Chosen by `python -m experiments.tune`."""


def relative(cosines: np.ndarray, power: float, keep: int) -> np.ndarray:
    """Rows of similarities to anchors: the highest of each, to a power, scaled to length 1. [N, A] to [N, A]."""
    floor = np.maximum(np.partition(cosines, -keep, axis=1)[:, -keep, None], 0.0)
    return l2_normalize(np.where(cosines >= floor, cosines, 0.0) ** power)


class PictureAnchors:
    """ImageNet's classes as the two networks' classifiers see them, and where that lies in the space of photographs.

    Threads may share it.
    """

    def __init__(self, space: PictureSpace) -> None:
        self._space, self._lock = space, threading.Lock()
        self._classes: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    def classes(self, progress: Progress = quiet) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Unit vectors, for each network [1000, 999], and in the space [1000, D]."""
        with self._lock:
            if self._classes is None:
                small, large = self._space.towers.classes(progress)
                self._classes = small, large, self._space.project(np.concatenate([small, large], axis=1))
            return self._classes

    def cosines(self, features: np.ndarray, progress: Progress = quiet) -> list[np.ndarray]:
        """Of pictures' features, [N, 1998], to the classes, [N, 1000] for each network and for the space."""
        parts = (features[:, :CHANNELS], features[:, CHANNELS:], self._space.project(features))
        return [part @ anchors.T for part, anchors in zip(parts, self.classes(progress), strict=True)]

    def rows(self, features: np.ndarray, progress: Progress = quiet) -> np.ndarray:
        """What pictures are like, unit vectors [N, 1000], from their features [N, 1998]."""
        return combined(self.cosines(features, progress))

    def through(self, features: np.ndarray, texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What makes the products of a picture's row with texts' rows out of its features.

        An anchor's part of a product is shared out as the channels share its cosine.

        Args:
            features: of one picture, [1998].
            texts: [C, 1000].

        Returns:
            What the features are multiplied with, [C, 1998], and what is added then, [C].
        """
        cosines = self.cosines(features[None])
        rows = _relative(cosines)
        length = max(float(np.linalg.norm(np.sum(rows, axis=0))), 1e-12)
        small, large, learned = (
            texts / length * np.divide(row[0], values[0], out=np.zeros_like(row[0]), where=row[0] > 0) @ anchors
            for row, values, anchors in zip(rows, cosines, self.classes(), strict=True)
        )
        through, offsets = self._space.through(features, learned)
        return through + np.concatenate([small, large], axis=1), offsets


def combined(cosines: Sequence[np.ndarray]) -> np.ndarray:
    """Unit rows from the cosines to the anchors, [N, 1000] for each network and for the space."""
    return l2_normalize(np.sum(_relative(cosines), axis=0))


def _relative(cosines: Sequence[np.ndarray]) -> list[np.ndarray]:
    *plain, learned = cosines
    rows = [relative(part, PICTURE_POWER, PICTURE_KEEP) for part in plain]
    return [*rows, LEARNED_WEIGHT * relative(learned, LEARNED_POWER, PICTURE_KEEP)]


@dataclass(frozen=True)
class TextAnchors:
    """What a checkpoint holds: what anchors' texts are, and what goes with them.

    Attributes:
        weights: hashes of the weights, joined by "+".
        origin: the mean of the anchors' vectors, [384].
        vectors: from there to the anchors, unit vectors [1000, 384].
    """

    weights: str
    defaults: Defaults
    origin: np.ndarray
    vectors: np.ndarray

    @classmethod
    def of(cls, checkpoint: Checkpoint, networks: Networks) -> TextAnchors:
        """
        Raises:
            UserError: `card_differs`.
        """
        texts = checkpoint.array("anchors", ANCHORS, networks.texts.channels).astype(np.float32)
        hashes = (networks.texts.weights, checkpoint.sha256)
        origin = texts.mean(axis=0)
        return cls(
            weights="+".join(sha256[:16] for sha256 in hashes),
            defaults=Defaults.of(checkpoint),
            origin=origin,
            vectors=l2_normalize(texts - origin),
        )

    def blended(self, support: Support, weight: float | None, none_below: float | None) -> Blend:
        """The blend for a support set, or for several that are stacked; None lets the checkpoint choose."""
        blend = blended(
            support, temperature=self.defaults.temperature, none_below=self.defaults.none_below, weight=weight
        )
        return blend if none_below is None else replace(blend, none_below=none_below)

    def rows(self, texts: np.ndarray) -> np.ndarray:
        """What texts, [C, 384], are like, [C, 1000]; zeros for zeros."""
        rows = relative(l2_normalize(texts - self.origin) @ self.vectors.T, TEXT_POWER, TEXT_KEEP)
        return np.where(texts.any(axis=1, keepdims=True), rows, 0.0)


def text_vectors(networks: Networks, classes: Sequence[ClassSpec], progress: Progress = quiet) -> np.ndarray:
    """What MiniLM makes of names and descriptions, unit vectors [C, 384]; zeros for a class without English text."""
    vectors = np.zeros((len(classes), networks.texts.channels), np.float32)
    for vector, spec in zip(vectors, classes, strict=True):
        for part in filter(None, sentences(spec)):
            vector += l2_normalize(networks.features.texts(networks.texts, part, progress).mean(axis=0))
    return l2_normalize(vectors)
