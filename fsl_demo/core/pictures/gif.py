"""GIF: where the first frame lies, and whether its data hold all of it. Pillow leaves what is missing empty."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from fsl_demo.core.errors import UserError

_IMAGE, _EXTENSION = 0x2C, 0x21
_INTERLACED, _PALETTE = 0x40, 0x80
_CODES = 4096


@dataclass(frozen=True)
class Frame:
    """The first frame.

    Attributes:
        box: left, top, right, bottom on the canvas.
        bits: of a palette index, as the compression starts.
        data: compressed indices.
    """

    box: tuple[int, int, int, int]
    interlaced: bool
    bits: int
    data: bytes

    def last_row(self) -> int:
        """The row that is decoded last, from the top of the canvas."""
        _, top, _, bottom = self.box
        rows = bottom - top
        return top + (rows - 1 - rows % 2 if self.interlaced and rows > 1 else rows - 1)

    def is_whole(self) -> bool:
        """Whether there is an index for every pixel."""
        left, top, right, bottom = self.box
        return _count(self.data, self.bits, (right - left) * (bottom - top)) >= (right - left) * (bottom - top)


def first_frame(data: bytes) -> Frame:
    """Find the first frame.

    Raises:
        UserError: `picture_broken`.
    """
    try:
        at = 13 + (_palette(data[10]))
        while data[at] == _EXTENSION:
            _, at = _blocks(data, at + 2)
        if data[at] != _IMAGE:
            raise UserError("picture_broken")
        left, top, width, height, flags = struct.unpack_from("<HHHHB", data, at + 1)
        at += 10 + _palette(flags)
        bits = data[at]
    except (IndexError, struct.error) as error:
        raise UserError("picture_broken") from error
    if not 1 <= bits <= 11:
        raise UserError("picture_broken")
    packed, _ = _blocks(data, at + 1)
    box = (left, top, left + width, top + height)
    return Frame(box, interlaced=bool(flags & _INTERLACED), bits=bits, data=packed)


def _palette(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & _PALETTE else 0


def _blocks(data: bytes, at: int) -> tuple[bytes, int]:
    """A chain of blocks, joined, and where it ends."""
    parts = []
    while at < len(data) and (size := data[at]):
        parts.append(data[at + 1 : at + 1 + size])
        at += 1 + size
    return b"".join(parts), at + 1


def _count(data: bytes, bits: int, wanted: int) -> int:
    """How many indices the codes stand for, up to about `wanted`."""
    clear = 1 << bits
    lengths, width, held, buffer, count, previous = [1] * (clear + 2), bits + 1, 0, 0, 0, 0
    for byte in data:
        buffer |= byte << held
        held += 8
        while held >= width:
            code, buffer, held = buffer & (1 << width) - 1, buffer >> width, held - width
            if code == clear:
                del lengths[clear + 2 :]
                width, previous = bits + 1, 0
                continue
            if code == clear + 1 or code > len(lengths):
                return count
            length = lengths[code] if code < len(lengths) else previous + 1
            count += length
            if previous and len(lengths) < _CODES:
                lengths.append(previous + 1)
                if len(lengths) == 1 << width and width < 12:
                    width += 1
            previous = length
        if count >= wanted:
            break
    return count
