"""Transparency and depth: whatever way a format has to say it, what is transparent is white."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from tests.core.picture_files import chunk, encoded, greys, pixels, png, tiff

RED, WHITE = [255, 0, 0], [255, 255, 255]


def packed(levels: Sequence[int], bits: int) -> bytes:
    """A row of a PNG: its filter, then the levels of so many bits."""
    if bits == 16:
        return b"\0" + struct.pack(f">{len(levels)}H", *levels)
    text = "".join(f"{level:0{bits}b}" for level in levels)
    text += "0" * (-len(text) % 8)
    return b"\0" + bytes(int(text[at : at + 8], 2) for at in range(0, len(text), 8))


@pytest.mark.parametrize(
    ("bits", "levels", "clear", "expected"),
    [
        (1, [0, 1, 0], 0, [255, 255, 255]),
        (1, [0, 1, 0], 1, [0, 255, 0]),
        (2, [0, 1, 2, 3], 1, [0, 255, 170, 255]),
        (2, [0, 1, 2, 3], 0, [255, 85, 170, 255]),
        (4, [0, 5, 10, 15], 10, [0, 85, 255, 255]),
        (8, [0, 85, 170, 255], 170, [0, 85, 255, 255]),
        (16, [0, 25_700, 25_701, 65_535], 25_700, [0, 255, 100, 255]),
        (16, [0, 25_700, 25_701, 65_535], 0, [255, 100, 100, 255]),
    ],
)
def test_one_level_of_grey_in_a_png(bits: int, levels: list[int], clear: int, expected: list[int]) -> None:
    mark = chunk(b"tRNS", struct.pack(">H", clear))
    data = png(len(levels), 1, bits=bits, colour=0, rows=packed(levels, bits), before=[mark])
    assert greys(data) == expected


@pytest.mark.parametrize(("bits", "unit"), [(8, 1), (16, 257)])
def test_one_colour_in_a_png(bits: int, unit: int) -> None:
    levels = [255 * unit, 0, 0, 0, 100 * unit, 0]
    data = png(
        2,
        1,
        bits=bits,
        colour=2,
        rows=packed(levels, bits),
        before=[chunk(b"tRNS", struct.pack(">3H", 0, 100 * unit, 0))],
    )
    assert pixels(data)[0].tolist() == [RED, WHITE]


def test_a_colour_of_sixteen_bits_is_compared_to_its_last_bit() -> None:
    levels = [1, 2, 3, 1, 2, 4, 257, 2, 3]
    data = png(3, 1, bits=16, colour=2, rows=packed(levels, 16), before=[chunk(b"tRNS", struct.pack(">3H", 1, 2, 3))])
    assert pixels(data)[0].tolist() == [WHITE, [0, 0, 0], [1, 0, 0]]


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_entries_of_a_palette(bits: int) -> None:
    chunks = [chunk(b"PLTE", bytes([*RED, 0, 0, 255])), chunk(b"tRNS", b"\xff\x00")]
    assert pixels(png(2, 1, bits=bits, colour=3, rows=packed([0, 1], bits), before=chunks))[0].tolist() == [RED, WHITE]


def test_a_mark_of_the_wrong_length_is_ignored() -> None:
    for body in (b"", b"\0", bytes(6)):
        data = png(2, 1, bits=8, colour=0, rows=packed([0, 9], 8), before=[chunk(b"tRNS", body)])
        assert greys(data) == [0, 9]


@pytest.mark.parametrize(("opacity", "expected"), [([0, 0], [RED, RED]), ([0, 255], [WHITE, RED])])
def test_a_bmp_whose_alpha_is_nought_everywhere_is_opaque(opacity: list[int], expected: list[list[int]]) -> None:
    rows = b"".join(bytes([0, 0, 255, alpha]) for alpha in opacity)
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    header = (struct.pack("<IiiHHIIiiII", 108, 2, 1, 1, 32, 3, len(rows), 0, 0, 0, 0) + masks).ljust(108, b"\0")
    data = b"BM" + struct.pack("<IHHI", 14 + 108 + len(rows), 0, 0, 14 + 108) + header + rows
    assert pixels(data)[0].tolist() == expected


def test_what_is_transparent_everywhere_in_a_png_is_white() -> None:
    assert pixels(encoded(Image.new("RGBA", (2, 1), (255, 0, 0, 0)), "PNG"))[0].tolist() == [WHITE, WHITE]


def test_around_the_first_frame_of_a_gif_there_is_nothing() -> None:
    image = Image.new("P", (1, 1), 0)
    image.putpalette([*RED, 0, 255, 0])
    data = bytearray(encoded(image, "GIF"))
    data[6:10] = struct.pack("<HH", 2, 1)  # the canvas
    assert pixels(bytes(data))[0].tolist() == [RED, WHITE]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("compressed", [False, True])
class TestTiff:
    @pytest.mark.parametrize(("kind", "unit"), [(np.uint8, 1), (np.uint16, 257)])
    def test_grey_with_alpha(self, order: str, compressed: bool, kind: type, unit: int) -> None:
        values = (np.array([[[255, 255], [100, 255], [100, 0], [0, 128]]]) * unit).astype(kind)
        expected = {2: [255, 100, 255, 127], 0: [255, 100, 100, 0]}
        for extra, wanted in expected.items():
            tags = {262: (3, [1]), 338: (3, [extra])}
            assert greys(tiff(values, tags, order=order, compressed=compressed)) == wanted, extra

    @pytest.mark.parametrize(("kind", "unit"), [(np.uint8, 1), (np.uint16, 257)])
    def test_alpha_that_is_already_multiplied(self, order: str, compressed: bool, kind: type, unit: int) -> None:
        grey = (np.array([[[255, 255], [100, 255], [0, 0], [50, 128]]]) * unit).astype(kind)
        tags = {262: (3, [1]), 338: (3, [1])}
        read = greys(tiff(grey, tags, order=order, compressed=compressed))
        assert np.abs(np.array(read) - [255, 100, 255, 177]).max() <= 1
        colour = (np.array([[[255, 0, 0, 255], [128, 0, 0, 128], [0, 0, 0, 0]]]) * unit).astype(kind)
        tags = {262: (3, [2]), 338: (3, [1])}
        read_colours = pixels(tiff(colour, tags, order=order, compressed=compressed))[0].astype(int)
        assert np.abs(read_colours - [RED, [255, 127, 127], WHITE]).max() <= 1

    @pytest.mark.parametrize(("kind", "unit"), [(np.uint8, 1), (np.uint16, 257)])
    def test_nought_may_stand_for_white(self, order: str, compressed: bool, kind: type, unit: int) -> None:
        values = (np.array([[[0], [1], [100], [255]]]) * unit).astype(kind)
        assert greys(tiff(values, {262: (3, [0])}, order=order, compressed=compressed)) == [255, 254, 155, 0]
        assert greys(tiff(values, {262: (3, [1])}, order=order, compressed=compressed)) == [0, 1, 100, 255]

    def test_nought_may_stand_for_white_in_twelve_bits_and_in_floats(self, order: str, compressed: bool) -> None:
        scan = np.array([[[0], [2_048], [4_095]]], np.uint16)
        assert greys(tiff(scan, {262: (3, [0])}, order=order, compressed=compressed)) == [255, 127, 0]
        share = np.array([[[0.0], [0.2], [1.0]]], np.float32)
        tags = {262: (3, [0]), 339: (3, [3])}
        assert greys(tiff(share, tags, order=order, compressed=compressed)) == [255, 204, 0]

    def test_whole_numbers_and_floats(self, order: str, compressed: bool) -> None:
        for values, form in (
            (np.array([[[0], [16_384], [32_767]]], np.int16), 2),
            (np.array([[[0], [2**30], [2**31 - 128]]], np.int32), 2),
            (np.array([[[0.0], [0.5], [1.0]]], np.float32), 3),
        ):
            tags = {262: (3, [1]), 339: (3, [form])}
            assert greys(tiff(values, tags, order=order, compressed=compressed)) == [0, 128, 255], values.dtype


def test_nought_may_stand_for_white_in_one_bit() -> None:
    bits = Image.fromarray(np.array([[0, 255, 255, 0]], np.uint8)).convert("1")
    data = bytearray(encoded(bits, "TIFF", tiffinfo={262: 0}))
    assert sorted({*greys(bytes(data))}) == [0, 255]
    assert greys(bytes(data)) == [0, 255, 255, 0]
    assert greys(encoded(bits, "TIFF", compression="group4")) == [0, 255, 255, 0]
