"""A sentence about each picture: what `caption --format json` says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow

from fsl_demo.core.capabilities import Captioner
from fsl_demo.core.episodes import Progress
from fsl_demo.core.errors import Report
from fsl_demo.core.pictures import Picture
from fsl_demo.core.registry import Registry
from fsl_demo.services.bulk.task import Row
from fsl_demo.services.caption import describe
from fsl_demo.services.documents import caption_documents


class Caption:
    """The best sentence, all candidates, and what a picture is certainly of.

    Raises:
        UserError: what is wrong with the weights.
    """

    verb = "caption"

    def __init__(self, captioner: Captioner) -> None:
        self._captioner = captioner
        self.depends: Mapping[str, Any] = {"captioner": {"id": captioner.card.id, "checkpoint": captioner.weights}}
        self.about: Mapping[str, Any] = {}

    def columns(self) -> list[pyarrow.Field]:
        text, number, truth = pyarrow.string(), pyarrow.float64(), pyarrow.bool_()
        candidate = pyarrow.struct([("text", text), ("score", number), ("fit", number), ("doubtful", truth)])
        columns = [("caption", text), ("doubtful", truth), ("hint", text), ("certainty", number)]
        return [pyarrow.field(*column) for column in (*columns, ("captions", pyarrow.list_(candidate)))]

    def answer(self, chunks: Iterable[Sequence[Picture]]) -> list[Row]:
        return [row for chunk in chunks for row in self._rows(chunk)]

    def _rows(self, chunk: Sequence[Picture]) -> Iterable[Row]:
        captions = {
            picture.sha256: candidates
            for part in describe(self._captioner, chunk)
            for picture, candidates in part.items()
        }
        pictures = {str(number): picture for number, picture in enumerate(chunk)}
        for document in caption_documents(self._captioner, pictures=pictures, captions=captions):
            best, hint = document["captions"][0], document["hint"]
            yield {
                "caption": best["text"],
                "doubtful": best["doubtful"],
                "hint": hint["name"] if hint else None,
                "certainty": hint["certainty"] if hint else None,
                "captions": document["captions"],
            }


@dataclass(frozen=True)
class CaptionRecipe:
    """
    Attributes:
        name: of the captioner; the first one for None.
    """

    name: str | None

    def make(self, registry: Registry, progress: Progress, report: Report) -> Caption:
        """As of `Recipe`."""
        return Caption(registry.captioner(self.name))
