"""A Siamese network with CBAM in its blocks (Woo et al. 2018, arXiv:1807.06521): the same distance, and where and
which channels the network attends to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

import numpy as np

from fsl_demo.episodes import Episode, Explanation, Focus, Layer, Progress
from fsl_demo.methods.contract import NONE_BELOW, variant_setting
from fsl_demo.methods.nearest_mean import Fitted, NearestMean
from fsl_demo.methods.siamese import Siamese
from fsl_demo.methods.space import TrainedSpace
from fsl_demo.methods.variants import Variant, installed
from fsl_demo.pictures import Picture

VARIANTS = installed(
    "siamese-cbam", (Variant("characters", "siamese_cbam_characters"), Variant("faces", "siamese_cbam_faces"))
)
CHANNELS = 6


@dataclass(frozen=True)
class SiameseCbamSettings:
    """Settings of `SiameseCbam`, as of `Siamese`."""

    variant: str | None = field(default=None, metadata=variant_setting(VARIANTS))
    none_below: float | None = field(default=None, metadata=NONE_BELOW)


class SiameseCbam(Siamese):
    """`Siamese` whose networks have attention."""

    card: ClassVar = replace(
        Siamese.card,
        id="siamese-cbam",
        title="Siamese + CBAM",
        paper="Woo et al. 2018, CBAM: Convolutional Block Attention Module; Koch et al. 2015",
        explains=("query", "support", "distances", "attention"),
        cost=3,
        kinds=(),
    )
    Settings: ClassVar[type[Any]] = SiameseCbamSettings
    variants = VARIANTS

    def classifier(self, fitted: Fitted, episode: Episode, progress: Progress) -> NearestMean:
        return AttentiveNearestMean(fitted, episode, progress)


class AttentiveNearestMean(NearestMean):
    """`NearestMean` that also shows attention."""

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        """The attention on query and support picture, then each position's share of the similarity."""
        found = super().explain(query, class_index, focus)
        attention = tuple(self._attention(layer.picture, layer.role) for layer in found.layers)
        return replace(found, layers=attention + found.layers)

    def _attention(self, picture: Picture, role: Literal["query", "support"]) -> Layer:
        """What the finest attention lets through at each position, and the strongest channels of the last one.

        The spatial attention alone is high where there is no ink, and fails the blanking test: it is a factor.
        """
        assert isinstance(self.space, TrainedSpace)
        blocks = self.space.network.attended(picture)
        passed, channel = blocks[0][1], blocks[-1][0]
        scaled = (passed - passed.min()) / max(float(np.ptp(passed)), 1e-12)
        strongest = tuple((int(i), float(channel[i])) for i in np.argsort(-channel)[:CHANNELS])
        seen = self.space.seen(picture)
        return Layer(picture, role, scaled.astype(np.float32), seen, kind="attention", channels=strongest)
