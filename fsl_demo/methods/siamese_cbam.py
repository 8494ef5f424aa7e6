"""A Siamese network with CBAM in its blocks (Woo et al. 2018, arXiv:1807.06521): the same distance, and where and
which channels the network attends to."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fsl_demo.core.episodes import Episode, Explanation, Focus, Progress
from fsl_demo.core.pictures import Picture
from fsl_demo.inference.nearest_mean import NearestMean, NearestMeanInputs
from fsl_demo.inference.space import TrainedSpace
from fsl_demo.inference.variants import Variant, Variants, VariantSettings, variant_setting
from fsl_demo.methods.siamese import Siamese

VARIANTS = Variants(
    (Variant("characters", "siamese_cbam_characters"), Variant("faces", "siamese_cbam_faces")), "siamese-cbam"
)
CHANNELS = 6


@dataclass(frozen=True)
class SiameseCbamSettings(VariantSettings):
    """Settings of `SiameseCbam`, as of `Siamese`."""

    variant: str | None = variant_setting(VARIANTS)


class SiameseCbam(Siamese):
    """`Siamese` whose networks have attention."""

    card = replace(
        Siamese.card,
        id="siamese-cbam",
        title="Siamese + CBAM",
        paper="Woo et al. 2018, CBAM: Convolutional Block Attention Module; Koch et al. 2015",
        explains=("query", "support", "distances", "attention"),
        cost=3,
        kinds=(),
    )
    Settings: type[VariantSettings] = SiameseCbamSettings
    variants = VARIANTS

    def classifier(self, inputs: NearestMeanInputs, episode: Episode, progress: Progress) -> NearestMean:
        return AttentiveNearestMean(inputs, episode, progress)


class AttentiveNearestMean(NearestMean):
    """`NearestMean` that shows where what the attention lets through counts for the class, and its strongest channels.

    The spatial attention alone is high where there is no ink, and fails the blanking test: it is a factor.
    """

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        explanation = super().explain(query, class_index, focus)
        layers = (
            replace(layer, kind="attention", channels=self._channels(layer.picture)) for layer in explanation.layers
        )
        return replace(explanation, layers=tuple(layers))

    def _channels(self, picture: Picture) -> tuple[tuple[int, float], ...]:
        assert isinstance(self.space, TrainedSpace)
        weights = self.space.network.attended_channels(picture)
        return tuple((int(i), float(weights[i])) for i in np.argsort(-weights)[:CHANNELS])
