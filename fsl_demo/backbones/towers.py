"""What the frozen towers of the built-in model say of pictures and texts, before any head.

A picture is EfficientNet-Lite0's and Lite2's features in the spaces of their ImageNet classifiers (`picture_maps`);
a text is MiniLM's sentence vector and its words.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.picture_maps import CHANNELS, classes, placed, vectors
from fsl_demo.episodes import Progress, quiet
from fsl_demo.pictures import Picture

PICTURE = 2 * CHANNELS
"""Channels of a picture."""


class PictureTowers:
    """Pictures as [Lite0 999 | Lite2 999], each part of length 1."""

    def __init__(self, networks: Networks) -> None:
        self.networks = networks

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """float32 [N, 1998]; pooled features come from the cache."""
        features, networks = self.networks.features, self.networks
        small = features.pooled(networks.pictures, pictures, progress)
        large = features.pooled(networks.whole_pictures, pictures, progress)
        return self.joined(small, large, progress)

    def joined(self, small: np.ndarray, large: np.ndarray, progress: Progress = quiet) -> np.ndarray:
        """From pooled features of Lite0 and of Lite2, [N, 1280] each."""
        parts = [
            vectors(small, self.networks.pictures.axes(progress)),
            vectors(large, self.networks.whole_pictures.axes(progress)),
        ]
        return np.concatenate(parts, axis=1).astype(np.float32)

    def placed(self, picture: Picture) -> tuple[np.ndarray, np.ndarray]:
        """The parts by position: Lite0's [999, 7, 7] and Lite2's [999, 9, 9].

        Their means over positions are the parts of `embed`.
        """
        networks = self.networks
        small = networks.features.maps(networks.pictures, [picture])
        large = networks.features.maps(networks.whole_pictures, [picture])
        return placed(small, networks.pictures.axes())[0], placed(large, networks.whole_pictures.axes())[0]

    def positions(self, pictures: Sequence[Picture]) -> np.ndarray:
        """The parts by position, one after the other: Lite2's 9 x 9 and Lite0's 7 x 7, float32 [N, 130, 999].

        The mean of the first 81 is Lite2's part of `embed`, that of the last 49 is Lite0's.
        """
        networks = self.networks
        parts = []
        for network in (networks.whole_pictures, networks.pictures):
            maps = placed(networks.features.maps(network, pictures), network.axes())
            parts.append(maps.reshape(*maps.shape[:2], -1).transpose(0, 2, 1))
        return np.concatenate(parts, axis=1)

    def classes(self, progress: Progress = quiet) -> tuple[np.ndarray, np.ndarray]:
        """ImageNet's classes as Lite0's and as Lite2's classifier sees them, unit vectors [1000, 999] each."""
        small, large = self.networks.pictures, self.networks.whole_pictures
        return (
            classes(small.classifier(progress), small.axes(progress)),
            classes(large.classifier(progress), large.axes(progress)),
        )
