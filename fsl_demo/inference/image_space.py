"""Where pictures are compared: square roots of frozen features (Hu et al. 2021, arXiv:2006.03806), projected onto
what the backbone's own ImageNet classifier tells apart, at unit length."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.picture_maps import CHANNELS, classes, placed, vectors
from fsl_demo.core.episodes import Box, Progress, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.inference.vector_cache import VectorCache

REMEMBERED = 4_096
"""Vectors that are not computed again; 4 kB each."""


class ImageSpace:
    """Pictures as unit vectors of 999 channels, and what each position of a picture adds to a cosine."""

    def __init__(self, networks: Networks) -> None:
        self.networks = networks
        self._lock = threading.Lock()
        self._vectors = VectorCache(REMEMBERED)
        self._anchors: np.ndarray | None = None

    def axes(self, progress: Progress = quiet) -> np.ndarray:
        """Of the backbone, float32 [1280, 999]."""
        return self.networks.pictures.axes(progress)

    def anchors(self, progress: Progress = quiet) -> np.ndarray:
        """The classifier's rows without their mean, as unit vectors, float32 [1000, 999]."""
        with self._lock:
            if self._anchors is None:
                self._anchors = classes(self.networks.pictures.classifier(progress), self.axes(progress))
            return self._anchors

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Unit vectors, float32 [N, 999]."""
        networks = self.networks

        def compute(missing: list[int]) -> np.ndarray:
            pooled = networks.features.pooled(networks.pictures, [pictures[number] for number in missing], progress)
            return self.project(pooled, progress)

        return self._vectors([picture.sha256 for picture in pictures], compute, CHANNELS)

    def project(self, pooled: np.ndarray, progress: Progress = quiet) -> np.ndarray:
        """From pooled features, none negative, [N, 1280]."""
        return vectors(pooled, self.axes(progress))

    def shares(self, maps: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Each position's part of a picture's products with the directions; the parts add up to them.

        Args:
            maps: [1280, h, w] of one picture.
            directions: [C, 999].

        Returns:
            float [C, h, w].
        """
        return np.tensordot(directions, placed(maps[None], self.axes())[0], axes=1) / maps[0].size

    def evidence(self, picture: Picture, directions: np.ndarray) -> np.ndarray:
        """`shares` of one picture."""
        return self.shares(self.maps(picture), directions)

    def maps(self, picture: Picture) -> np.ndarray:
        """[1280, h, w] of one picture."""
        return self.networks.features.maps(self.networks.pictures, [picture])[0]

    def seen(self, picture: Picture) -> Box:
        """The part of a picture that the network sees."""
        return self.networks.pictures.seen(picture)
