"""Where near-duplicates of a picture are found: frozen features, which nothing has drawn together class by class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.towers import PictureTowers
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.inference.vectors import l2_normalize


class Originals:
    """From pictures to unit vectors, [N, 1998]."""

    def __init__(self, networks: Networks) -> None:
        self._towers = PictureTowers(networks)

    def __call__(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        return l2_normalize(self._towers.embed(pictures, progress))
