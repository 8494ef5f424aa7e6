"""The table of detectors. A new one is a file in this folder and a line here."""

from __future__ import annotations

from typing import Protocol

from fsl_demo.backbones.networks import Networks
from fsl_demo.core.capabilities import Detector
from fsl_demo.core.cards import DetectorCard
from fsl_demo.core.tables import load


class MakesDetector(Protocol):
    """A detector's class: called with the networks that all share."""

    @property
    def card(self) -> DetectorCard: ...

    def __call__(self, networks: Networks) -> Detector: ...


DETECTORS: tuple[MakesDetector, ...] = load(
    __name__,
    "faces:FaceDetector",
    "things:ThingDetector",
    "named_things:NamedThingDetector",
    "coco_things:CocoThingDetector",
)


def build(networks: Networks) -> dict[str, Detector]:
    """All detectors by id, on these networks."""
    return {make.card.id: make(networks) for make in DETECTORS}
