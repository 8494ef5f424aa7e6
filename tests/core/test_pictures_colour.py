"""Colours: what a file says about them is heeded in every format, and what is wrong with that is not."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from sklearn.datasets import load_sample_image

from fsl_demo.core.pictures import from_image, ingest
from fsl_demo.core.pictures.profiles import coded, measured
from tests.core.picture_files import chunk, encoded, greys, pixels, png, tiff, with_chunks

WIDE_TO_SRGB = np.array([[1.66049, -0.58764, -0.07285], [-0.12455, 1.13290, -0.00835], [-0.01815, -0.10058, 1.11873]])
"""Of linear light from BT.2020's corners, as ITU-R BT.2087 has it."""
SRGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def profile(space: bytes, tags: dict[bytes, bytes], device: bytes = b"mntr") -> bytes:
    """An ICC profile from its parts."""
    at = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, tag in tags.items():
        table += struct.pack(">4sII", name, at + len(body), len(tag))
        body += tag + bytes(-len(tag) % 4)
    header = struct.pack(">I4xI4s4s4s12x4s", at + len(body), 0x02100000, device, space, b"XYZ ", b"acsp")
    white = struct.pack(">3i", 63190, 65536, 54061)
    return (header.ljust(68, b"\0") + white).ljust(128, b"\0") + table + body


def grey_profile(gamma: float) -> bytes:
    white = struct.pack(">4s4x3i", b"XYZ ", 63190, 65536, 54061)
    return profile(b"GRAY", {b"wtpt": white, b"kTRC": struct.pack(">4s4xIH2x", b"curv", 1, round(gamma * 256))})


