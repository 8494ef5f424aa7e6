"""WebP by libwebp itself, as Pillow brings it along: Pillow holds four copies of a picture while it decodes one."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import PIL

from fsl_demo.core.pictures.packed import Packed

_DECODERS = {"RGB": (b"WebPDecodeRGBInto", 3), "RGBA": (b"WebPDecodeRGBAInto", 4)}


def is_at_hand() -> bool:
    """Whether libwebp is where wheels of Pillow have it."""
    return _library() is not None


def decode(data: bytes, mode: str, size: tuple[int, int]) -> Packed:
    """Decode a picture that does not move.

    Args:
        mode: RGB or RGBA.

    Raises:
        OSError: when libwebp does not read it.
    """
    library = _library()
    assert library is not None
    name, channels = _DECODERS[mode]
    width, height = size
    pixels = bytearray(width * height * channels)
    into = (ctypes.c_char * len(pixels)).from_buffer(pixels)
    if not library[name.decode()](data, len(data), into, len(pixels), width * channels):
        raise OSError("libwebp")
    return Packed.rows(mode, size, pixels)


@cache
def _library() -> ctypes.CDLL | None:
    path = next(_places(), None)
    if path is None:
        return None
    library = ctypes.CDLL(str(path))
    for name, _ in _DECODERS.values():
        function = library[name.decode()]
        function.restype = ctypes.c_void_p
        function.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return library


def _places() -> Iterator[Path]:
    """Where wheels of Pillow have it on Linux and on macOS."""
    package = Path(PIL.__file__).parent
    yield from package.parent.glob("pillow.libs/libwebp-*.so*")
    yield from package.glob(".dylibs/libwebp.*dylib")
