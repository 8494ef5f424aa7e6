"""Where near-duplicates of a picture are found: frozen features, which nothing has drawn together class by class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.towers import PictureTowers
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.inference.batches import Embed
from fsl_demo.inference.vectors import l2_normalize


def originals(networks: Networks) -> Embed:
    """From pictures to unit vectors, [N, 1998]."""
    towers = PictureTowers(networks)

    def embed(pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        return l2_normalize(towers.embed(pictures, progress))

    return embed
