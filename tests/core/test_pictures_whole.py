"""What is whole and what is not: a missing end mark and faults in metadata do no harm, missing pixels are refused."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import from_image, ingest
from tests.core.picture_files import SIGNATURE, chunk, encoded, png, refusal, tiff, with_chunks

EOI = b"\xff\xd9"
PHOTO = Image.fromarray(load_sample_image("flower.jpg")).resize((161, 121))  # sides that no block divides
JPEGS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "progressive": {"progressive": True},
    "restarts in a row": {"restart_marker_blocks": 3},
    "a restart a row": {"restart_marker_rows": 1},
    "progressive with restarts": {"progressive": True, "restart_marker_rows": 1},
    "chroma whole": {"subsampling": 0, "quality": 95},
    "own tables": {"optimize": True},
}


def broken(data: bytes) -> bool:
    """Whether it is refused; else it has been read."""
    try:
        ingest(data)
    except UserError as error:
        assert error.code in ("picture_broken", "picture_unknown")
        return True
    return False


def zlib_png(width: int, height: int, rows: bytes) -> bytes:
    return png(width, height, bits=8, colour=0, rows=rows)


class TestJpeg:
    @pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
    @pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
    def test_only_the_end_mark_may_be_missing(self, mode: str, options: dict[str, Any]) -> None:
        whole = encoded(PHOTO.convert(mode), "JPEG", **options)
        assert whole.endswith(EOI)
        assert ingest(whole[:-2]) == ingest(whole[:-1]) == ingest(whole)
        assert ingest(whole[:-2] + bytes(1000)) == ingest(whole)
        offsets = [*range(3, 16), *np.linspace(20, len(whole) - 1, 25).astype(int)]
        for kept in (len(whole) - lost for lost in offsets):
            assert broken(whole[:kept]) or ingest(whole[:kept]) == ingest(whole), kept
        assert broken(whole[:-40])

    @pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
    def test_an_end_mark_does_not_make_it_whole(self, options: dict[str, Any]) -> None:
        whole = encoded(PHOTO, "JPEG", **options)
        for share in (0.3, 0.5, 0.7):
            cut = whole[: int(share * len(whole))]
            assert broken(cut + EOI)
            assert broken(cut + bytes(len(whole) - len(cut)))

    def test_between_two_restarts_much_may_be_missing_unnoticed_by_the_decoder(self) -> None:
        whole = encoded(PHOTO, "JPEG", restart_marker_rows=1)
        marks = [at for at in range(len(whole) - 1) if whole[at] == 0xFF and 0xD0 <= whole[at + 1] <= 0xD7]
        for at in marks[2:]:
            assert broken(whole[:at])
            assert broken(whole[:at] + EOI)

    def test_grey_down_to_the_last_corner_is_no_sign_of_loss(self) -> None:
        for mode, colour in (("L", 128), ("RGB", (128, 128, 128))):
            grey = Image.new(mode, (50, 50), colour)
            assert set(np.asarray(ingest(encoded(grey, "JPEG")).image()).ravel().tolist()) == {128}

    def test_a_size_that_its_bytes_cannot_fill_is_refused(self) -> None:
        data = bytearray(encoded(PHOTO, "JPEG"))
        at = data.index(b"\xff\xc0")
        data[at + 5 : at + 9] = struct.pack(">HH", 5_000, 7_000)
        assert refusal(bytes(data)).code == "picture_broken"

    def test_faults_in_metadata(self) -> None:
        data = encoded(PHOTO, "JPEG")

        def segment(kind: int, body: bytes) -> bytes:
            return data[:2] + struct.pack(">BBH", 0xFF, kind, len(body) + 2) + body + data[2:]

        for spoilt in (
            segment(0xE1, b"Exif\0\0" + b"II*\0" + b"\xff" * 40),
            segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"),
            segment(0xE2, b"MPF\0II*\0\xff\xff\xff\xff"),
            segment(0xE2, b"ICC_PROFILE\0"),
            segment(0xE2, b"ICC_PROFILE\0\x02\x03" + b"x" * 90),
            segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\xff"),
            segment(0xEE, b"Ado"),
            segment(0xFE, b"\xff" * 65_000),
            data[:2] + b"\xff" * 20 + data[2:],
        ):
            assert ingest(spoilt) == ingest(data)


class TestPng:
    @pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "1"])
    def test_only_the_end_mark_and_checksums_may_be_missing(self, mode: str) -> None:
        whole = encoded(PHOTO.convert(mode), "PNG")
        assert ingest(whole[:-12]) == ingest(whole[:-16]) == ingest(whole[:-20]) == ingest(whole)
        for lost in (30, 60, len(whole) // 2, len(whole) - 40):
            assert broken(whole[:-lost]), lost
            assert broken(whole[:-lost] + bytes(lost)), lost

    @pytest.mark.parametrize("rows", [1, 9])
    def test_rows_that_are_missing_from_a_stream_that_ends_well(self, rows: int) -> None:
        """The decoder itself is content with them."""
        assert refusal(zlib_png(6_324, 6_324, (b"\0" + b"\x80" * 6_324) * rows)).code == "picture_broken"
        assert refusal(zlib_png(10, 10, (b"\0" + b"\x80" * 10) * rows)).code == "picture_broken"
        assert not broken(zlib_png(10, 10, (b"\0" + b"\x80" * 10) * 10))

    def test_black_down_to_the_last_row_is_no_sign_of_loss(self) -> None:
        for mode in ("L", "RGBA", "1"):
            assert not broken(encoded(Image.new(mode, (40, 30)), "PNG"))

    @pytest.mark.parametrize("side", [1, 2, 5, 8, 33])
    def test_interlaced(self, side: int) -> None:
        values = np.arange(side * side, dtype=np.uint8).reshape(side, side)
        passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
        parts = [values[top::down, left::across] for left, top, across, down in passes]
        rows = [b"\0" + row.tobytes() for part in parts if part.size for row in part]
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 1))

        def file(kept: int) -> bytes:
            return SIGNATURE + header + chunk(b"IDAT", zlib.compress(b"".join(rows[:kept]))) + chunk(b"IEND", b"")

        read = np.asarray(ingest(file(len(rows))).image())[..., 0]
        assert (read == values).all()
        if len(rows) > 1:
            assert broken(file(len(rows) - 1))

    def test_faults_in_metadata(self) -> None:
        data, expected = encoded(PHOTO, "PNG"), from_image(PHOTO, "")
        bad_sum = chunk(b"tEXt", b"Comment\0hello")[:-1] + b"?"
        for spoilt in (
            bad_sum,
            chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(70_000_000))),
            chunk(b"iTXt", b"Comment\0\1\0\0\0" + b"not deflated"),
            chunk(b"iCCP", b"name\0\0" + zlib.compress(bytes(60_000_000))),
            chunk(b"iCCP", b""),
            chunk(b"eXIf", b"II*\0" + b"\xff" * 30),
            chunk(b"pHYs", b"\xff"),
            chunk(b"tIME", b""),
            chunk(b"acTL", b"\xff" * 8) + chunk(b"fcTL", b"\xff" * 26),
            chunk(b"tRNS", b"\xff"),
            chunk(b"abCd", b"\xff" * 9),
        ):
            assert ingest(with_chunks(data, spoilt)) == expected

    def test_faults_in_what_makes_up_the_picture(self) -> None:
        whole = encoded(PHOTO.quantize(8), "PNG")
        for kind in (b"IHDR", b"PLTE"):
            spoilt = bytearray(whole)
            spoilt[whole.index(kind) + 5] ^= 1
            assert broken(bytes(spoilt)), kind


class TestGif:
    def test_only_the_end_marks_may_be_missing(self) -> None:
        whole = encoded(PHOTO, "GIF")
        assert ingest(whole[:-1]) == ingest(whole[:-2]) == ingest(whole)
        for lost in (20, 400, len(whole) // 2):
            assert broken(whole[:-lost]), lost
            assert broken(whole[:-lost] + b"\0;"), lost

    @pytest.mark.parametrize("interlace", [0, 1])
    @pytest.mark.parametrize("colour", [0, 3])
    def test_a_stream_that_ends_well_but_too_early(self, interlace: int, colour: int) -> None:
        """Its palette, its canvas and its end are those of a picture twice as high."""
        image = Image.new("P", (40, 16), colour)
        image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 9, 9, 9])
        data = bytearray(encoded(image, "GIF", interlace=interlace))
        assert not broken(bytes(data))
        data[8:10] = struct.pack("<H", 32)
        at = data.index(b",\0\0\0\0")
        data[at + 7 : at + 9] = struct.pack("<H", 32)
        assert broken(bytes(data))

    @pytest.mark.parametrize("interlace", [0, 1])
    def test_codes_are_counted_right(self, interlace: int) -> None:
        """A last row of nought makes the codes be counted, here through every width that they can have."""
        for size in ((1, 1), (2, 2), (7, 3), (300, 200)):
            noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0]), np.uint8)
            noise[-2:] = 0
            image = Image.fromarray(noise).convert("P")
            assert not broken(encoded(image, "GIF", interlace=interlace)), size


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
        ("TIFF", {"compression": "packbits"}),
        ("BMP", {}),
        ("PPM", {}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("HEIF", {}),
        ("AVIF", {}),
    ],
)
def test_other_formats_that_are_cut(kind: str, options: dict[str, Any]) -> None:
    whole = encoded(PHOTO, kind, **options)
    assert not broken(whole)
    for lost in (8, 100, len(whole) // 4, len(whole) // 2, int(0.9 * len(whole))):
        assert broken(whole[:-lost]), lost


def test_a_tiff_of_fewer_strips_than_it_needs() -> None:
    values = np.full((20, 20, 1), 9, np.uint8)
    assert not broken(tiff(values, {262: (3, [1])}))
    assert broken(tiff(values, {262: (3, [1]), 257: (4, [40])}))
    assert broken(tiff(values, {262: (3, [1]), 257: (4, [40])}, compressed=True))


@pytest.mark.parametrize("spoil", [lambda data: data + b"trailing" * 40, lambda data: data + bytes(4096)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_what_follows_a_picture_does_no_harm(kind: str, spoil: Callable[[bytes], bytes]) -> None:
    data = encoded(PHOTO, kind)
    assert ingest(spoil(data)) == ingest(data)
