"""Colour profiles: those that files carry, and those made from what files say in numbers; the way to sRGB."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from io import BytesIO
from itertools import product

import numpy as np
from PIL import Image, ImageCms

Convert = Callable[[Image.Image], Image.Image]
"""From an image of one mode to RGB."""

SRGB = (0.3127, 0.3290, 0.6400, 0.3300, 0.3000, 0.6000, 0.1500, 0.0600)
"""White, red, green and blue, as x and y."""
BT2020 = (0.3127, 0.3290, 0.7080, 0.2920, 0.1700, 0.7970, 0.1310, 0.0460)
P3 = (0.3127, 0.3290, 0.6800, 0.3200, 0.2650, 0.6900, 0.1500, 0.0600)
_PRIMARIES = {1: SRGB, 9: BT2020, 12: P3}
_SRGB_LIKE, _LINEAR = (1, 6, 13, 14, 15), 8
_GAMMAS = {4: 2.2, 5: 2.8}
_SRGB_GAMMA = 1 / 2.2
_NEAR = 0.01
"""Differences of gamma and of corners up to which colours count as sRGB's."""
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_D50 = np.array([0.9642, 1.0, 0.8249])
_INPUTS = (b"mntr", b"scnr", b"spac", b"prtr")
_SPACES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}
_PROBE = 6


def coded(primaries: int, transfer: int) -> bytes | None:
    """A profile of code points (ITU-T H.273), or None for sRGB, for high dynamic range and for what is not known."""
    corners, curve = _PRIMARIES.get(primaries), _coded_curve(transfer)
    if corners is None or curve is None or (corners is SRGB and transfer in _SRGB_LIKE):
        return None
    return _matrix_profile(corners, curve)


def measured(gamma: float, corners: Sequence[float] | None) -> bytes | None:
    """A profile of a file's gamma (0: not said) and corners (white, red, green, blue), or None for sRGB's."""
    usual_curve = not 0.1 <= gamma <= 10 or abs(gamma - _SRGB_GAMMA) < _NEAR
    usual_corners = corners is None or max(abs(np.subtract(corners, SRGB))) < _NEAR
    if usual_curve and usual_corners:
        return None
    return _matrix_profile(SRGB if corners is None else corners, _srgb_curve() if usual_curve else _power(1 / gamma))


@lru_cache(maxsize=8)
def to_srgb(profile: bytes | None, mode: str, *, grey_takes_rgb: bool) -> Convert | None:
    """What converts images of a mode ("L", "RGB", "CMYK", "LAB") to sRGB.

    Args:
        profile: as the file carries it, whatever it is worth.
        grey_takes_rgb: whether a profile of RGB counts for a grey image.

    Returns:
        None where there is nothing to convert: no profile that fits, a damaged one, or one that is sRGB.
    """
    if mode == "LAB":
        return _transform(ImageCms.createProfile("LAB"), "LAB")
    if profile is None or profile[12:16] not in _INPUTS:
        return None
    space = _SPACES.get(profile[16:20])
    if space is None or (space != mode and not (space == "RGB" and mode == "L" and grey_takes_rgb)):
        return None
    try:
        convert = _transform(ImageCms.ImageCmsProfile(BytesIO(profile)), space)
        probe = _probe(space)
        changed = np.asarray(convert(probe), np.int16) - np.asarray(probe.convert("RGB"), np.int16)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, SyntaxError):
        return None
    if space != "CMYK" and abs(changed).max() <= 1:
        return None
    return (lambda image: convert(image.convert("RGB"))) if space != mode else convert


def _transform(profile: ImageCms.ImageCmsProfile | ImageCms.core.CmsProfile, mode: str) -> Convert:
    transform = ImageCms.buildTransform(
        profile,
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        renderingIntent=ImageCms.Intent.PERCEPTUAL,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    return transform.apply


@lru_cache(maxsize=len(_SPACES))
def _probe(mode: str) -> Image.Image:
    """Colours on a grid."""
    channels = len(Image.new(mode, (1, 1)).getbands())
    steps = np.linspace(0, 255, 256 if channels == 1 else _PROBE).round().astype(np.uint8)
    grid = np.array(list(product(steps, repeat=channels)), np.uint8)
    return Image.frombytes(mode, (len(grid), 1), grid.tobytes())


def _coded_curve(transfer: int) -> bytes | None:
    if transfer in _SRGB_LIKE:
        return _srgb_curve()
    if transfer == _LINEAR:
        return _power(1.0)
    return _power(_GAMMAS[transfer]) if transfer in _GAMMAS else None


def _power(exponent: float) -> bytes:
    return struct.pack(">4s4xIH2x", b"curv", 1, round(exponent * 256))


def _srgb_curve() -> bytes:
    encoded = np.linspace(0, 1, 1024)
    light = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return struct.pack(">4s4xI", b"curv", len(light)) + (light * 65535).round().astype(">u2").tobytes()


def _matrix_profile(corners: Sequence[float], curve: bytes) -> bytes | None:
    """An ICC profile (version 2) of a display with these corners and this curve; None where they are no colours."""
    x, y = np.array(corners, dtype=float).reshape(4, 2).T
    if (y <= 0).any():
        return None
    points = np.stack([x / y, np.ones(4), (1 - x - y) / y])
    white, primaries = points[:, 0], points[:, 1:]
    if abs(np.linalg.det(primaries)) < _NEAR:
        return None
    columns = primaries * np.linalg.solve(primaries, white)
    adapt = np.linalg.inv(_BRADFORD) @ np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white)) @ _BRADFORD
    columns = adapt @ columns
    if abs(columns).max() > 100:
        return None
    bodies = {
        b"desc": struct.pack(">4s4xI", b"desc", 1) + bytes(83),
        b"wtpt": _xyz(_D50),
        **{name + b"XYZ": _xyz(column) for name, column in zip((b"r", b"g", b"b"), columns.T, strict=True)},
        **{name + b"TRC": curve for name in (b"r", b"g", b"b")},
    }
    table, tags, at = b"", b"", 128 + 4 + 12 * len(bodies)
    for name, body in bodies.items():
        padded = body + bytes(-len(body) % 4)
        table += struct.pack(">4sII", name, at + len(tags), len(body))
        tags += padded
    size = at + len(tags)
    header = struct.pack(">I4xI4s4s4s12x4s28x3i", size, 0x02100000, b"mntr", b"RGB ", b"XYZ ", b"acsp", *_fixed(_D50))
    return header.ljust(128, b"\0") + struct.pack(">I", len(bodies)) + table + tags


def _xyz(values: np.ndarray) -> bytes:
    return struct.pack(">4s4x3i", b"XYZ ", *_fixed(values))


def _fixed(values: np.ndarray) -> list[int]:
    return [round(float(value) * 65536) for value in values]
