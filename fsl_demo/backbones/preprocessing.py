"""How a picture becomes what a network reads, one recipe a domain. A checkpoint's card names its recipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from fsl_demo.backbones import face_frame, picture_maps
from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0
from fsl_demo.core.episodes import Box
from fsl_demo.core.pictures import Picture

if TYPE_CHECKING:
    from torch import Tensor

INK_BOX, INK_SIDE = 20, 28


@dataclass(frozen=True)
class Preprocessing:
    """A recipe.

    Attributes:
        id: names it on cards and in caches.
        prepare: to uint8 [stored, stored, colours]; for `frozen`, to what the frozen network reads.
        seen: the part of a picture that the network sees; beyond its edges, below 0 and above 1.
        side: pixels that the network sees, in the middle of what is stored: the rest is room for augmentation.
        stored: pixels that are stored.
        mean, spread: of pixel values in [0, 1], taken off and divided by; of each picture its own where None.
        frozen: whether what is stored are `picture_maps`, float16, and no pixels.
    """

    id: str
    prepare: Callable[[Picture], np.ndarray]
    seen: Callable[[Picture], Box]
    side: int
    stored: int
    colours: int
    mean: float | None
    spread: float | None
    frozen: bool = False

    def tensor(self, images: np.ndarray | Tensor) -> Tensor:
        """The middle of stored pictures, uint8 [N, stored, stored, colours], scaled: float [N, colours, side, side]."""
        import torch

        edge = (self.stored - self.side) // 2
        middle = torch.as_tensor(images)[:, edge : edge + self.side, edge : edge + self.side]
        middle = middle.permute(0, 3, 1, 2).float()
        return middle if self.frozen else self.scaled(middle / 255)

    def scaled(self, images: Tensor) -> Tensor:
        """Values in [0, 1] to what the network reads, [N, C, H, W]."""
        if self.mean is not None and self.spread is not None:
            return (images - self.mean) / self.spread
        mean, spread = images.mean((1, 2, 3), keepdim=True), images.std((1, 2, 3), keepdim=True)
        return (images - mean) / (spread + 0.05)


def _ink(picture: Picture) -> np.ndarray:
    """Ink as MNIST has it: light on dark, in a box of 20 pixels, its centre of mass in the middle of 28 x 28."""
    values = _ink_values(picture)
    left, top, right, bottom = _ink_box(values)
    cut = Image.fromarray(values[top:bottom, left:right])
    scale = INK_BOX / max(cut.size)
    size = (max(1, round(cut.width * scale)), max(1, round(cut.height * scale)))
    ink = np.asarray(cut.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0), dtype=np.float32)
    total = max(float(ink.sum()), 1e-6)
    row = float((ink.sum(axis=1) * np.arange(size[1])).sum()) / total
    column = float((ink.sum(axis=0) * np.arange(size[0])).sum()) / total
    place = [
        int(np.clip(round(INK_SIDE / 2 - centre - 0.5), 0, INK_SIDE - length))
        for centre, length in ((row, size[1]), (column, size[0]))
    ]
    page = np.zeros((INK_SIDE, INK_SIDE, 1), np.uint8)
    page[place[0] : place[0] + size[1], place[1] : place[1] + size[0], 0] = ink
    return page


def _ink_values(picture: Picture) -> np.ndarray:
    """Grey values stretched over the whole range, inverted where the edge of the picture is light."""
    grey = np.asarray(ImageOps.autocontrast(picture.image().convert("L")))
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return 255 - grey if np.median(edge) > 127 else grey


def _ink_box(values: np.ndarray) -> tuple[int, int, int, int]:
    inked = values > 64
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    if not len(rows):
        return 0, 0, values.shape[1], values.shape[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _ink_seen(picture: Picture) -> Box:
    """About where the ink is: its box, as much larger as 28 pixels are than 20."""
    left, top, right, bottom = _ink_box(_ink_values(picture))
    reach = max(right - left, bottom - top) * INK_SIDE / INK_BOX / 2
    across, down = (left + right) / 2, (top + bottom) / 2
    width, height = picture.width, picture.height
    return ((across - reach) / width, (down - reach) / height, (across + reach) / width, (down + reach) / height)


def _fitted(picture: Picture, side: int) -> np.ndarray:
    """The middle square of a picture, in colour."""
    return np.array(ImageOps.fit(picture.image(), (side, side), Image.Resampling.BICUBIC))


def _padded(picture: Picture, side: int) -> np.ndarray:
    """The whole of a picture, grey, made square by going on with its edges."""
    image = picture.image().convert("L")
    image.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=3.0)
    if max(image.size) < side:
        scale = side / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.BICUBIC)
    pixels = np.asarray(image)
    free = [side - length for length in pixels.shape]
    return np.pad(pixels, [(margin // 2, margin - margin // 2) for margin in free], mode="edge")[:, :, None]


def _aligned(picture: Picture, side: int) -> np.ndarray:
    """The face of a picture in its frame, grey; the whole picture where no face is found."""
    frame = face_frame.frame(picture)
    if frame is None:
        return _padded(picture, side)
    return np.array(face_frame.cut(picture.image().convert("L"), frame, side))[:, :, None]


def _aligned_seen(picture: Picture, share: float) -> Box:
    """An upright square of the size and in the place of that share of the frame."""
    frame = face_frame.frame(picture)
    if frame is None:
        return _middle(picture, max(picture.width, picture.height) * share)
    half, middle = share * frame.side / 2, frame.middle
    corners = (middle.real - half, middle.imag - half, middle.real + half, middle.imag + half)
    left, top, right, bottom = corners
    return left / picture.width, top / picture.height, right / picture.width, bottom / picture.height


def _middle(picture: Picture, side: float) -> Box:
    """The middle square of so many pixels, which may reach beyond the picture."""
    width, height = side / picture.width, side / picture.height
    return ((1 - width) / 2, (1 - height) / 2, (1 + width) / 2, (1 + height) / 2)


FACE_SIDE, FACE_STORED = 64, 80
FACE = Preprocessing(
    id="face64",
    prepare=lambda picture: _padded(picture, FACE_STORED),
    seen=lambda picture: _middle(picture, max(picture.width, picture.height) * FACE_SIDE / FACE_STORED),
    side=FACE_SIDE,
    stored=FACE_STORED,
    colours=1,
    mean=None,
    spread=None,
)
ALIGNED_SIDE, ALIGNED_STORED = 80, 96
ALIGNED_FACE = Preprocessing(
    id="face80",
    prepare=lambda picture: _aligned(picture, ALIGNED_STORED),
    seen=lambda picture: _aligned_seen(picture, ALIGNED_SIDE / ALIGNED_STORED),
    side=ALIGNED_SIDE,
    stored=ALIGNED_STORED,
    colours=1,
    mean=None,
    spread=None,
)
MAPS = Preprocessing(
    id="lite0-maps",
    prepare=EfficientNetLite0.prepare,
    seen=EfficientNetLite0.seen,
    side=picture_maps.POSITIONS,
    stored=picture_maps.POSITIONS,
    colours=picture_maps.CHANNELS,
    mean=None,
    spread=None,
    frozen=True,
)
INK = Preprocessing(
    id="ink28", prepare=_ink, seen=_ink_seen, side=INK_SIDE, stored=INK_SIDE, colours=1, mean=0.13, spread=0.31
)

SMALL_SIDE = 32
SMALL = Preprocessing(
    id="rgb32",
    prepare=lambda picture: _fitted(picture, SMALL_SIDE),
    seen=lambda picture: _middle(picture, min(picture.width, picture.height)),
    side=SMALL_SIDE,
    stored=SMALL_SIDE,
    colours=3,
    mean=0.48,
    spread=0.26,
)

RECIPES = (INK, FACE, ALIGNED_FACE, MAPS, SMALL)
PREPROCESSINGS = {recipe.id: recipe for recipe in RECIPES}
