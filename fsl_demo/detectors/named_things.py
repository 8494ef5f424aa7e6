"""Things of any kind: regions of Faster R-CNN (Ren et al. 2015, arXiv:1506.01497) and the words that explain them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Source
from fsl_demo.core.capabilities import Detects
from fsl_demo.core.cards import DetectorCard
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Region
from fsl_demo.inference import dictionary_space, region_space
from fsl_demo.inference.boxes import apart, as_box
from fsl_demo.inference.calibration import softmax
from fsl_demo.inference.dictionary_space import CHECKPOINT, Seen, Vocabulary, codes

LEAST, APART = 0.3, 0.5
"""The least probability to be a thing, and how much two things may overlap."""
WORDS = 3
"""Of a fixed vocabulary, for each thing."""


class NamedThingDetector(Detects):
    """Things of a picture, each with the words that explain it best.

    Args:
        checkpoint, regions: in place of those that are shipped.
    """

    card = DetectorCard(
        id="named-things",
        title="Named things",
        paper="Ren et al. 2015, Faster R-CNN; Zhou et al. 2021, Deep Semantic Dictionary Learning",
        checkpoint="own Faster R-CNN + EfficientNet-Lite2 (ImageNet) + all-MiniLM-L6-v2 + own dictionary",
        finds=("thing",),
        cost=250,
    )

    def __init__(
        self, networks: Networks, checkpoint: Source = CHECKPOINT, regions: Source = region_space.CHECKPOINT
    ) -> None:
        self._space = dictionary_space.shared(networks, checkpoint, regions)

    def detect(self, pictures: Sequence[Picture], progress: Progress = quiet) -> list[tuple[Region, ...]]:
        """The things of each picture, the most probable first.

        Raises:
            UserError: what is wrong with the checkpoints.
        """
        space = self._space(progress)
        return [_named(seen, space.vocabulary, scale=float(space.scale)) for seen in space.see(pictures, progress)]


def _named(seen: Seen, known: Vocabulary, scale: float) -> tuple[Region, ...]:
    kept = np.flatnonzero(seen.objectness >= LEAST)
    kept = kept[apart(seen.boxes[kept], seen.objectness[kept], APART)]
    if not len(kept):
        return ()
    likely = softmax(scale * codes(seen.regions[kept], known.rows))
    regions = []
    for number, own in zip(kept, likely, strict=True):
        best = np.argsort(-own)[:WORDS]
        region = Region.within(
            as_box(seen.boxes[number]),
            score=float(seen.objectness[number]),
            words=tuple((known.words[choice], float(own[choice])) for choice in best),
        )
        regions += [region] if region else []
    return tuple(regions)
