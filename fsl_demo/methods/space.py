"""What a method of the nearest-mean kind needs of a space of vectors; and the space of a network trained here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.episodes import Box, Progress, quiet
from fsl_demo.methods.vectors import unit
from fsl_demo.pictures import Picture


class Space(Protocol):
    """Pictures as unit vectors, and what each position of a picture adds to a cosine."""

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray: ...

    def maps(self, picture: Picture) -> np.ndarray: ...

    def shares(self, maps: np.ndarray, directions: np.ndarray) -> np.ndarray: ...

    def seen(self, picture: Picture) -> Box: ...


class TrainedSpace:
    """The vectors of a checkpoint's network."""

    def __init__(self, networks: Networks, checkpoint: str) -> None:
        self.features, self.network = networks.features, networks.trained(checkpoint)

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Unit vectors, float32 [N, D]."""
        return unit(self.features.pooled(self.network, pictures, progress))

    def maps(self, picture: Picture) -> np.ndarray:
        """[D, h, w] of one picture."""
        return self.features.maps(self.network, [picture])[0]

    def shares(self, maps: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Each position's part of a picture's cosines with the directions [C, D]; the parts add up to them."""
        length = max(float(np.linalg.norm(maps.mean(axis=(1, 2)))), 1e-12)
        return np.tensordot(directions, maps, axes=1) / (maps[0].size * length)

    def seen(self, picture: Picture) -> Box:
        """The part of a picture that the network sees."""
        return self.network.seen(picture)
