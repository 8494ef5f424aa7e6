"""JPEG without its metadata, and whether its scans hold the whole picture.

libjpeg fills in grey what is missing, and Pillow does not say so. Segments that do not matter to the pixels never reach
it, so nothing that is wrong with them makes a picture unreadable.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures.limits import MAX_MEMORY

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
_DHT, _DAC, _DQT, _DRI, _SOS, _APP0, _APP1, _APP2, _APP14 = 0xC4, 0xCC, 0xDB, 0xDD, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE
_TABLES = (_DHT, _DAC, _DQT, _DRI, _APP0, _APP14)
_FRAMES = {0xC0: False, 0xC1: False, 0xC2: True, 0xC9: False, 0xCA: True}
"""Kinds of frames that are read, and whether they are progressive."""
_OTHER_FRAMES = (0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF, 0xF7)
_ARITHMETIC = (0xC9, 0xCA)
_MARKER = re.compile(rb"\xff+([^\x00\xff])")
_END_OF_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_EXIF, _PROFILE = b"Exif\0\0", b"ICC_PROFILE\0"
_PADDINGS = (b"\x00" * 4096, b"\xaa" * 4096, b"\x55" * 4096)
"""Stand-ins for what a scan may lack, enough for any MCU: their bits differ, so a decoder that needs them shows it."""
_BLANK = bytes(16)
_MAX_WORK = 1_000_000_000
"""Pixels times scans. The usual progressive picture has ten scans."""
_COEFFICIENT_BYTES, _PIXEL_BYTES = 2 * 64, 4
"""Of a block, and of a pixel in Pillow."""


@dataclass(frozen=True)
class Component:
    """One of Y, Cb, Cr …, with its sampling factors."""

    id: int
    across: int
    down: int


@dataclass(frozen=True)
class Scan:
    """One pass over some components.

    Attributes:
        first, last: the coefficients that it holds.
        bit: the lowest bit of them that it holds.
        interval: MCUs between restart markers, 0 for none.
        start, end: where its entropy-coded data lie in the bare file.
    """

    components: tuple[int, ...]
    first: int
    last: int
    bit: int
    interval: int
    start: int
    end: int


@dataclass
class Jpeg:
    """What the segments say.

    Attributes:
        bare: the file without metadata, up to where it ends or is cut, with an end mark.
        ended: whether it has an end mark.
    """

    bare: bytes = b""
    width: int = 0
    height: int = 0
    frame: int = 0
    ended: bool = False
    components: list[Component] = field(default_factory=list)
    scans: list[Scan] = field(default_factory=list)
    profile: bytes | None = None
    exif: bytes = b""

    def is_costly(self) -> bool:
        """Whether it has so many scans, or keeps so much from one to the next, that decoding takes too much."""
        pixels = self.width * self.height
        kept = sum(map(self._blocks, self.components)) if len(self.scans) > 1 else 0
        return len(self.scans) * pixels > _MAX_WORK or kept * _COEFFICIENT_BYTES + pixels * _PIXEL_BYTES > MAX_MEMORY

    def is_impossible(self) -> bool:
        """Whether so few bytes cannot hold so many pixels: each block takes a bit at least."""
        if self.frame in _ARITHMETIC or not self.components:
            return False
        blocks = sum(self._blocks(component) for component in self.components)
        return 8 * sum(scan.end - scan.start for scan in self.scans) < blocks

    def is_whole(self, digest: Callable[[bytes], bytes]) -> bool:
        """Whether the scans hold every pixel: no coefficient is missing, nor the last scan's last bit.

        Args:
            digest: from a file to a hash of its pixels.
        """
        if not self.has_all_scans():
            return False
        last = self.scans[-1]
        restarts = len(_RESTART.findall(self.bare, last.start, last.end))
        if last.interval and restarts < -(-self._units(last) // last.interval) - 1:
            return False
        return len({digest(self.bare[: last.end] + padding + EOI) for padding in _PADDINGS}) == 1

    def has_all_scans(self) -> bool:
        """Whether some scan holds the lowest bit of every coefficient of every component."""
        lacking = {component.id: set(range(64)) for component in self.components}
        for scan in self.scans:
            if scan.bit == 0:
                for component in scan.components:
                    lacking.get(component, set()).difference_update(range(scan.first, scan.last + 1))
        return not any(lacking.values())

    def _units(self, scan: Scan) -> int:
        """MCUs of a scan."""
        if len(scan.components) == 1:
            return next((self._blocks(part) for part in self.components if part.id == scan.components[0]), 0)
        across, down = self._sampling()
        return -(-self.width // (8 * across)) * -(-self.height // (8 * down))

    def _blocks(self, component: Component) -> int:
        across, down = self._sampling()
        columns, rows = -(-self.width * component.across // across), -(-self.height * component.down // down)
        return -(-columns // 8) * -(-rows // 8)

    def _sampling(self) -> tuple[int, int]:
        return max(part.across for part in self.components), max(part.down for part in self.components)


def read(data: bytes) -> Jpeg:
    """Read the segments of the first picture in the file.

    Raises:
        UserError: `picture_broken`, `picture_kind_unread`.
    """
    jpeg, kept, length, interval, at = Jpeg(), [SOI], len(SOI), 0, 2
    profile: dict[int, bytes] = {}
    while marker := _MARKER.search(data, at):
        kind, at = marker[1][0], marker.end()
        if kind == 0xD9:
            jpeg.ended = True
            break
        if kind == 0x01 or 0xD0 <= kind <= 0xD8:
            continue
        size = int.from_bytes(data[at : at + 2], "big")
        body, at = data[at + 2 : at + size], at + max(size, 2)
        if kind in _OTHER_FRAMES:
            raise UserError("picture_kind_unread", kind="lossless or hierarchical JPEG")
        if kind in _FRAMES:
            _read_frame(jpeg, kind, body)
        elif kind == _DRI:
            interval = int.from_bytes(body[:2], "big")
        elif kind == _APP1 and body.startswith(_EXIF):
            jpeg.exif = jpeg.exif or body[len(_EXIF) :]
        elif kind == _APP2 and body.startswith(_PROFILE):
            profile[body[len(_PROFILE)] if len(body) > len(_PROFILE) else 0] = body[len(_PROFILE) + 2 :]
        segment = struct.pack(">BBH", 0xFF, kind, len(body) + 2) + body
        if kind == _SOS:
            end = _END_OF_SCAN.search(data, at)
            entropy = data[at : end.start()] if end else _without_blank_end(data[at:])
            start = length + len(segment)
            jpeg.scans.append(_scan(body, interval, start=start, end=start + len(entropy)))
            segment += entropy
            at += len(entropy)
        if kind in _TABLES or kind in _FRAMES or kind == _SOS:
            kept.append(segment)
            length += len(segment)
    jpeg.bare = b"".join((*kept, EOI))
    jpeg.profile = b"".join(profile[number] for number in sorted(profile)) or None
    return jpeg


def _without_blank_end(entropy: bytes) -> bytes:
    """Without the zeros that a broken-off copy leaves to the end of the file, and without half a marker."""
    return (entropy.rstrip(b"\0") if entropy.endswith(_BLANK) else entropy).rstrip(b"\xff")


def _read_frame(jpeg: Jpeg, kind: int, body: bytes) -> None:
    try:
        depth, height, width, count = struct.unpack_from(">BHHB", body)
        parts = [struct.unpack_from(">BB", body, 6 + 3 * number) for number in range(count)]
    except struct.error as error:
        raise UserError("picture_broken") from error
    if depth != 8:
        raise UserError("picture_kind_unread", kind=f"JPEG of {depth} bits")
    jpeg.frame, jpeg.width, jpeg.height = kind, width, height
    jpeg.components = [Component(part, max(factors >> 4, 1), max(factors & 15, 1)) for part, factors in parts]


def _scan(body: bytes, interval: int, *, start: int, end: int) -> Scan:
    if not body or len(body) < 4 + 2 * body[0]:
        raise UserError("picture_broken")
    first, last, bits = body[1 + 2 * body[0] : 4 + 2 * body[0]]
    return Scan(
        components=tuple(body[1 : 1 + 2 * body[0] : 2]),
        first=first,
        last=min(last, 63),
        bit=bits & 15,
        interval=interval,
        start=start,
        end=end,
    )
