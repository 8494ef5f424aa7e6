"""PNG without its metadata: what makes up the picture, and what its chunks say about it.

Text, times and private chunks never reach a decoder, so nothing that is wrong with them makes a picture unreadable.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import profiles

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_PROFILE = 8_000_000
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Of Adam7: first column and row, and the steps between them."""
_DEFLATE_RATIO = 1_040
"""Bytes that one byte of deflated data can become, at most."""
_STEP = 1 << 20
_BLANK = bytes(16)


@dataclass(frozen=True)
class Png:
    """What the chunks say.

    Attributes:
        pixels: the compressed pixels.
        depth: bits a sample.
        palette, transparency: bodies of PLTE and tRNS; empty where there is none.
    """

    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool
    pixels: bytes
    palette: bytes
    transparency: bytes
    profile: bytes | None
    exif: bytes

    @property
    def is_grey(self) -> bool:
        """Whether it has no colours and no alpha."""
        return self.colour == 0

    def clear_colour(self) -> tuple[int, ...]:
        """The level of grey or the colour that stands for transparent, in the file's own depth; empty for none."""
        if self.colour not in (0, 2) or len(self.transparency) != 2 * _CHANNELS[self.colour]:
            return ()
        limit = 2**self.depth - 1
        return tuple(value & limit for value in struct.unpack(f">{_CHANNELS[self.colour]}H", self.transparency))

    def bare(self) -> bytes:
        """The file without metadata, every checksum right, with its end."""
        header = struct.pack(">IIBBBBB", self.width, self.height, self.depth, self.colour, 0, 0, self.interlaced)
        chunks = [(b"IHDR", header), (b"PLTE", self.palette), (b"tRNS", self.transparency), (b"IDAT", self.pixels)]
        if self.colour != 3:
            chunks = [part for part in chunks if part[0] not in (b"PLTE", b"tRNS")]
        return SIGNATURE + b"".join(chunk(kind, body) for kind, body in chunks if body) + chunk(b"IEND", b"")

    def is_impossible(self) -> bool:
        """Whether so few bytes cannot hold so many pixels."""
        return len(self.pixels) * _DEFLATE_RATIO < self.raw_bytes()

    def is_whole(self) -> bool:
        """Whether the compressed pixels hold every row, and their checksum, if it is there, is right."""
        inflating, held, rest = zlib.decompressobj(), 0, self.pixels
        wanted = self.raw_bytes()
        try:
            while rest and held < wanted + _STEP and not inflating.eof:
                held += len(inflating.decompress(rest, _STEP))
                rest = inflating.unconsumed_tail
        except zlib.error:
            return False
        return held >= wanted

    def raw_bytes(self) -> int:
        """Bytes of all rows, each with its filter."""
        passes = _PASSES if self.interlaced else ((0, 0, 1, 1),)
        bits = self.depth * _CHANNELS[self.colour]
        total = 0
        for left, top, across, down in passes:
            columns, rows = -(-(self.width - left) // across), -(-(self.height - top) // down)
            if columns > 0 and rows > 0:
                total += rows * (1 + -(-columns * bits // 8))
        return total


def read(data: bytes) -> Png:
    """Read the chunks.

    Raises:
        UserError: `picture_broken`, when the header or the palette is damaged.
    """
    bodies: dict[bytes, bytes] = {}
    pixels, ended = [], False
    for kind, body, sound in _chunks(data):
        if ended := kind == b"IEND":
            break
        if kind == b"IDAT":
            pixels.append(body)
        elif sound:
            bodies.setdefault(kind, body)
        elif kind in (b"IHDR", b"PLTE"):
            raise UserError("picture_broken")
    try:
        width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", bodies[b"IHDR"])
    except (KeyError, struct.error) as error:
        raise UserError("picture_broken") from error
    if colour not in _CHANNELS or not pixels:
        raise UserError("picture_broken")
    if not ended and data.endswith(_BLANK):  # the rest of a copy that was broken off
        pixels[-1] = pixels[-1].rstrip(b"\0")
    return Png(
        width=width,
        height=height,
        depth=depth,
        colour=colour,
        interlaced=bool(interlace),
        pixels=b"".join(pixels),
        palette=bodies.get(b"PLTE", b""),
        transparency=bodies.get(b"tRNS", b""),
        profile=_profile(bodies),
        exif=bodies.get(b"eXIf", b""),
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Kind, body and whether the checksum is right, of each chunk; the last may be cut."""
    at = len(SIGNATURE)
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body, check = data[at + 8 : at + 8 + length], data[at + 8 + length : at + 12 + length]
        sound = kind != b"IDAT" and zlib.crc32(body, zlib.crc32(kind)).to_bytes(4, "big") == check
        yield kind, body, sound
        at += 12 + length


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk with its length and checksum."""
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))


def _profile(bodies: dict[bytes, bytes]) -> bytes | None:
    """The colour profile by the strongest of the chunks that name one: cICP, iCCP, sRGB, then cHRM and gAMA."""
    if len(coded := bodies.get(b"cICP", b"")) == 4 and (profile := profiles.coded(coded[0], coded[1])):
        return profile
    if embedded := _inflated(bodies.get(b"iCCP", b"").partition(b"\0")[2][1:]):
        return embedded
    if b"sRGB" in bodies:
        return None
    exponent, corners = bodies.get(b"gAMA", b""), bodies.get(b"cHRM", b"")
    gamma = int.from_bytes(exponent, "big") / 100_000 if len(exponent) == 4 else 0
    points = [value / 100_000 for value in struct.unpack(">8I", corners)] if len(corners) == 32 else None
    return profiles.measured(gamma, points)


def _inflated(packed: bytes) -> bytes:
    try:
        inflating = zlib.decompressobj()
        body = inflating.decompress(packed, MAX_PROFILE)
    except zlib.error:
        return b""
    return b"" if inflating.unconsumed_tail else body
