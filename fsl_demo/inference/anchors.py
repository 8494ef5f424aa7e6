"""Pictures and texts by what they are like: sparse rows of similarities to anchors (ASIF, arXiv:2210.01738)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.picture_maps import CHANNELS
from fsl_demo.backbones.towers import PictureTowers
from fsl_demo.checkpoints import Checkpoint
from fsl_demo.core.episodes import ClassSpec, Progress, quiet
from fsl_demo.inference.blend import Blend, Support, blended
from fsl_demo.inference.calibration import Defaults
from fsl_demo.inference.glossary import sentences
from fsl_demo.inference.vectors import l2_normalize

ANCHORS = 1_000
PICTURE_POWER, PICTURE_KEEP = 2, 400
TEXT_POWER, TEXT_KEEP = 4, 25
"""Powers, and anchors that are kept. Chosen by `python -m experiments.tune`."""


def relative(cosines: np.ndarray, power: float, keep: int) -> np.ndarray:
    """Rows of similarities to anchors: the highest of each, to a power, scaled to length 1. [N, A] to [N, A]."""
    floor = np.maximum(np.partition(cosines, -keep, axis=1)[:, -keep, None], 0.0)
    return l2_normalize(np.where(cosines >= floor, cosines, 0.0) ** power)


class PictureAnchors:
    """ImageNet's classes as the two networks' classifiers see them. Threads may share it."""

    def __init__(self, towers: PictureTowers) -> None:
        self._towers, self._lock = towers, threading.Lock()
        self._classes: tuple[np.ndarray, np.ndarray] | None = None

    def classes(self, progress: Progress = quiet) -> tuple[np.ndarray, np.ndarray]:
        """For each network, unit vectors [1000, 999]."""
        with self._lock:
            if self._classes is None:
                self._classes = self._towers.classes(progress)
            return self._classes

    def cosines(self, features: np.ndarray, progress: Progress = quiet) -> list[np.ndarray]:
        """Of pictures' features, [N, 1998], to the classes, [N, 1000] for each network."""
        parts = (features[:, :CHANNELS], features[:, CHANNELS:])
        return [part @ anchors.T for part, anchors in zip(parts, self.classes(progress), strict=True)]

    def rows(self, features: np.ndarray, progress: Progress = quiet) -> np.ndarray:
        """What pictures are like, unit vectors [N, 1000], from their features [N, 1998]: both networks' rows."""
        return l2_normalize(np.sum(self._relative(features, progress), axis=0))

    def through(self, features: np.ndarray, texts: np.ndarray) -> np.ndarray:
        """What makes the products of a picture's row with texts' rows out of its features; [C, 1998].

        An anchor's part of a product is shared out as the channels share its cosine.

        Args:
            features: of one picture, [1998].
            texts: [C, 1000].
        """
        rows = self._relative(features[None])
        length = max(float(np.linalg.norm(np.sum(rows, axis=0))), 1e-12)
        parts = [
            texts / length * np.divide(row[0], cosines[0], out=np.zeros_like(row[0]), where=row[0] > 0) @ anchors
            for row, cosines, anchors in zip(rows, self.cosines(features[None]), self.classes(), strict=True)
        ]
        return np.concatenate(parts, axis=1)

    def _relative(self, features: np.ndarray, progress: Progress = quiet) -> list[np.ndarray]:
        return [relative(cosines, PICTURE_POWER, PICTURE_KEEP) for cosines in self.cosines(features, progress)]


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
