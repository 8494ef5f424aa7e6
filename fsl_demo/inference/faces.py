"""Face crops, framed as the pictures are that the face networks learned from.

The detector is scikit-image's cascade of local binary patterns (Liao et al. 2007), which comes with its weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from fsl_demo.core.episodes import Box
from fsl_demo.core.pictures import Picture, from_image

FRAME = 1.34
"""Side of a crop, in widths of the detector's box: what LFW-a's pictures have around their faces (median of 39)."""
SIDE = 480
"""Longest side on which faces are looked for."""
SMALLEST = 32
"""Width of the smallest face that is found there."""
GLANCE, BORDER = 120, 20
"""For telling whether a picture is of a face: its longest side, and how far its edges go on, as faces fill crops."""


@dataclass(frozen=True)
class Face:
    """A square around a face, in pixels of the picture; it may reach beyond the picture.

    Attributes:
        x, y: the middle.
    """

    x: float
    y: float
    width: float

    def box(self, picture: Picture) -> Box:
        """As fractions of the picture."""
        across, down, half = *picture.image().size, self.width / 2
        return (
            (self.x - half) / across,
            (self.y - half) / down,
            (self.x + half) / across,
            (self.y + half) / down,
        )


def find(picture: Picture) -> list[Face]:
    """The faces of a picture, the largest first."""
    image = picture.image()
    scale = min(1.0, SIDE / max(image.size))
    small = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    if min(small.size) < SMALLEST:
        return []
    edge = max(small.size) // 6
    padded = np.pad(np.asarray(small), ((edge, edge), (edge, edge), (0, 0)), mode="edge")
    boxes = _cascade().detect_multi_scale(padded, 1.1, 1, min_size=(SMALLEST,) * 2, max_size=(max(padded.shape),) * 2)
    faces = [
        Face(
            x=(box["c"] + box["width"] / 2 - edge) / scale,
            y=(box["r"] + box["width"] / 2 - edge) / scale,
            width=box["width"] / scale,
        )
        for box in boxes
    ]
    return sorted(faces, key=lambda face: -face.width)


def crop(picture: Picture) -> Picture | None:
    """The largest face of a picture in its frame, or None where there is none."""
    faces = find(picture)
    if not faces:
        return None
    face, image = faces[0], picture.image()
    side = round(face.width * FRAME)
    left, top = (round(middle - side / 2) for middle in (face.x, face.y))
    return from_image(_with_edges(image, (left, top, left + side, top + side)), picture.name)


def is_face(picture: Picture) -> bool:
    """Whether a picture is of one face, which takes up most of it."""
    image = picture.preview()
    scale = GLANCE / max(image.size)
    small = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    padded = np.pad(np.asarray(small), ((BORDER, BORDER), (BORDER, BORDER), (0, 0)), mode="edge")
    sizes = (GLANCE // 2,) * 2, (GLANCE + BORDER,) * 2
    return bool(_cascade().detect_multi_scale(padded, 1.15, 1, min_size=sizes[0], max_size=sizes[1]))


def _with_edges(image: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    """Cut a box that may reach beyond the picture; its edge pixels go on there."""
    left, top, right, bottom = box
    pixels = np.asarray(image)
    rows = np.clip(np.arange(top, bottom), 0, image.height - 1)
    columns = np.clip(np.arange(left, right), 0, image.width - 1)
    return Image.fromarray(pixels[rows][:, columns])


@cache
def _cascade() -> Any:
    from skimage.data import lbp_frontal_face_cascade_filename
    from skimage.feature import Cascade

    return Cascade(lbp_frontal_face_cascade_filename())
