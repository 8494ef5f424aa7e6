"""The one way in for pictures: every format upright in RGB, every hostile file refused in words."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageFile
from sklearn.datasets import load_sample_image

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import MAX_BYTES, MAX_PIXELS, SUFFIXES, from_image, ingest
from fsl_demo.core.pictures.decoding import decode
from fsl_demo.core.pictures.raster import UPRIGHT
from tests.core.picture_files import encoded, greys, pixels, png, refusal

ROOT = Path(__file__).parents[2]
RED, WHITE = (255, 0, 0), (255, 255, 255)
FAULTS = {"picture_broken", "picture_unknown", "picture_pixels", "picture_kind_unread"}
UNDONE = {6: 8, 8: 6}  # the turns that are not their own opposites


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    """A real photograph, small, with no symmetry."""
    return Image.fromarray(load_sample_image("china.jpg")).resize((48, 32))


def huge_png() -> bytes:
    """81 megapixels in about 10 kB."""
    return png(9000, 9000, bits=1, colour=0, rows=bytes(9000 * (1 + 9000 // 8)))


class TestIdentity:
    def test_the_same_pixels_are_the_same_picture_from_bytes_from_a_path_and_in_two_formats(
        self, photo: Image.Image, tmp_path: Path
    ) -> None:
        file = tmp_path / "photo.png"
        photo.save(file)
        picture = ingest(file)
        assert picture == ingest(file.read_bytes()) == ingest(encoded(photo, "BMP")) == from_image(photo, "other.png")
        assert len({picture, from_image(photo, "other.png")}) == 1
        assert (picture.name, picture.width, picture.height) == ("photo.png", 48, 32)
        assert (pixels(picture) == np.asarray(photo)).all()

    def test_the_same_bytes_in_another_shape_are_another_picture(self) -> None:
        assert from_image(Image.new("RGB", (4, 2)), "") != from_image(Image.new("RGB", (2, 4)), "")

    def test_the_hash_of_the_original_is_that_of_its_bytes(self, photo: Image.Image) -> None:
        first, second = ingest(encoded(photo, "PNG")), ingest(encoded(photo, "BMP"))
        assert first.original_sha256 != second.original_sha256
        assert len(first.original_sha256) == 64

    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("../../etc/passwd.png", "passwd.png"),
            ("C:\\Users\\Ana\\cat.png", "cat.png"),
            ("/srv/photos/dog 1.jpg", "dog 1.jpg"),
            ("猫/小猫.png", "小猫.png"),
            ("line\nbreak\x00\u202egnp.exe", "linebreakgnp.exe"),
            ("..", "picture"),
            ("a/..\\", "picture"),
            ("/", "picture"),
            ("", "picture"),
        ],
    )
    def test_a_name_is_never_a_path(self, given: str, kept: str) -> None:
        assert ingest(encoded(Image.new("RGB", (2, 2)), "PNG"), given).name == kept


class TestFormats:
    @pytest.mark.parametrize(
        ("kind", "options"),
        [
            ("PNG", {}),
            ("BMP", {}),
            ("PPM", {}),
            ("TIFF", {}),
            ("TIFF", {"compression": "tiff_lzw"}),
            ("TIFF", {"compression": "tiff_adobe_deflate"}),
            ("WEBP", {"lossless": True}),
        ],
    )
    def test_lossless_formats_give_the_very_pixels(
        self, kind: str, options: dict[str, Any], photo: Image.Image
    ) -> None:
        assert ingest(encoded(photo, kind, **options)) == from_image(photo, "")

    @pytest.mark.parametrize("kind", ["JPEG", "WEBP", "HEIF", "AVIF", "MPO"])
    def test_lossy_formats_come_close(self, kind: str, photo: Image.Image) -> None:
        picture = ingest(encoded(photo, kind, quality=95))
        assert picture.image().size == photo.size
        assert np.abs(pixels(picture).astype(int) - np.asarray(photo)).mean() < 12

    def test_what_the_bytes_are_counts_not_what_the_name_says(self, photo: Image.Image, tmp_path: Path) -> None:
        file = tmp_path / "really-a-png.jpg"
        file.write_bytes(encoded(photo, "PNG"))
        assert ingest(file) == from_image(photo, "")

    def test_of_several_frames_the_first_counts(self, photo: Image.Image) -> None:
        others = [photo.transpose(Image.Transpose.FLIP_TOP_BOTTOM), Image.new("RGB", photo.size, RED)]
        for kind in ("TIFF", "PNG"):
            assert ingest(encoded(photo, kind, save_all=True, append_images=others)) == from_image(photo, ""), kind
        phone = ingest(encoded(photo, "MPO", quality=95, save_all=True, append_images=others[1:]))
        assert phone == ingest(encoded(photo, "MPO", quality=95))
        moving = ingest(
            encoded(Image.new("P", (4, 3), 0), "GIF", save_all=True, append_images=[Image.new("P", (4, 3), 9)])
        )
        assert len(set(greys(moving))) == 1

    def test_a_moving_gif_of_a_photograph_gives_its_first_frame(self, photo: Image.Image) -> None:
        frames = [photo.quantize(64), Image.new("RGB", photo.size, RED).quantize(64)]
        moving = ingest(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
        assert (pixels(moving) == np.asarray(frames[0].convert("RGB"))).all()

    def test_every_suffix_that_is_read_has_a_reader(self) -> None:
        assert set(Image.registered_extensions()) >= SUFFIXES - {".pjpeg"}


class TestModes:
    def test_black_and_white_and_grey(self) -> None:
        grey = Image.fromarray(np.array([[0, 100, 255]], np.uint8))
        assert greys(encoded(grey, "PNG")) == [0, 100, 255]
        assert greys(encoded(grey, "PPM")) == [0, 100, 255]
        bits = Image.fromarray(np.array([[0, 255, 255, 0]], np.uint8)).convert("1")
        for kind in ("PNG", "PPM", "TIFF", "BMP"):
            assert greys(encoded(bits, kind)) == [0, 255, 255, 0], kind

    @pytest.mark.parametrize("kind", ["PNG", "TIFF"])
    def test_sixteen_bits_are_scaled_not_clipped(self, kind: str) -> None:
        deep = Image.fromarray(np.array([[0, 257, 25_700, 65_535]], np.uint16))
        assert greys(encoded(deep, kind)) == [0, 1, 100, 255]

    def test_twelve_bits_in_a_sixteen_bit_file_are_not_black(self) -> None:
        scan = Image.fromarray(np.array([[0, 1_024, 2_048, 4_095]], np.uint16))
        assert greys(encoded(scan, "PNG")) == [0, 64, 128, 255]

    def test_sixteen_bits_with_the_high_byte_first(self) -> None:
        values = np.array([[0, 257, 25_700, 65_535]], ">u2")
        assert greys(encoded(Image.frombytes("I;16B", (4, 1), values.tobytes()), "TIFF")) == [0, 1, 100, 255]
        assert greys(b"P5 4 1 65535\n" + values.tobytes()) == [0, 1, 100, 255]

    def test_sixteen_bits_a_colour(self) -> None:
        rows = b"\x00" + struct.pack(">6H", 65_535, 0, 0, 0, 25_700, 65_535)
        assert pixels(png(2, 1, bits=16, colour=2, rows=rows)).tolist() == [[list(RED), [0, 100, 255]]]

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ([0.0, 0.2, 1.0], [0, 51, 255]),
            ([0.0, 51.0, 255.0], [0, 51, 255]),
            ([-1.0, 0.0, 1.0], [0, 128, 255]),
            ([0.0, np.nan, np.inf, 1.0], [0, 0, 0, 255]),
        ],
    )
    def test_floats(self, values: list[float], expected: list[int]) -> None:
        assert greys(encoded(Image.fromarray(np.array([values], np.float32)), "TIFF")) == expected

    def test_whole_numbers_of_thirty_two_bits(self) -> None:
        deep = Image.fromarray(np.array([[0, 2**30, 2**31 - 128]], np.int32))
        assert greys(encoded(deep, "TIFF")) == [0, 128, 255]

    def test_cmyk(self) -> None:
        ink = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
        assert pixels(encoded(ink, "TIFF"))[0, 0].tolist() == list(RED)
        assert np.abs(pixels(encoded(ink, "JPEG", quality=95))[0, 0].astype(int) - RED).max() < 12

    def test_what_is_transparent_is_white_whatever_colour_it_hides(self) -> None:
        half = Image.new("RGBA", (2, 1), (255, 0, 0, 255))
        half.putpixel((1, 0), (0, 255, 0, 0))
        for kind in ("PNG", "TIFF"):
            assert pixels(encoded(half, kind)).tolist() == [[list(RED), list(WHITE)]], kind
        assert pixels(encoded(half, "WEBP", lossless=True)).tolist() == [[list(RED), list(WHITE)]]
        grey = Image.new("LA", (2, 1), (10, 255))
        grey.putpixel((1, 0), (10, 0))
        assert greys(encoded(grey, "PNG")) == [10, 255]
        veil = Image.new("RGBA", (1, 1), (255, 0, 0, 128))
        assert pixels(encoded(veil, "PNG"))[0, 0].tolist() == [255, 127, 127]

    def test_a_palette_with_a_transparent_entry(self) -> None:
        image = Image.new("P", (2, 1), 0)
        image.putpalette([255, 0, 0, 0, 255, 0])
        image.putpixel((1, 0), 1)
        for kind in ("PNG", "GIF"):
            assert pixels(encoded(image, kind, transparency=1)).tolist() == [[list(RED), list(WHITE)]], kind
        assert pixels(encoded(image, "PNG", transparency=b"\xff\x00")).tolist() == [[list(RED), list(WHITE)]]

    def test_a_colour_that_stands_for_transparent(self) -> None:
        image = Image.new("RGB", (2, 1), RED)
        image.putpixel((1, 0), (0, 255, 0))
        assert pixels(encoded(image, "PNG", transparency=(0, 255, 0))).tolist() == [[list(RED), list(WHITE)]]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
class TestMetadata:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
    def test_a_turned_picture_stands_upright(
        self, kind: str, orientation: int, photo: Image.Image, tmp_path: Path
    ) -> None:
        undo = UPRIGHT.get(UNDONE.get(orientation, orientation))
        held = photo.transpose(undo) if undo is not None else photo
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        options = {"lossless": True} if kind == "WEBP" else {}
        file = tmp_path / "held"
        file.write_bytes(encoded(held, kind, exif=exif, **options))
        assert ingest(file) == ingest(file.read_bytes()) == from_image(photo, "")

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("kind", ["JPEG", "HEIF"])
    def test_a_turned_photograph_stands_upright(self, kind: str, orientation: int, photo: Image.Image) -> None:
        undo = UPRIGHT.get(UNDONE.get(orientation, orientation))
        held = photo.transpose(undo) if undo is not None else photo
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        picture = ingest(encoded(held, kind, exif=exif.tobytes(), quality=95))
        assert picture.image().size == photo.size
        assert np.abs(pixels(picture).astype(int) - np.asarray(photo)).mean() < 12

    def test_place_and_camera_are_gone(self, photo: Image.Image) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.Make] = "Camera of Ana"
        exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
        data = encoded(photo, "JPEG", exif=exif, comment=b"taken at home", icc_profile=b"profile", dpi=(300, 300))
        with Image.open(io.BytesIO(data)) as original:
            assert original.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        image = ingest(data).image()
        assert image.info == {}
        assert not image.getexif()
        assert b"Ana" not in encoded(image, "PNG")

    def test_a_damaged_exif_does_not_make_the_pixels_bad(self, photo: Image.Image) -> None:
        for exif in (
            b"Exif\x00\x00",
            b"Exif\x00\x00II*\x00\xff\xff\xff\xff",
            b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff",
        ):
            assert ingest(encoded(photo, "PNG", exif=exif)) == from_image(photo, "")

    def test_an_orientation_that_does_not_exist_is_ignored(self, photo: Image.Image) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = 77
        assert ingest(encoded(photo, "PNG", exif=exif)) == from_image(photo, "")


class TestRefused:
    def test_an_empty_file(self, tmp_path: Path) -> None:
        (tmp_path / "empty.png").touch()
        for error in (refusal(tmp_path / "empty.png"), refusal(b"", "empty.png")):
            assert (error.code, error.params) == ("picture_empty", {"file": "empty.png"})

    @pytest.mark.parametrize("data", [b"This is a text, not a picture.\n" * 50, b"<html></html>", b"\x00" * 999, b"P"])
    def test_what_is_not_a_picture(self, data: bytes) -> None:
        error = refusal(data, "holiday.jpg")
        assert (error.code, error.params) == ("picture_unknown", {"file": "holiday.jpg"})
        assert "“holiday.jpg” is not a picture" in str(error)

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM", "HEIF", "AVIF", "GIF", "MPO"])
    def test_a_file_that_ends_too_early(self, kind: str) -> None:
        whole = encoded(Image.fromarray(load_sample_image("flower.jpg")).resize((160, 120)), kind)
        for kept in (0.9, 0.5, 0.1):
            error = refusal(whole[: int(len(whole) * kept)], "cut.jpg")
            assert error.code in {"picture_broken", "picture_unknown"}, (kind, kept)
            assert "cut.jpg" in str(error)

    def test_pillow_is_not_told_to_accept_cut_files(self) -> None:
        assert ImageFile.LOAD_TRUNCATED_IMAGES is False

    @pytest.mark.filterwarnings("ignore:Truncated File Read", "ignore:Corrupt EXIF data")
    def test_a_file_with_flipped_bytes_is_read_or_refused_in_words(self, photo: Image.Image) -> None:
        numbers = np.random.default_rng(0)
        for kind in ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "HEIF"):
            whole = np.frombuffer(encoded(photo, kind), np.uint8)
            for _ in range(30):
                damaged = whole.copy()
                damaged[numbers.integers(len(whole), size=5)] = numbers.integers(256, size=5)
                try:
                    assert ingest(damaged.tobytes()).image().mode == "RGB"
                except UserError as error:
                    assert error.code in FAULTS, (kind, error)

    def test_more_megapixels_than_are_read_are_refused_before_they_are_decoded(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = huge_png()
        assert len(data) < 20_000
        monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("decoded"))
        with pytest.raises(UserError, check=lambda error: error.code == "picture_pixels"):
            decode(data)
        assert "“vast.png” has 81 megapixels" in str(refusal(data, "vast.png"))

    @pytest.mark.parametrize("kind", ["TIFF", "GIF", "BMP", "PPM"])
    def test_a_header_that_lies_about_the_size(self, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
        liars = {
            "TIFF": _tiff_header(60_000, 60_000),
            "GIF": b"GIF89a" + struct.pack("<HHBBB", 60_000, 60_000, 0, 0, 0) + b",\0\0\0\0\1\0\1\0\0\2\2D\1\0;",
            "BMP": b"BM" + struct.pack("<IHHI IiiHHIIiiII", 99, 0, 0, 54, 40, 60_000, 60_000, 1, 24, 0, 0, 0, 0, 0, 0),
            "PPM": b"P6 60000 60000 255\n",
        }
        monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("decoded"))
        with pytest.raises(UserError, check=lambda error: error.code == "picture_pixels"):
            decode(liars[kind])

    @pytest.mark.process
    def test_a_huge_picture_takes_no_memory(self, tmp_path: Path) -> None:
        file = tmp_path / "vast.png"
        file.write_bytes(huge_png())
        code = """
