"""Rectangles that a person put on pictures of a draft: what a part of a query shows, where the thing of a class is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, StringConstraints

from fsl_demo.core.episodes import MAX_NAME
from fsl_demo.core.regions import Box, RegionSource, check_box
from fsl_demo.ui.fields import Key, Name

DIGITS = 5
"""Of a box, as the page has it."""


def _checked(box: Box) -> Box:
    check_box(box)
    return box


BoxField = Annotated[Box, AfterValidator(_checked)]
RegionKey = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{1,16}$")]
RegionName = Annotated[str, StringConstraints(max_length=MAX_NAME)]


@dataclass(frozen=True)
class GivenRegion:
    """A person's word on a rectangle of a picture.

    Attributes:
        answer: key of the class that is there; "" where `name` says what is, or where it has no name.
        name: a word of its own, which is no class of the draft.
    """

    box: BoxField
    answer: Key = ""
    name: RegionName = ""
    source: RegionSource = "drawn"
    annotator: Name = ""


PictureRegions = dict[RegionKey, GivenRegion]
"""The regions of one picture, by a key that the page gives each; a change makes a new mapping."""
Regions = dict[str, PictureRegions]
"""By hash of the picture; a picture without regions is not in it."""


def put(regions: Regions, picture: str, key: str, region: GivenRegion) -> None:
    regions[picture] = {**regions.get(picture, {}), key: region}


def remove(regions: Regions, picture: str, key: str) -> None:
    left = {other: region for other, region in regions.get(picture, {}).items() if other != key}
    if left:
        regions[picture] = left
    else:
        regions.pop(picture, None)


def kept(regions: Mapping[str, PictureRegions], pictures: Collection[str]) -> Regions:
    """Those of some pictures."""
    return {picture: given for picture, given in regions.items() if picture in pictures}


def without_class(regions: Mapping[str, PictureRegions], answer: str) -> Regions:
    """Those that are not of a class."""
    left = {
        picture: {key: region for key, region in given.items() if region.answer != answer}
        for picture, given in regions.items()
    }
    return {picture: given for picture, given in left.items() if given}


def boxes(given: PictureRegions, answer: str) -> tuple[Box, ...]:
    """Where the thing of a class is on its support picture: what has no name of its own, or the name of the class."""
    return tuple(region.box for region in given.values() if region.answer in ("", answer) and not region.name)


def sent(region: GivenRegion) -> list[Any]:
    """A region as the page's script takes it: box, class key, own name and source."""
    return [[round(edge, DIGITS) for edge in region.box], region.answer, region.name, region.source]
