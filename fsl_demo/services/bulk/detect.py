"""What is where on each picture."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow

from fsl_demo import checkpoints
from fsl_demo.core.capabilities import Detector
from fsl_demo.core.episodes import Progress
from fsl_demo.core.errors import Report
from fsl_demo.core.pictures import Picture
from fsl_demo.core.registry import Registry
from fsl_demo.services.bulk.task import Row, probe
from fsl_demo.services.documents import DECIMALS, rounded


class Detect:
    """The regions of each picture, the surest first.

    Raises:
        UserError: what is wrong with the weights.
    """

    verb = "detect"

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        detector.detect([probe()])
        in_use = hashlib.sha256(repr(checkpoints.in_use()).encode()).hexdigest()
        self.depends: Mapping[str, Any] = {"detector": {"id": detector.card.id, "checkpoints in use": in_use}}
        self.about: Mapping[str, Any] = {}

    def columns(self) -> list[pyarrow.Field]:
        number = pyarrow.float64()
        word = pyarrow.struct([("word", pyarrow.string()), ("score", number)])
        region = pyarrow.struct([("box", pyarrow.list_(number)), ("score", number), ("words", pyarrow.list_(word))])
        return [pyarrow.field("regions", pyarrow.list_(region))]

    def answer(self, chunks: Iterable[Sequence[Picture]]) -> list[Row]:
        return [
            {
                "regions": [
                    {
                        "box": rounded(region.box),
                        "score": round(region.score, DECIMALS),
                        "words": [{"word": word, "score": round(score, DECIMALS)} for word, score in region.words],
                    }
                    for region in regions
                ]
            }
            for chunk in chunks
            for regions in self._detector.detect(chunk)
        ]


@dataclass(frozen=True)
class DetectRecipe:
    """
    Attributes:
        name: of the detector.
    """

    name: str

    def make(self, registry: Registry, progress: Progress, report: Report) -> Detect:
        """As of `Recipe`."""
        return Detect(registry.detector(self.name))
