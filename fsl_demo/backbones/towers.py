"""What the frozen towers of the built-in model say of pictures and texts, before any head.

A picture is EfficientNet-Lite0's and Lite2's features in the spaces of their ImageNet classifiers (`picture_maps`);
a text is MiniLM's sentence vector and its words.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0
from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.picture_maps import CHANNELS, classes, placed, vectors
from fsl_demo.core.episodes import Box, Progress, quiet
from fsl_demo.core.pictures import Picture

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

    def middle(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Lite0's part of `embed`, float32 [N, 999]; the other network is not asked."""
        network = self.networks.pictures
        return vectors(self.networks.features.pooled(network, pictures, progress), network.axes(progress))

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
        return np.concatenate([self.whole(pictures), self._placed(self.networks.pictures, pictures)], axis=1)

    def prepared(self, picture: Picture) -> tuple[np.ndarray, np.ndarray]:
        """What Lite2 and Lite0 read of a picture, which threads may make at the same time."""
        return self.networks.whole_pictures.prepare(picture), self.networks.pictures.prepare(picture)

    def positions_of(self, prepared: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
        """`positions` of many pictures, from what the networks read of each; nothing is kept."""
        whole, middle = zip(*prepared, strict=True)
        return np.concatenate(
            [
                _in_rows(network.maps(images), network)
                for network, images in ((self.networks.whole_pictures, whole), (self.networks.pictures, middle))
            ],
            axis=1,
        )

    def whole(self, pictures: Sequence[Picture]) -> np.ndarray:
        """The first 81 of `positions`: those of all of each picture, row by row, float32 [N, 81, 999]."""
        return self._placed(self.networks.whole_pictures, pictures)

    def shares(self, picture: Picture, directions: np.ndarray, offsets: np.ndarray) -> np.ndarray:
        """Each position's part of a picture's products with the directions; the parts add up to them.

        Args:
            directions: [C, 1998].
            offsets: what is added to each product, and shared out evenly, [C].

        Returns:
            float [C, 9, 9].
        """
        small, large = self.placed(picture)
        middle = np.tensordot(directions[:, :CHANNELS], small, axes=1) / small[0].size
        whole = np.tensordot(directions[:, CHANNELS:], large, axes=1) / large[0].size
        return self.over_whole(picture, middle, whole) + offsets[:, None, None] / whole[0].size

    def over_whole(self, picture: Picture, middle: np.ndarray, whole: np.ndarray) -> np.ndarray:
        """What Lite0's positions say, [C, 7, 7], laid over what Lite2's say, [C, 9, 9]; nothing is lost or added.

        What Lite0's have in common is spread over the whole, lest the middle be marked for being seen twice.
        """
        down, across = (_overlap(*edges, middle.shape[1], whole.shape[1]) for edges in self._edges(picture))
        general = middle.mean(axis=(1, 2), keepdims=True)
        everywhere = general * middle[0].size / whole[0].size
        return np.asarray(np.einsum("ij,cjk,lk->cil", down, middle - general, across) + whole + everywhere)

    def seen(self, picture: Picture) -> Box:
        """All of the picture, but for the ends of a very long one."""
        return self.networks.whole_pictures.seen(picture)

    def _edges(self, picture: Picture) -> tuple[tuple[float, float], tuple[float, float]]:
        """Top and bottom, left and right of what Lite0 sees, as fractions of what Lite2 sees."""
        left, top, right, bottom = self.networks.pictures.seen(picture)
        x, y, far_x, far_y = self.seen(picture)
        width, height = far_x - x, far_y - y
        return ((top - y) / height, (bottom - y) / height), ((left - x) / width, (right - x) / width)

    def classes(self, progress: Progress = quiet) -> tuple[np.ndarray, np.ndarray]:
        """ImageNet's classes as Lite0's and as Lite2's classifier sees them, unit vectors [1000, 999] each."""
        small, large = self.networks.pictures, self.networks.whole_pictures
        return (
            classes(small.classifier(progress), small.axes(progress)),
            classes(large.classifier(progress), large.axes(progress)),
        )

    def _placed(self, network: EfficientNetLite0, pictures: Sequence[Picture]) -> np.ndarray:
        return _in_rows(self.networks.features.maps(network, pictures), network)


def _in_rows(maps: np.ndarray, network: EfficientNetLite0) -> np.ndarray:
    """`picture_maps.placed` by position, [N, h * w, 999], from the network's maps."""
    rows = placed(maps, network.axes())
    return rows.reshape(*rows.shape[:2], -1).transpose(0, 2, 1)


def _overlap(start: float, end: float, parts: int, cells: int) -> np.ndarray:
    """Which share of each of `parts` equal pieces of [start, end] lies in each of `cells` of [0, 1]: [cells, parts]."""
    edges, borders = np.linspace(start, end, parts + 1), np.linspace(0, 1, cells + 1)
    borders[0], borders[-1] = min(start, 0.0), max(end, 1.0)
    low = np.maximum(edges[None, :-1], borders[:-1, None])
    high = np.minimum(edges[None, 1:], borders[1:, None])
    return np.maximum(high - low, 0) / (edges[1:] - edges[:-1])
