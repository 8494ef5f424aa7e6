"""Where photographs are compared: what two frozen networks say of a picture, one of its middle and one of all of it,
under a linear map that was trained to tell things apart (see `training.objectives.picture_space`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fsl_demo import checkpoints
from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.picture_maps import CHANNELS
from fsl_demo.backbones.towers import PICTURE, PictureTowers
from fsl_demo.checkpoints import Checkpoint, Source
from fsl_demo.core.episodes import Box, Progress, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.portable import Encoder
from fsl_demo.inference.vector_cache import VectorCache
from fsl_demo.inference.vectors import l2_normalize

CHECKPOINT = "picture_space"
REMEMBERED = 4_096
"""Vectors that are not computed again; 2 kB each."""


class PictureSpace:
    """Pictures as unit vectors, and what each position of a picture adds to a cosine.

    Args:
        checkpoint: in place of the one that is shipped.

    Attributes:
        weights: hashes of the weights, joined by "+".

    Raises:
        UserError: what is wrong with the checkpoint.
    """

    def __init__(self, networks: Networks, checkpoint: Source | Checkpoint = CHECKPOINT) -> None:
        self.towers = PictureTowers(networks)
        self.checkpoint = checkpoints.load(checkpoint)
        hashes = (networks.pictures.weights, networks.whole_pictures.weights, self.checkpoint.sha256)
        self.weights = "+".join(sha256[:16] for sha256 in hashes)
        weight = self.checkpoint.array("map.weight", None, PICTURE).astype(np.float32)
        self.weight, self.bias = weight, self.checkpoint.array("map.bias", len(weight)).astype(np.float32)
        if networks.shuffle is not None:
            random = np.random.default_rng(networks.shuffle)
            self.weight = random.permuted(weight.ravel()).reshape(weight.shape)
        self._quick = [
            self.checkpoint.array(f"quick.{name}", *shape).astype(np.float32)
            for name, shape in (("weight", (len(weight), CHANNELS)), ("bias", (len(weight),)))
        ]
        self._vectors = VectorCache(REMEMBERED)

    @property
    def channels(self) -> int:
        """Length of a vector."""
        return len(self.weight)

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Unit vectors, float32 [N, D]."""

        def compute(missing: list[int]) -> np.ndarray:
            return self.project(self.towers.embed([pictures[number] for number in missing], progress))

        return self._vectors([picture.sha256 for picture in pictures], compute, self.channels)

    def embed_quickly(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """What `embed` would say, guessed by the smaller network alone: unit vectors, float32 [N, D]."""
        return self.project_quickly(self.towers.middle(pictures, progress))

    def project_quickly(self, features: np.ndarray) -> np.ndarray:
        """From what `PictureTowers.middle` gives, [N, 999]."""
        weight, bias = self._quick
        return l2_normalize(features @ weight.T + bias)

    def project(self, features: np.ndarray) -> np.ndarray:
        """From what `PictureTowers.embed` gives, [N, 1998]."""
        return l2_normalize(features @ self.weight.T + self.bias)

    def through(self, features: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What makes a picture's products with the directions out of its features.

        Args:
            features: of one picture, [1998].
            directions: [C, D].

        Returns:
            What the features are multiplied with, [C, 1998], and what is added then, [C].
        """
        pull = directions / max(float(np.linalg.norm(self.weight @ features + self.bias)), 1e-12)
        return pull @ self.weight, pull @ self.bias

    def evidence(self, picture: Picture, directions: np.ndarray) -> np.ndarray:
        """Each position's part of a picture's products with the directions [C, D]; the parts add up to them.

        Returns:
            float [C, 9, 9].
        """
        return self.towers.shares(picture, *self.through(self.towers.embed([picture])[0], directions))

    def seen(self, picture: Picture) -> Box:
        """All of the picture, but for the ends of a very long one."""
        return self.towers.seen(picture)

    def encoder(self) -> Encoder:
        """What `embed` computes, in a form of its own."""
        from fsl_demo.inference.encoders import Mapped, OfFeatures, Towers

        towers = Towers(self.towers.networks)
        network = OfFeatures(towers, [Mapped(self.weight, self.bias)], [1.0])
        return Encoder(towers.recipes, network, (self.checkpoint,))


class Unlearned:
    """What the towers say, as a unit vector: `PictureSpace` before its map."""

    channels = PICTURE

    def project(self, features: np.ndarray) -> np.ndarray:
        """From what `PictureTowers.embed` gives, whose two parts have length 1."""
        return np.asarray(features / np.sqrt(2), np.float32)

    def through(self, features: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As of `PictureSpace`."""
        return directions / np.sqrt(2), np.zeros(len(directions))
