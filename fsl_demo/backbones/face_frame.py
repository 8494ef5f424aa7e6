"""A face turned, scaled and moved so that eyes, nose and mouth lie where they lie on average in LFW-a."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from fsl_demo.core.pictures import Picture

if TYPE_CHECKING:
    from fsl_demo.backbones.mtcnn import Mtcnn

POINTS = np.array([0.352 + 0.422j, 0.648 + 0.422j, 0.5 + 0.595j, 0.373 + 0.743j, 0.627 + 0.743j])
"""Eyes, nose and corners of the mouth, x + iy in shares of the frame's side: medians of 1,000 of LFW-a, made even."""

REMEMBERED = 20_000


@dataclass(frozen=True)
class Frame:
    """A square in a picture: the frame's point w, x + iy in shares of its side, lies at `turn` w + `corner`, in pixels.

    Attributes:
        turn: of which the length is the square's side and the angle its rotation.
    """

    turn: complex
    corner: complex

    @property
    def middle(self) -> complex:
        return self.corner + self.turn * (0.5 + 0.5j)

    @property
    def side(self) -> float:
        return abs(self.turn)


def frame(picture: Picture) -> Frame | None:
    """The frame of the face that a picture is of; None where MTCNN finds none that takes up a third of it.

    Raises:
        UserError: `weights_missing`, `weights_differ`.
    """
    with suppress(KeyError):
        return _frames[picture.sha256]
    points = _mtcnn().points(np.asarray(picture.image()))
    place = None if points is None else fitted(points[:, 0] + 1j * points[:, 1])
    if len(_frames) >= REMEMBERED:
        _frames.clear()
    _frames[picture.sha256] = place
    return place


def fitted(points: np.ndarray) -> Frame:
    """The frame in which five points [5], x + iy, lie nearest to `POINTS` (Umeyama 1991, without reflection)."""
    wanted, middle = POINTS - POINTS.mean(), points.mean()
    turn = complex(np.vdot(wanted, points - middle) / np.vdot(wanted, wanted).real)
    return Frame(turn, complex(middle - turn * POINTS.mean()))


def cut(image: Image.Image, place: Frame, side: int) -> Image.Image:
    """What is in the frame, [side, side]; beyond the picture its edges go on."""
    shrunk = min(1.0, side / place.side)
    if shrunk < 1:
        size = (max(1, round(image.width * shrunk)), max(1, round(image.height * shrunk)))
        image = image.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)
    corners = (place.corner + place.turn * np.array([0, 1, 1j, 1 + 1j])) * shrunk
    beyond = max(0, *-corners.real, *-corners.imag, *(corners.real - image.width), *(corners.imag - image.height))
    edge = int(np.ceil(beyond)) + 2
    widths = [(edge, edge), (edge, edge), (0, 0)][: 2 + (image.mode == "RGB")]
    padded = Image.fromarray(np.pad(np.asarray(image), widths, mode="edge"))
    step, corner = place.turn * shrunk / side, place.corner * shrunk + edge * (1 + 1j)
    matrix = (step.real, -step.imag, corner.real, step.imag, step.real, corner.imag)
    return padded.transform((side, side), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)


@cache
def _mtcnn() -> Mtcnn:
    from fsl_demo.backbones.mtcnn import Mtcnn

    return Mtcnn()


_frames: dict[str, Frame | None] = {}
"""By the picture's hash, once somebody has looked; `REMEMBERED` at most, as a camera's frames are looked at, too."""
