"""Samples as a decoder packs them: three bytes a pixel, where Pillow takes four and a copy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

_CHANNELS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "RGBa": 4}


@dataclass(frozen=True)
class Packed:
    """As much of an `Image` as a picture's way to RGB needs.

    Attributes:
        mode: Pillow's.
        samples: uint8 [height, width, channels].
    """

    mode: str
    samples: np.ndarray

    @classmethod
    def rows(cls, mode: str, size: tuple[int, int], data: bytes | bytearray, stride: int = 0) -> Packed:
        """Rows one after the other, `stride` bytes apart where that is more than they take.

        Raises:
            ValueError: when there are fewer.
        """
        (width, height), channels = size, _CHANNELS[mode]
        stride = stride or width * channels
        rows = np.frombuffer(data, np.uint8, height * stride).reshape(height, stride)
        return cls(mode, rows[:, : width * channels].reshape(height, width, channels))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        height, width, _ = self.samples.shape
        return width, height

    def crop(self, box: tuple[int, int, int, int]) -> Image.Image:
        """A part of it; left, top, right, bottom."""
        left, top, right, bottom = box
        part = np.ascontiguousarray(self.samples[top:bottom, left:right])
        return Image.frombytes(self.mode, (right - left, bottom - top), part)
