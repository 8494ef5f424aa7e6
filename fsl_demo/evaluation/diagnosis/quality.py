"""Pictures that show little: blurred, dark, nearly uniform, tiny. What is measured, and from where it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fsl_demo.core.pictures import Picture

Fault = Literal["dark", "uniform", "tiny", "blurred"]
SIDE = 256
"""The longer side, in pixels, at which sharpness is measured; a smaller picture is taken as it is."""
TINY = 0.25
"""A picture is tiny when its shorter side is below this share of the median one of the set."""


@dataclass(frozen=True)
class Look:
    """What is measured of a picture's brightness, from 0 to 1.

    Attributes:
        spread: between its 5th and 95th percentile.
        light: its 95th percentile.
        sharpness: the 99th percentile of the differences to the mean of the four neighbours, over `spread`.
        side: the shorter side in pixels.
    """

    spread: float
    light: float
    sharpness: float
    side: int


LIMITS: dict[Fault, float] = {"dark": 0.2, "uniform": 0.04, "blurred": 0.05}
"""Below these a picture has a fault; `python -m experiments.diagnosis quality` chose them."""


def look(picture: Picture) -> Look:
    """Measure a picture.

    Raises:
        UserError: what is wrong with its file.
    """
    image = picture.preview().convert("L")
    image.thumbnail((SIDE, SIDE))
    grey = np.asarray(image, np.float32) / 255
    low, high = np.quantile(grey, (0.05, 0.95))
    sharpness = 0.0
    if min(grey.shape) > 2:
        around = (grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]) / 4
        sharpness = float(np.quantile(np.abs(grey[1:-1, 1:-1] - around), 0.99)) / max(float(high - low), 1e-3)
    return Look(
        spread=float(high - low), light=float(high), sharpness=sharpness, side=min(picture.width, picture.height)
    )


def faults(looks: Sequence[Look]) -> list[Fault | None]:
    """The worst fault of each picture; one is tiny beside the others of the set."""
    usual = float(np.median([measured.side for measured in looks])) if looks else 0.0
    return [_fault(measured, usual) for measured in looks]


def _fault(measured: Look, usual: float) -> Fault | None:
    if measured.light < LIMITS["dark"]:
        return "dark"
    if measured.spread < LIMITS["uniform"]:
        return "uniform"
    if measured.side < TINY * usual:
        return "tiny"
    return "blurred" if measured.sharpness < LIMITS["blurred"] else None
