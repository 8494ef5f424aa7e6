"""Pictures as files of every kind: formats, depths, colours, transparency, orientations and sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

from fsl_demo.core.pictures import ingest

pillow_heif.register_heif_opener()
_ORIENTATION = 0x0112
SIDES = ((1, 1), (1, 90), (70, 1), (2, 3), (17, 600), (900, 40), (28, 28), (64, 80), (2300, 1700), (2600, 1950))
"""Sizes that pictures are given now and then, in place of their own."""
SIZED, TURNED = 4, 3
"""Every so many pictures have another size, or an orientation."""

Save = Callable[[Image.Image, Path, Image.Exif], None]


def _as(kind: str, mode: str = "RGB", **options: object) -> Save:
    def save(image: Image.Image, path: Path, exif: Image.Exif) -> None:
        image.convert(mode).save(path, kind, exif=exif, **options)

    return save


def _clear(image: Image.Image) -> Image.Image:
    """The image, ever more transparent to one side."""
    clear = image.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(image.size).rotate(90))
    return clear


def _transparent(kind: str, **options: object) -> Save:
    def save(image: Image.Image, path: Path, exif: Image.Exif) -> None:
        _clear(image).save(path, kind, exif=exif, **options)

    return save


def _deep(kind: str) -> Save:
    def save(image: Image.Image, path: Path, exif: Image.Exif) -> None:
        grey = np.asarray(image.convert("L")).astype(np.uint16)
        Image.fromarray(grey * 257).save(path, kind, exif=exif)

    return save


def _gif(image: Image.Image, path: Path, exif: Image.Exif) -> None:
    image.quantize(200).save(path, "GIF")


KINDS: Mapping[str, tuple[str, Save]] = {
    "PNG": ("png", _as("PNG")),
    "grey PNG": ("png", _as("PNG", "L")),
    "PNG with a palette": ("png", _as("PNG", "P")),
    "transparent PNG": ("png", _transparent("PNG")),
    "PNG of 16 bits": ("png", _deep("PNG")),
    "JPEG": ("jpg", _as("JPEG", quality=75)),
    "progressive JPEG": ("jpg", _as("JPEG", quality=85, progressive=True, subsampling=0)),
    "grey JPEG": ("jpg", _as("JPEG", "L", quality=90)),
    "CMYK JPEG": ("jpg", _as("JPEG", "CMYK", quality=90)),
    "WebP": ("webp", _as("WEBP", quality=80)),
    "transparent WebP": ("webp", _transparent("WEBP", lossless=True)),
    "GIF": ("gif", _gif),
    "TIFF": ("tif", _as("TIFF", compression="tiff_lzw")),
    "TIFF of 16 bits": ("tif", _deep("TIFF")),
    "HEIC": ("heic", _as("HEIF", quality=80)),
    "AVIF": ("avif", _as("AVIF", quality=80)),
    "BMP": ("bmp", lambda image, path, exif: image.save(path, "BMP")),
}
"""By name, the ending and how to write it."""
SMALLEST = {"HEIC": 64, "AVIF": 16}
"""Sides under which a kind cannot be written."""


def made(sources: Sequence[Path], count: int, place: Path) -> list[Path]:
    """Files of pictures, each of another kind than the one before: "number kind.ending"."""
    files = []
    for number in range(count):
        kind = list(KINDS)[number % len(KINDS)]
        ending, save = KINDS[kind]
        image = ingest(sources[number % len(sources)]).image()
        turn = number // len(KINDS)
        if turn % SIZED == 1:
            width, height = SIDES[turn // SIZED % len(SIDES)]
            least = SMALLEST.get(kind, 1)
            image = image.resize((max(width, least), max(height, least)), Image.Resampling.BICUBIC)
        exif = Image.Exif()
        if turn % TURNED == 0:
            exif[_ORIENTATION] = 1 + number % 8
        file = place / f"{number} {kind}.{ending}"
        save(image, file, exif)
        files.append(file)
    return files
