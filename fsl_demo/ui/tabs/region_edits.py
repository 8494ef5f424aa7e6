"""What can be drawn on pictures: boxes, and what is in them."""

from __future__ import annotations

from fsl_demo.core.errors import UserError
from fsl_demo.core.regions import RegionSource
from fsl_demo.ui import given_regions
from fsl_demo.ui.context import Context
from fsl_demo.ui.fields import Key, Name, Sha
from fsl_demo.ui.given_regions import BoxField, GivenRegion, RegionKey, RegionName
from fsl_demo.ui.requests import Edit

MOST = 500
"""Boxes that a person can put on one picture."""


class PutRegion(Edit):
    """A box on a picture, or another shape, place or name of one that is there.

    Attributes:
        region: key of the box, which the page gives it.
        answer: key of the class that is in it; "" where `name` says what is, or where it has no name.
    """

    picture: Sha
    region: RegionKey
    box: BoxField
    answer: Key = ""
    name: RegionName = ""
    source: RegionSource = "drawn"
    annotator: Name = ""

    def apply(self, context: Context) -> None:
        document = context.document
        if self.picture not in {*document.queries, *document.support()}:
            raise UserError("region_picture_gone")
        if self.answer and document.row(self.answer) is None:
            raise UserError("region_class_gone")
        given = document.regions.get(self.picture, {})
        if self.region not in given and len(given) >= MOST:
            raise UserError("regions_many", limit=MOST)
        region = GivenRegion(
            box=self.box,
            answer=self.answer,
            name="" if self.answer else " ".join(self.name.split()),
            source=self.source,
            annotator=context.annotator(self.annotator),
        )
        given_regions.put(document.regions, self.picture, key=self.region, region=region)


class RemoveRegion(Edit):
    picture: Sha
    region: RegionKey

    def apply(self, context: Context) -> None:
        given_regions.remove(context.document.regions, self.picture, self.region)


EDITS = (PutRegion, RemoveRegion)
