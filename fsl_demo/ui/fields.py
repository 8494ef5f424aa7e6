"""What a field of a request or of a stored draft may hold."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from fsl_demo.core.regions import MAX_BOXES, Box, RegionLabel, check_box

Sha = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Key = Annotated[str, StringConstraints(max_length=40)]
"""Key of a class, NONE, "queries", or ""."""
Name = Annotated[str, StringConstraints(max_length=200)]
Text = Annotated[str, StringConstraints(max_length=100_000)]
Shas = Annotated[list[Sha], Field(max_length=100_000)]


def _checked(box: Box) -> Box:
    check_box(box)
    return box


DrawnBox = Annotated[Box, AfterValidator(_checked)]
"""Left, top, right, bottom, as fractions of the picture; it has an area and lies within the picture."""
DrawnBoxes = Annotated[tuple[DrawnBox, ...], Field(max_length=MAX_BOXES)]
MarkedRegions = Annotated[tuple[RegionLabel, ...], Field(max_length=MAX_BOXES)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
