"""Files of pictures for the tests, and what is read from them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, ingest

pillow_heif.register_heif_opener()
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixels(source: Picture | bytes | Path) -> np.ndarray:
    picture = source if isinstance(source, Picture) else ingest(source)
    return np.asarray(picture.image())


def greys(source: Picture | bytes | Path) -> list[int]:
    """The first row of a picture that has no colours."""
    values = pixels(source)
    assert (values == values[..., :1]).all()
    return values[0, :, 0].tolist()


def refusal(source: bytes | Path, name: str | None = None) -> UserError:
    with pytest.raises(UserError) as caught:
        ingest(source, name)
    return caught.value


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG, with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *, bits: int, colour: int, rows: bytes, before: Sequence[bytes] = ()) -> bytes:
    """A PNG from its parts, for what Pillow does not write.

    Args:
        rows: each with its filter in front.
        before: chunks that come before the pixels.
    """
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"".join(
        [SIGNATURE, chunk(b"IHDR", header), *before, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    )


def with_chunks(data: bytes, *chunks: bytes) -> bytes:
    """A PNG with more chunks, after its header."""
    end = len(SIGNATURE) + 25
    return data[:end] + b"".join(chunks) + data[end:]


def tiff(
    samples: np.ndarray,
    tags: dict[int, tuple[int, Sequence[int]]],
    *,
    order: Literal["<", ">"] = "<",
    compressed: bool = False,
) -> bytes:
    """A TIFF of one strip from its parts, for what Pillow does not write.

    Args:
        samples: [height, width, samples a pixel].
        tags: kind (3: short, 4: long, 7: bytes) and values of tags besides those of size and place.
    """
    height, width, count = samples.shape
    strip = samples.astype(samples.dtype.newbyteorder(order)).tobytes()
    strip = zlib.compress(strip) if compressed else strip
    bits = samples.dtype.itemsize * 8
    entries = {
        256: (4, [width]),
        257: (4, [height]),
        258: (3, [bits] * count),
        259: (3, [8 if compressed else 1]),
        273: (4, [8]),
        277: (3, [count]),
        278: (4, [height]),
        279: (4, [len(strip)]),
        **tags,
    }
    start = 8 + len(strip) + len(strip) % 2
    extra_at, table, extra = start + 2 + 12 * len(entries) + 4, b"", b""
    for tag, (kind, values) in sorted(entries.items()):
        body = struct.pack(f"{order}{len(values)}{ {3: 'H', 4: 'I', 7: 'B'}[kind] }", *values)
        if len(body) > 4:
            place = struct.pack(f"{order}I", extra_at + len(extra))
            extra += body + bytes(len(body) % 2)
        else:
            place = body.ljust(4, b"\0")
        table += struct.pack(f"{order}HHI", tag, kind, len(values)) + place
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", start)
    directory = struct.pack(f"{order}H", len(entries)) + table + bytes(4)
    return head + strip + bytes(len(strip) % 2) + directory + extra
