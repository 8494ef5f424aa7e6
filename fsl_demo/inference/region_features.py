"""What the semantic dictionary explains: regions as vectors, half from the detector and half from the frozen network.

The detector was tuned on the things of its data and forgets others; the frozen network still tells all that ImageNet's
classes differ in. Each half is centred, whitened and of length 1 (see `objectives.semantic_dictionary`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fsl_demo.backbones import picture_maps, region_maps
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.inference.region_space import RegionSpace

DETECTOR, FROZEN = 512, picture_maps.CHANNELS
"""Channels of the halves before any map."""


@dataclass(frozen=True)
class RegionFeatures:
    """Regions of one picture.

    Attributes:
        boxes: left, top, right, bottom as fractions, float32 [R, 4].
        objectness: probability to be a thing, [R].
        regions: float32 [R, DETECTOR + FROZEN].
        whole: of the whole picture, float32 [DETECTOR + FROZEN].
    """

    boxes: np.ndarray
    objectness: np.ndarray
    regions: np.ndarray
    whole: np.ndarray


class RegionReader:
    """Reads regions and boxes with both networks.

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

    def propose(self, pictures: Sequence[Picture], progress: Progress = quiet) -> list[RegionFeatures]:
        """The regions that may be things, the most probable first."""
        proposals = self.space.propose(pictures, progress)
        return [
            RegionFeatures(
                boxes=own.boxes,
                objectness=own.objectness,
                regions=np.concatenate([own.features, self._frozen(picture, own.boxes)], axis=1),
                whole=np.concatenate([own.whole, self._frozen(picture, WHOLE)[0]]),
            )
            for picture, own in zip(pictures, proposals, strict=True)
        ]

    def embed(self, picture: Picture, boxes: np.ndarray) -> np.ndarray:
        """Boxes as fractions [n, 4]: float32 [n, DETECTOR + FROZEN]."""
        return np.concatenate([self.space.embed(picture, boxes), self._frozen(picture, boxes)], axis=1)

    def _frozen(self, picture: Picture, boxes: np.ndarray) -> np.ndarray:
        """Means of the frozen network's map, in the space in which pictures are compared, float32 [n, FROZEN]."""
        network = self.networks.whole_pictures
        maps = self.networks.features.maps(network, [picture])[0]
        left, top, right, bottom = network.seen(picture)
        within = (boxes - np.array([left, top, left, top])) / np.tile([right - left, bottom - top], 2)
        return picture_maps.vectors(region_maps.pooled(maps, np.clip(within, 0, 1)), network.axes())


WHOLE = np.array([[0.0, 0.0, 1.0, 1.0]], np.float32)
"""The box of a whole picture."""
