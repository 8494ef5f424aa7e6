"""Two hundred files, all different, that cost the most for what they weigh: bombs, scans, nested archives."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from tests.core.picture_files import chunk, encoded, png

SHAPES = ((6_300, 6_300), (16_000, 2_490), (2_490, 16_000), (8_000, 4_990))
"""Forty megapixels each."""
KINDS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("JPEG", "RGB", {}),
    ("JPEG", "RGB", {"progressive": True, "subsampling": 0}),
    ("JPEG", "L", {"progressive": True}),
    ("JPEG", "CMYK", {}),
    ("JPEG", "CMYK", {"progressive": True}),
    ("PNG", "RGB", {"compress_level": 9}),
    ("PNG", "RGBA", {}),
    ("PNG", "LA", {}),
    ("PNG", "P", {"transparency": 0}),
    ("PNG", "1", {}),
    ("WEBP", "RGB", {"method": 0, "quality": 10}),
    ("WEBP", "RGBA", {"method": 0, "lossless": True}),
    ("GIF", "P", {}),
    ("GIF", "P", {"interlace": 0, "transparency": 0}),
    ("TIFF", "RGB", {"compression": "tiff_lzw"}),
    ("TIFF", "RGBA", {"compression": "tiff_adobe_deflate"}),
    ("TIFF", "CMYK", {"compression": "tiff_lzw"}),
    ("TIFF", "1", {"compression": "group4"}),
    ("PPM", "1", {}),
    ("HEIF", "RGB", {"quality": 10}),
    ("AVIF", "RGB", {"quality": 10, "speed": 10}),
)
SCANS = (*range(10, 100, 10), 200, 500, 1_000, 2_000, 4_000)
COPIES = 4


def worst_files() -> Iterator[tuple[str, bytes]]:
    """Names and contents."""
    pictures = list(forty_megapixels())
    yield from pictures
    yield from ((f"{count}-scans.jpg", many_scans(count)) for count in SCANS)
    yield from texts()
    yield from ((f"cut-{name}", data[: len(data) * 2 // 3]) for name, data in pictures[:: len(SHAPES)])
    yield from ((f"lies-{name}", lying(data)) for name, data in pictures if name.endswith(".png"))
    yield from ((f"{name}.zip", zipped([data] * COPIES)) for name, data in pictures[1 :: len(SHAPES)])
    yield "mixed.zip", zipped([data for _, data in pictures[:: 2 * len(SHAPES)]])
    for depth in range(1, 9):
        yield f"nested-{depth}.zip", nested(depth)
    yield "zeros.zip", zipped([bytes(400_000_000)])
    yield "many.zip", zipped([b"x" * (number % 7) for number in range(20_000)])


def forty_megapixels() -> Iterator[tuple[str, bytes]]:
    """Pictures of one colour in every kind and shape, those of each kind after each other."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    held = Image.Exif()
    held[274] = 6
    for number, (kind, mode, options) in enumerate(KINDS):
        for shape in SHAPES:
            blank = Image.new("RGB", shape, "navy").convert(mode)
            yield f"{number}-{mode}-{shape[0]}.{kind.lower()}", encoded(blank, kind, **options)
    for place, (width, height) in enumerate(SHAPES):
        blank = Image.new("RGB", (width, height), (9, 99, place))
        yield f"held-{width}.jpg", encoded(blank, "JPEG", exif=held.tobytes(), icc_profile=profile)
    for width, height in SHAPES:
        yield f"deep-{width}.png", png(width, height, bits=16, colour=2, rows=bytes((1 + 6 * width) * height))
    for width, height in SHAPES:
        yield f"deep-grey-{width}.png", png(width, height, bits=16, colour=4, rows=bytes((1 + 4 * width) * height))
    for seed in range(len(SHAPES)):
        noise = np.random.default_rng(seed).integers(0, 256, (2_400, 2_700, 3)).astype(np.uint8)
        yield f"noise-{seed}.png", encoded(Image.fromarray(noise), "PNG", compress_level=1)


def many_scans(count: int) -> bytes:
    """A progressive JPEG of twelve megapixels that goes over its coefficients so many times."""
    data = bytearray(encoded(Image.new("L", (16, 16), 90), "JPEG", progressive=True))
    at = data.index(b"\xff\xc2")
    data[at + 5 : at + 9] = struct.pack(">HH", 3_000, 4_000)
    scan = struct.pack(">BBHBBBBBB", 0xFF, 0xDA, 8, 1, 1, 0, 1, 63, 0) + b"\x00" * 4
    return bytes(data[:-2]) + bytes(190_000) + scan * count + b"\xff\xd9"


def texts() -> Iterator[tuple[str, bytes]]:
    """PNGs with compressed chunks that unfold to 300 MB."""
    data, bomb = encoded(Image.new("RGB", (9, 9)), "PNG"), zlib.compress(bytes(300_000_000))
    for kind, body in ((b"zTXt", b"Comment\0\0"), (b"iTXt", b"Comment\0\1\0\0\0"), (b"iCCP", b"profile\0\0")):
        yield f"{kind.decode()}.png", data[:33] + chunk(kind, body + bomb) + data[33:]


def lying(data: bytes) -> bytes:
    """A PNG whose header says that it is 200 million pixels wide and one high."""
    return data[:8] + chunk(b"IHDR", struct.pack(">II", 200_000_000, 1) + data[24:29]) + data[33:]


def nested(depth: int) -> bytes:
    data = zipped([bytes(1_000_000)] * 5)
    for _ in range(depth):
        data = zipped([data] * 5)
    return data


def zipped(files: list[bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, data in enumerate(files):
            archive.writestr(f"class {number % 3}/{number}.png", data)
    return buffer.getvalue()
