"""What a method of the nearest-mean kind needs of a space of vectors; and the space of a network trained here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Source
from fsl_demo.core.episodes import Box, Progress, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.portable import Encoder
from fsl_demo.inference.vectors import l2_normalize


class Space(Protocol):
    """Pictures as unit vectors, and what each position of a picture says for a direction."""

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray: ...

    def evidence(self, picture: Picture, directions: np.ndarray) -> np.ndarray: ...

    def seen(self, picture: Picture) -> Box: ...

    def encoder(self) -> Encoder:
        """What `embed` computes, in a form of its own."""
        ...


class TrainedSpace:
    """The vectors of a checkpoint's network."""

    def __init__(self, networks: Networks, checkpoint: Source) -> None:
        self.features, self.network = networks.features, networks.trained(checkpoint)

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Unit vectors, float32 [N, D]."""
        return l2_normalize(self.features.pooled(self.network, pictures, progress))

    def encoder(self) -> Encoder:
        """
        Raises:
            UserError: what is wrong with the checkpoint.
        """
        from fsl_demo.inference.encoders import Pooled, TrainedMaps

        network = self.network
        return Encoder((network.preprocessing,), Pooled(TrainedMaps(network)), network.sources)

    def evidence(self, picture: Picture, directions: np.ndarray) -> np.ndarray:
        """What each position of a picture says for the directions [C, D], [C, h, w].

        On the maps of a frozen network, its part of the cosine; the parts add up to it.
        """
        if self.network.source is None:
            return self.network.evidence(picture, directions)
        maps = self.features.maps(self.network, [picture])[0]
        length = max(float(np.linalg.norm(maps.mean(axis=(1, 2)))), 1e-12)
        return np.tensordot(directions, maps, axes=1) / (maps[0].size * length)

    def seen(self, picture: Picture) -> Box:
        """The part of a picture that the network sees."""
        return self.network.seen(picture)
