"""Face crops, framed as the pictures are that the face networks learned from.

The detector is scikit-image's cascade of local binary patterns (Liao et al. 2007), which comes with its weights.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from fsl_demo.core.pictures import Picture, from_image

FRAME = 1.34
"""Side of a crop, in widths of the detector's box: what LFW-a's pictures have around their faces (median of 39)."""
SIDE = 480
"""Longest side on which faces are looked for."""
SMALLEST = 32
"""Width of the smallest face that is found there."""
GLANCE, BORDER = 120, 20
"""For telling whether a picture is of a face: its longest side, and how far its edges go on, as faces fill crops."""


def crop(picture: Picture) -> Picture | None:
    """The largest face of a picture in its frame, or None where there is none."""
    image = picture.image()
    scale = min(1.0, SIDE / max(image.size))
    small = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    if min(small.size) < SMALLEST:
        return None
    edge = max(small.size) // 6
    padded = np.pad(np.asarray(small), ((edge, edge), (edge, edge), (0, 0)), mode="edge")
    found = _cascade().detect_multi_scale(padded, 1.1, 1, min_size=(SMALLEST,) * 2, max_size=(max(padded.shape),) * 2)
    if not found:
        return None
    face = max(found, key=lambda box: box["width"])
    side = round(face["width"] * FRAME / scale)
    left, top = (round((face[corner] + face["width"] / 2 - edge) / scale - side / 2) for corner in ("c", "r"))
    return from_image(_with_edges(image, (left, top, left + side, top + side)), picture.name)


def is_face(picture: Picture) -> bool:
    """Whether a picture is of one face, which takes up most of it."""
    image = picture.image()
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