def linear(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def encode(light: np.ndarray) -> np.ndarray:
    light = light.clip(0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055) * 255


def from_wide(image: Image.Image) -> np.ndarray:
    """The sRGB values of an image whose values are those of BT.2020's corners with sRGB's curve."""
    return encode(linear(np.asarray(image) / 255.0) @ WIDE_TO_SRGB.T)


def difference(source: bytes, expected: np.ndarray) -> float:
    return float(np.abs(pixels(source) - expected).mean())


@pytest.fixture(scope="module")
def wide() -> bytes:
    made = coded(9, 13)
    assert made is not None
    return made


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    """A real photograph in strong colours, small."""
    return Image.fromarray(load_sample_image("flower.jpg")).resize((96, 64))


def bmp_with_profile(image: Image.Image, embedded: bytes) -> bytes:
    """A BMP of version 5."""
    rows = np.asarray(image)[::-1, :, ::-1].tobytes()
    header = struct.pack("<IiiHHIIiiII", 124, *image.size, 1, 24, 0, len(rows), 0, 0, 0, 0)
    header = header.ljust(56, b"\0") + b"DEBM"
    header = header.ljust(112, b"\0") + struct.pack("<II", 124 + len(rows), len(embedded))
    header = header.ljust(124, b"\0")
    size = 14 + 124 + len(rows) + len(embedded)
    return b"BM" + struct.pack("<IHHI", size, 0, 0, 14 + 124) + header + rows + embedded


@pytest.mark.parametrize(
    ("kind", "options", "tolerance"),
    [
        ("PNG", {}, 0.6),
        ("TIFF", {}, 0.6),
        ("TIFF", {"compression": "tiff_lzw"}, 0.6),
        ("WEBP", {"lossless": True}, 0.6),
        ("WEBP", {"quality": 95}, 4.5),
        ("JPEG", {"quality": 95, "subsampling": 0}, 4),
        ("JPEG", {"quality": 95, "progressive": True}, 4.5),
        ("MPO", {"quality": 95}, 4.5),
        ("HEIF", {"quality": 95}, 4.5),
        ("AVIF", {"quality": 95}, 4.5),
    ],
)
def test_a_profile_is_heeded_in_every_format_that_carries_one(
    kind: str, options: dict[str, Any], tolerance: float, photo: Image.Image, wide: bytes
) -> None:
    expected = from_wide(photo)
    assert np.abs(np.asarray(photo) - expected).mean() > 6
    assert difference(encoded(photo, kind, icc_profile=wide, **options), expected) < tolerance


def test_a_profile_in_a_bmp(photo: Image.Image, wide: bytes) -> None:
    assert difference(bmp_with_profile(photo, wide), from_wide(photo)) < 0.6


def test_a_profile_in_several_segments_of_a_jpeg(photo: Image.Image, wide: bytes) -> None:
    long = wide[:128] + struct.pack(">I", 8) + wide[132:]  # eight tags and a long tail
    long = struct.pack(">I", len(long) + 150_000) + long[4:] + bytes(150_000)
    assert difference(encoded(photo, "JPEG", quality=95, subsampling=0, icc_profile=long), from_wide(photo)) < 4


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_colours_are_converted_before_they_are_laid_over_white(kind: str, photo: Image.Image, wide: bytes) -> None:
    veiled = photo.convert("RGBA")
    veiled.putalpha(Image.linear_gradient("L").resize(photo.size))
    alpha = np.asarray(veiled)[..., 3:] / 255
    expected = from_wide(photo) * alpha + 255 * (1 - alpha)
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    assert difference(encoded(veiled, kind, icc_profile=wide, **options), expected) < 0.8


def test_a_palette_with_a_profile_and_a_transparent_entry(wide: bytes) -> None:
    image = Image.new("P", (2, 1), 0)
    image.putpalette([200, 50, 50, 0, 255, 0])
    image.putpixel((1, 0), 1)
    expected = from_wide(Image.new("RGB", (1, 1), (200, 50, 50))).round()
    read = pixels(encoded(image, "PNG", transparency=1, icc_profile=wide))
    assert np.abs(read[0, 0] - expected[0, 0]).max() <= 1
    assert read[0, 1].tolist() == [255, 255, 255]


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_grey_profile(mode: str) -> None:
    values = np.arange(256, dtype=np.uint8)[None]
    grey = Image.fromarray(values).convert(mode)
    expected = encode(values / 255.0)[..., None]
    for kind in ("PNG", "TIFF"):
        assert difference(encoded(grey, kind, icc_profile=grey_profile(1.0)), expected) < 0.6, kind
    if mode == "L":
        jpeg = encoded(grey.resize((256, 8)), "JPEG", quality=100, icc_profile=grey_profile(1.0))
        assert difference(jpeg, np.repeat(expected, 8, axis=0)) < 2


def test_a_grey_profile_on_sixteen_bits() -> None:
    deep = Image.fromarray(np.array([[0, 6_553, 32_768, 65_535]], np.uint16))
    expected = encode(np.array([0, 6_553, 32_768, 65_535]) / 65_535)
    read = greys(encoded(deep, "PNG", icc_profile=grey_profile(1.0)))
    assert np.abs(np.array(read) - expected).max() < 3


def test_a_profile_that_is_srgb_changes_no_pixel(photo: Image.Image) -> None:
    for kind in ("PNG", "TIFF"):
        assert ingest(encoded(photo, kind, icc_profile=SRGB_PROFILE)) == from_image(photo, ""), kind
    assert ingest(encoded(photo, "JPEG", icc_profile=SRGB_PROFILE)) == ingest(encoded(photo, "JPEG"))


def _cut(made: bytes) -> bytes:
    return made[:200]


def _of_a_link(made: bytes) -> bytes:
    return made[:12] + b"link" + made[16:]


def _of_cmyk(made: bytes) -> bytes:
    return made[:16] + b"CMYK" + made[20:]


def _for_output_only(made: bytes) -> bytes:
    return profile(b"RGB ", {b"B2A0": b"mft1" + bytes(60)}, device=b"prtr")


@pytest.mark.parametrize(
    "spoil",
    [_cut, _of_a_link, _of_cmyk, _for_output_only, lambda made: b"profile", lambda made: grey_profile(1.0)],
    ids=["cut", "a link", "of CMYK", "for output only", "no profile", "of grey"],
)
def test_a_profile_that_does_not_fit_is_ignored(
    spoil: Callable[[bytes], bytes], photo: Image.Image, wide: bytes
) -> None:
    for kind in ("PNG", "TIFF", "WEBP"):
        options = {"lossless": True} if kind == "WEBP" else {}
        assert ingest(encoded(photo, kind, icc_profile=spoil(wide), **options)) == from_image(photo, ""), kind


def test_a_profile_of_colours_on_a_grey_png_is_ignored() -> None:
    dark = coded(9, 8)
    assert greys(encoded(Image.new("L", (2, 2), 100), "PNG", icc_profile=dark)) == [100, 100]


class TestNumbers:
    """What a PNG, a HEIC and an AVIF say in numbers."""

    def test_gamma(self) -> None:
        grey = encoded(Image.fromarray(np.array([[0, 64, 255]], np.uint8)).convert("RGB"), "PNG")
        read = greys(with_chunks(grey, chunk(b"gAMA", struct.pack(">I", 100_000))))
        assert np.abs(np.array(read) - encode(np.array([0, 64, 255]) / 255.0)).max() <= 1

    def test_corners(self, photo: Image.Image) -> None:
        corners = (31_270, 32_900, 70_800, 29_200, 17_000, 79_700, 13_100, 4_600)
        data = with_chunks(encoded(photo, "PNG"), chunk(b"cHRM", struct.pack(">8I", *corners)))
        assert difference(data, from_wide(photo)) < 0.6

    @pytest.mark.parametrize("gamma", [45_455, 45_454, 45_450])
    def test_the_usual_gamma_is_that_of_srgb(self, gamma: int, photo: Image.Image) -> None:
        usual = (31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000)
        chunks = chunk(b"gAMA", struct.pack(">I", gamma)), chunk(b"cHRM", struct.pack(">8I", *usual))
        for given in (chunks[:1], chunks):
            assert ingest(with_chunks(encoded(photo, "PNG"), *given)) == from_image(photo, "")

    def test_the_stronger_chunk_wins(self, photo: Image.Image, wide: bytes) -> None:
        gamma, srgb = chunk(b"gAMA", struct.pack(">I", 100_000)), chunk(b"sRGB", b"\0")
        embedded = chunk(b"iCCP", b"name\0\0" + zlib.compress(wide))
        data = encoded(photo, "PNG")
        assert ingest(with_chunks(data, gamma, srgb)) == from_image(photo, "")
        assert difference(with_chunks(data, gamma, embedded), from_wide(photo)) < 0.6
        other = chunk(b"iCCP", b"name\0\0" + zlib.compress(grey_profile(1.0)))
        assert difference(with_chunks(data, other, chunk(b"cICP", bytes([9, 13, 0, 1]))), from_wide(photo)) < 0.6

    def test_numbers_that_mean_nothing_are_ignored(self, photo: Image.Image) -> None:
        for chunks in (
            [chunk(b"gAMA", bytes(4))],
            [chunk(b"gAMA", b"\xff")],
            [chunk(b"cHRM", bytes(32))],
            [chunk(b"cHRM", bytes(7))],
            [chunk(b"cHRM", struct.pack(">8I", *[31_270, 32_900] * 4))],
            [chunk(b"cICP", bytes([99, 99, 0, 1]))],
            [chunk(b"iCCP", b"name\0\0" + b"not deflated")],
        ):
            assert ingest(with_chunks(encoded(photo, "PNG"), *chunks)) == from_image(photo, "")

    def test_a_heic_without_a_profile(self, photo: Image.Image) -> None:
        data = encoded(photo, "HEIF", quality=95, color_primaries=9, transfer_characteristics=13)
        assert b"colrnclx" in data
        assert difference(data, from_wide(photo)) < 4.5

    def test_corners_are_as_exact_as_code_points(self, photo: Image.Image, wide: bytes) -> None:
        by_corners = measured(0, (0.3127, 0.3290, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046))
        first, second = (pixels(encoded(photo, "PNG", icc_profile=made)) for made in (wide, by_corners))
        assert np.abs(first.astype(int) - second).max() <= 1


class TestInks:
    def test_a_press_profile(self) -> None:
        """Cyan, of which the profile says that it prints as grey."""
        table = struct.pack(">4s4xBBBx9i", b"mft1", 4, 3, 2, *[65536, 0, 0, 0, 65536, 0, 0, 0, 65536])
        table += (
            bytes(range(256)) * 4
            + b"".join(bytes([level, 128, 128]) for level in [255, *[0, 128] * 7, 0])
            + bytes(range(256)) * 3
        )
        lab = profile(b"CMYK", {b"A2B0": table}, device=b"prtr")
        lab = lab[:20] + b"Lab " + lab[24:]
        ink = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
        for kind in ("TIFF", "JPEG"):
            read = pixels(encoded(ink, kind, icc_profile=lab))[8, 8]
            assert np.abs(read.astype(int) - 119).max() <= 4, kind

    def test_without_a_profile_and_with_one_of_other_colours(self, wide: bytes) -> None:
        ink = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
        for kind in ("TIFF", "JPEG"):
            plain = ingest(encoded(ink, kind))
            assert np.abs(pixels(plain)[0, 0].astype(int) - (255, 0, 0)).max() < 12, kind
            assert ingest(encoded(ink, kind, icc_profile=wide)) == plain, kind


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("compressed", [False, True])
class TestSpacesOfTiff:
    def test_lab(self, order: str, compressed: bool) -> None:
        values = np.array([[[255, 0, 0], [128, 0, 0], [119, 54, 43]]], np.uint8)  # white, grey, a red
        read = pixels(tiff(values, {262: (3, [8])}, order=order, compressed=compressed))[0].astype(int)
        assert np.abs(read - [[255, 255, 255], [120, 120, 120], [200, 60, 40]]).max() <= 8

    def test_luma_and_chroma(self, order: str, compressed: bool) -> None:
        values = np.array([[[76, 85, 255], [150, 44, 21], [255, 128, 128]]], np.uint8)
        tags = {262: (3, [6]), 530: (3, [1, 1])}
        read = pixels(tiff(values, tags, order=order, compressed=compressed))[0].astype(int)
        assert np.abs(read - [[255, 0, 0], [0, 255, 0], [255, 255, 255]]).max() <= 2


def test_a_png_of_sixteen_bits_a_colour_with_a_profile(wide: bytes) -> None:
    rows = b"\x00" + struct.pack(">3H", 200 * 257, 50 * 257, 50 * 257)
    data = png(1, 1, bits=16, colour=2, rows=rows, before=[chunk(b"iCCP", b"name\0\0" + zlib.compress(wide))])
    assert difference(data, from_wide(Image.new("RGB", (1, 1), (200, 50, 50)))) < 1
