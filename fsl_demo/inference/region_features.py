"""What the semantic dictionary explains: regions as vectors, half from the detector and half from a frozen network.

The detector was tuned on the things of its data and forgets others; the frozen network still tells all that ImageNet's
classes differ in.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from fsl_demo.backbones import picture_maps, region_maps
from fsl_demo.backbones.cache import BATCH
from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Checkpoint
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.inference.region_space import Proposals, RegionSpace
from fsl_demo.inference.vectors import l2_normalize

DETECTOR, FROZEN = 512, picture_maps.CHANNELS
"""Channels of the two halves."""
WHOLE = np.array([[0.0, 0.0, 1.0, 1.0]], np.float32)
"""The box of a whole picture."""
NO_BOXES = np.zeros((0, 4), np.float32)


@dataclass(frozen=True)
class RegionFeatures:
    """Regions of one picture, the most probable thing first.

    Attributes:
        boxes: left, top, right, bottom as fractions, float32 [R, 4].
        objectness: probability to be a thing, [R].
        regions: float32 [R, DETECTOR + FROZEN].
        whole: of the whole picture, float32 [DETECTOR + FROZEN].
        given: of boxes that were asked for, float32 [G, DETECTOR + FROZEN].
    """

    boxes: np.ndarray
    objectness: np.ndarray
    regions: np.ndarray
    whole: np.ndarray
    given: np.ndarray


class RegionTowers:
    """Looks at regions and boxes with both networks.

    Args:
        space: proposes regions.
    """

    def __init__(self, networks: Networks, space: RegionSpace) -> None:
        self.networks, self.space = networks, space

    @property
    def weights(self) -> str:
        """Hashes of the weights, joined by "+".

        Raises:
            UserError: what is wrong with the checkpoint.
        """
        return f"{self.space.weights[:16]}+{self.networks.whole_pictures.weights[:16]}"

    def propose(
        self, pictures: Sequence[Picture], progress: Progress = quiet, boxes: Sequence[np.ndarray] | None = None
    ) -> list[RegionFeatures]:
        """The regions of each picture that may be things.

        Args:
            boxes: of each picture, those that are asked for too: fractions, [G, 4].
        """
        network = self.networks.whole_pictures
        proposals, features = self.space.propose(pictures, progress, boxes), list[RegionFeatures]()
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for start in range(0, len(pictures), BATCH):
                progress("embed", start, len(pictures))
                group = range(start, min(start + BATCH, len(pictures)))
                images = list(pool.map(region_maps.prepare, (pictures[number] for number in group)))
                for number, own_maps in zip(group, region_maps.maps(network, images, progress), strict=True):
                    asked = boxes[number] if boxes else NO_BOXES
                    own = proposals[number]
                    frozen = self._frozen(pictures[number], own_maps, np.concatenate([WHOLE, asked, own.boxes]))
                    features.append(_joined(own, frozen, len(asked)))
        progress("embed", len(pictures), len(pictures))
        return features

    def embed(self, picture: Picture, boxes: np.ndarray) -> np.ndarray:
        """Boxes as fractions [n, 4]: float32 [n, DETECTOR + FROZEN]."""
        return self.propose([picture], boxes=[boxes])[0].given

    def _frozen(self, picture: Picture, maps: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """Means of the frozen network's maps, in the space in which pictures are compared, float32 [n, FROZEN]."""
        network = self.networks.whole_pictures
        left, top, right, bottom = network.seen(picture)
        within = (boxes - np.array([left, top, left, top])) / np.tile([right - left, bottom - top], 2)
        return picture_maps.vectors(region_maps.pooled(maps, np.clip(within, 0, 1)), network.axes())


def _joined(own: Proposals, frozen: np.ndarray, asked: int) -> RegionFeatures:
    """Both halves of the whole picture, of the boxes that were asked for, and of the regions."""
    tuned = np.concatenate([own.whole[None], own.given, own.features])
    whole, given, regions = np.split(np.concatenate([tuned, frozen], axis=1), [1, 1 + asked])
    return RegionFeatures(own.boxes, own.objectness, regions=regions, whole=whole[0], given=given)


@dataclass(frozen=True)
class RegionMap:
    """From what the networks say of regions to the vectors that the dictionary explains: both halves whitened.

    Attributes:
        weights, biases: of the linear maps of the halves.
        detector: share of the detector's half; the parts of a vector have the roots of the shares as lengths.
    """

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    detector: float

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Unit vectors, float32 [N, d], from features [N, DETECTOR + FROZEN]."""
        halves = np.split(features.astype(np.float32), [DETECTOR], axis=1)
        parts = [
            np.sqrt(share) * l2_normalize(half @ weight.T + bias)
            for half, weight, bias, share in zip(
                halves, self.weights, self.biases, (self.detector, 1 - self.detector), strict=True
            )
        ]
        return np.concatenate(parts, axis=1).astype(np.float32)

    def frozen_alone(self, frozen: np.ndarray) -> np.ndarray:
        """Vectors [N, d] of what only the frozen network knows, [N, FROZEN]: the detector's half is empty."""
        half = l2_normalize(frozen @ self.weights[1].T + self.biases[1])
        empty = np.zeros((len(frozen), len(self.weights[0])), np.float32)
        return np.concatenate([empty, np.sqrt(1 - self.detector) * half], axis=1).astype(np.float32)

    def arrays(self) -> dict[str, np.ndarray]:
        """As a checkpoint holds it."""
        arrays = {"share": np.array([self.detector], np.float32)}
        for name, weight, bias in zip(("detector", "frozen"), self.weights, self.biases, strict=True):
            arrays |= {f"{name}.weight": weight.astype(np.float16), f"{name}.bias": bias.astype(np.float16)}
        return arrays

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> RegionMap:
        """
        Raises:
            UserError: `card_differs`.
        """
        weights, biases = [], []
        for name, channels in (("detector", DETECTOR), ("frozen", FROZEN)):
            weights.append(checkpoint.array(f"{name}.weight", None, channels).astype(np.float32))
            biases.append(checkpoint.array(f"{name}.bias", len(weights[-1])).astype(np.float32))
        return cls(tuple(weights), tuple(biases), detector=float(checkpoint.array("share", 1)[0]))
