"""Things of any kind, by the region network (Ren et al. 2015): where a picture has something rather than background."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.core.capabilities import Detects
from fsl_demo.core.cards import DetectorCard
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Region
from fsl_demo.datasets.voc2007 import NAMES, WORDS
from fsl_demo.inference.boxes import as_box
from fsl_demo.inference.region_space import Proposals, RegionSpace

LEAST = 0.05
"""The least probability of a name that is given."""


class ThingDetector(Detects):
    """Regions by how probably they are a thing, with those of VOC's 20 classes that it may be."""

    card = DetectorCard(
        id="things",
        title="Things",
        paper="Ren et al. 2015, Faster R-CNN",
        checkpoint="own Faster R-CNN on EfficientNet-Lite2 (VOC 2007, Flickr30k Entities)",
        finds=tuple(WORDS.values()),
        cost=200,
    )

    def __init__(self, networks: Networks) -> None:
        self._space = RegionSpace(networks)

    def detect(self, pictures: Sequence[Picture], progress: Progress = quiet) -> list[tuple[Region, ...]]:
        """The regions of each picture, the most probable thing first."""
        return [_regions(proposals) for proposals in self._space.propose(pictures, progress)]


def _regions(proposals: Proposals) -> tuple[Region, ...]:
    regions = []
    for box, objectness, likely in zip(proposals.boxes, proposals.objectness, proposals.classes, strict=True):
        words = tuple((WORDS[NAMES[c]], float(likely[c])) for c in np.argsort(-likely) if likely[c] >= LEAST)
        region = Region.within(as_box(box), score=float(objectness), words=words)
        regions += [region] if region is not None else []
    return tuple(regions)
