"""What can be marked on pictures: where the thing of a class is on a support picture, what is where on a query."""

from __future__ import annotations

from dataclasses import replace

from fsl_demo.core.errors import UserError
from fsl_demo.core.regions import RegionLabel
from fsl_demo.ui import marks
from fsl_demo.ui.context import Context
from fsl_demo.ui.fields import DrawnBox, Sha
from fsl_demo.ui.requests import Edit


class MarkBox(Edit):
    """A box on a support picture.

    Attributes:
        before: the box that it takes the place of; None adds one.
        after: None takes `before` back.
    """

    picture: Sha
    before: DrawnBox | None = None
    after: DrawnBox | None = None

    def apply(self, context: Context) -> None:
        document = context.document
        if self.before is not None:
            marks.replace(document.boxes, self.picture, before=self.before, after=self.after)
        elif self.after is not None:
            _check(self.picture in document.support())
            marks.add(document.boxes, self.picture, [self.after])


class MarkRegion(Edit):
    """What a person says of a rectangle of a query; `before` and `after` as of `MarkBox`."""

    picture: Sha
    before: RegionLabel | None = None
    after: RegionLabel | None = None

    def apply(self, context: Context) -> None:
        document, after = context.document, self.after
        if after is not None:
            after = replace(after, name=" ".join(after.name.split()), annotator=context.annotator(after.annotator))
        if self.before is not None:
            marks.replace(document.regions, self.picture, before=self.before, after=after)
        elif after is not None:
            _check(self.picture in document.queries)
            marks.add(document.regions, self.picture, [after])


def _check(here: bool) -> None:
    """Raise `picture_gone` unless the picture is still here."""
    if not here:
        raise UserError("picture_gone")


EDITS = (MarkBox, MarkRegion)
