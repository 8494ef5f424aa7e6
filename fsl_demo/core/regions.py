"""Regions: what a detector, a method or a person says of a rectangle of a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from fsl_demo.core.class_names import MAX_NAME, class_key
from fsl_demo.core.pictures import Picture

Box = tuple[float, float, float, float]
"""left, top, right, bottom, as fractions of the picture's width and height."""

MAX_BOXES = 1_000
"""On one picture."""
RegionSource = Literal["drawn", "accepted", "imported"]


def check_box(box: Box) -> None:
    """Raise `ValueError` unless a box has an area and lies within the picture."""
    left, top, right, bottom = box
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise ValueError(f"box: 0 <= left < right <= 1 and 0 <= top < bottom <= 1 expected, got {box}")


@dataclass(frozen=True)
class Region:
    """A rectangle of a picture.

    Attributes:
        box: left, top, right, bottom, as fractions of the picture's width and height, within the picture.
        score: how sure the detector is, from 0 to 1; 1 from a detector that does not say.
        words: what it may be called, each with a score from 0 to 1, best first.

    Raises:
        ValueError: for a box without area or beyond the picture, and for scores out of range.
    """

    box: Box
    score: float = 1.0
    words: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        check_box(self.box)
        if not 0 <= self.score <= 1:
            raise ValueError(f"score: from 0 to 1 expected, got {self.score}")
        scores = [score for _, score in self.words]
        if not all(0 <= score <= 1 for score in scores) or scores != sorted(scores, reverse=True):
            raise ValueError(f"words: scores from 0 to 1, best first, expected, got {self.words}")

    @classmethod
    def within(cls, box: Box, score: float = 1.0, words: tuple[tuple[str, float], ...] = ()) -> Region | None:
        """The part of a box that lies in the picture; None where it lies beyond."""
        if not all(map(math.isfinite, box)):
            raise ValueError(f"box: finite numbers expected, got {box}")
        left, top, right, bottom = (min(max(edge, 0.0), 1.0) for edge in box)
        return cls((left, top, right, bottom), score, words) if left < right and top < bottom else None

    @property
    def area(self) -> float:
        """As a fraction of the picture."""
        left, top, right, bottom = self.box
        return (right - left) * (bottom - top)

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """The box in whole pixels of a picture of this size."""
        left, top, right, bottom = self.box
        return round(left * width), round(top * height), round(right * width), round(bottom * height)

    def overlap(self, other: Region) -> float:
        """Intersection over union."""
        left, top = max(self.box[0], other.box[0]), max(self.box[1], other.box[1])
        right, bottom = min(self.box[2], other.box[2]), min(self.box[3], other.box[3])
        shared = max(right - left, 0.0) * max(bottom - top, 0.0)
        return shared / (self.area + other.area - shared)


@dataclass(frozen=True)
class RegionLabel:
    """A person's word on a rectangle of a query.

    Attributes:
        box: fractions of the picture.
        name: what is there: the name of a class, or any other word.
        annotator: who said it.
        source: "drawn" by hand, "accepted" as a method proposed it, or "imported" from a file.

    Raises:
        ValueError: for a box without area or beyond the picture, and for a name that is empty or too long.
    """

    box: Box
    name: str
    annotator: str = ""
    source: RegionSource = "drawn"

    def __post_init__(self) -> None:
        check_box(self.box)
        if not class_key(self.name) or len(self.name) > MAX_NAME:
            raise ValueError(f"name: 1 to {MAX_NAME} characters expected, got {self.name[: MAX_NAME + 1]!r}")


@dataclass(frozen=True)
class RegionNeighbour:
    """A support region that resembles a region of a query.

    Attributes:
        picture: the support picture.
        box: the region on it.
        class_index: the class of the support picture.
        similarity: cosine of the two regions' features.
    """

    picture: Picture
    box: Box
    class_index: int
    similarity: float


@dataclass(frozen=True)
class RegionExplanation:
    """Why a method names a region as it does.

    Attributes:
        words: of the dictionary, with what each contributes, the largest first.
        neighbours: the support regions that resemble it most, nearest first.
    """

    words: tuple[tuple[str, float], ...]
    neighbours: tuple[RegionNeighbour, ...]