import resource, sys
from pathlib import Path
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures.decoding import decode
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    decode(Path(sys.argv[1]).read_bytes())
except UserError as error:
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(error.code, (after - before) // (1 if sys.platform == "linux" else 1024))
"""
        done = subprocess.run([sys.executable, "-c", code, str(file)], cwd=ROOT, capture_output=True, text=True)
        code_word, kilobytes = done.stdout.split()
        assert code_word == "picture_pixels"
        assert int(kilobytes) < 10_000

    @pytest.mark.slow
    def test_just_within_the_limit_is_read(self) -> None:
        side = int(MAX_PIXELS**0.5)
        data = png(side, side, bits=1, colour=0, rows=bytes(side * (1 + -(-side // 8))))
        assert ingest(data).width == side

    def test_more_bytes_than_are_read(self, tmp_path: Path) -> None:
        file = tmp_path / "heavy.jpg"
        with file.open("wb") as writing:
            writing.truncate(MAX_BYTES + 1)
        error = refusal(file)
        assert error.code == "picture_bytes"
        assert "“heavy.jpg” has 20 MB" in str(error)
        assert refusal(bytes(MAX_BYTES + 1), "heavy.jpg").code == "picture_bytes"

    @pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, os.mkfifo], ids=["nothing", "folder", "pipe"])
    def test_what_is_not_a_file(self, make: Callable[[Path], None], tmp_path: Path) -> None:
        path = tmp_path / "thing.png"
        make(path)
        error = refusal(path)
        assert error.code == "picture_missing"
        assert str(tmp_path) not in str(error)


def _tiff_header(width: int, height: int) -> bytes:
    """A grey TIFF that says it has so many pixels, all in one strip that is not there."""
    tags = [(256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, height), (279, 9)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\x00" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", 0)
