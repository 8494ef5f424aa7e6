"""The space of a CLIP model (Radford et al. 2021, arXiv:2103.00020), for methods on a `ImageTextSpace`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fsl_demo.backbones.clip.names import DEFAULT
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.episodes import Box, Progress, in_latin_script, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.inference.encoding import encoded
from fsl_demo.inference.vectors import l2_normalize


class ClipSpace:
    """A `ImageTextSpace`; everything but `id` and `title` raises what `clip_files.locate` and `Clip.load` raise.

    Args:
        name: of the weights, as `backbones.clip_names` has it.

    Raises:
        UserError: `clip_name`.
    """

    def __init__(self, networks: Networks, name: str = DEFAULT) -> None:
        self.features, self.network = networks.features, networks.clip(name)
        self.id, self.title = self.network.id, self.network.title

    @property
    def weights(self) -> str:
        """SHA-256 of the weights."""
        return self.network.weights

    @property
    def scale(self) -> float:
        """What the model was trained to multiply cosines with before the softmax."""
        return self.network.scale()

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        """Unit vectors, float32 [N, D]."""
        self.network.load(progress)
        return l2_normalize(self.features.pooled(self.network, pictures, progress))

    def texts(self, sentences: Sequence[Sequence[str]], progress: Progress = quiet) -> np.ndarray:
        """The mean of each ensemble's unit vectors, at length 1, float32 [C, D]; zeros for an empty ensemble."""
        means = np.zeros((len(sentences), self.network.channels), np.float32)
        ensembles = encoded(self.features, encoder=self.network, sentences=sentences, progress=progress)
        for mean, vectors in zip(means, ensembles, strict=True):
            if len(vectors):
                mean[:] = vectors.mean(axis=0)
        return l2_normalize(means)

    def reads(self, text: str) -> bool:
        """Whether the text tower was trained on this script: Latin, for OpenAI's tokenizer; any, for another."""
        return in_latin_script(text) or not self.network.reads_english_only()

    def evidence(self, picture: Picture, directions: np.ndarray) -> np.ndarray:
        """Cosine of each position with each direction [C, D]: float [C, h, w], by `backbones.clip_positions`.

        Raises:
            UserError: `clip_no_map`.
        """
        maps = self.features.maps(self.network.positions, [picture])[0]
        return np.tensordot(directions, l2_normalize(maps.transpose(1, 2, 0)), axes=(1, 2))

    def seen(self, picture: Picture) -> Box:
        """The part of a picture that the network sees."""
        return self.network.seen(picture)
