"""Pictures whose pixels stay in the process that decodes: it writes the canonical file."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms
from skimage.data import astronaut, chelsea, coffee

from fsl_demo.core.pictures import canonical, from_image, ingest, ingest_into, workers
from tests.core.picture_files import encoded

PHOTO = Image.fromarray(chelsea())
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def held(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "Camera of Ana"
    return exif.tobytes()


FILES: dict[str, Callable[[], bytes]] = {
    "plain": lambda: encoded(PHOTO, "PNG"),
    "with everything around it": lambda: encoded(
        PHOTO, "JPEG", exif=held(1), comment=b"Ana", dpi=(300, 300), icc_profile=SRGB
    ),
    "on its side": lambda: encoded(PHOTO, "JPEG", exif=held(6)),
    "transparent": lambda: encoded(PHOTO.convert("RGBA").rotate(9), "PNG"),
    "one colour transparent": lambda: encoded(PHOTO, "PNG", transparency=PHOTO.getpixel((0, 0))),
    "a palette": lambda: encoded(PHOTO, "GIF"),
    "grey": lambda: encoded(PHOTO.convert("L"), "WEBP"),
    "ink": lambda: encoded(PHOTO.convert("CMYK"), "TIFF"),
    "a profile that does not fit": lambda: encoded(PHOTO, "PNG", icc_profile=LAB),
}


@pytest.mark.parametrize("kind", FILES)
def test_what_is_written_is_the_picture_and_nothing_else(kind: str) -> None:
    data, out = FILES[kind](), io.BytesIO()
    expected, picture = ingest(data, "a.file"), ingest_into(out, data, "a.file")
    assert picture == expected
    for name in ("name", "width", "height", "original_sha256"):
        assert getattr(picture, name) == getattr(expected, name)
    with Image.open(out) as image:
        assert (image.format, image.mode, image.info) == ("PNG", "RGB", {})
        assert from_image(image, "") == expected
    assert b"Ana" not in out.getvalue()
    assert picture.image().tobytes() == expected.image().tobytes()


@pytest.mark.parametrize(
    ("size", "small"), [((640, 400), (320, 200)), ((639, 20), (639, 20)), ((961, 3), (321, 1)), ((2, 3_300), (1, 330))]
)
def test_a_preview_is_the_same_wherever_it_is_made(size: tuple[int, int], small: tuple[int, int]) -> None:
    photo = PHOTO.resize(size)
    written = ingest_into(io.BytesIO(), encoded(photo, "PNG"))
    assert written.preview().size == small
    np.testing.assert_array_equal(np.asarray(written.preview()), np.asarray(from_image(photo, "").preview()))
    assert canonical.preview(written.preview()).size == small


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (1, 3_000), (300_001, 3), (900, 700)])
def test_a_written_file_holds_every_pixel(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    file = io.BytesIO()
    canonical.write_png(Image.fromarray(noise), file)
    Image.open(file).verify()
    with Image.open(file) as image:
        np.testing.assert_array_equal(np.asarray(image), noise)


@pytest.mark.parametrize("photo", [chelsea, coffee, astronaut])
def test_a_written_file_is_no_larger_than_with_filters_that_are_chosen_for_each_row(
    photo: Callable[[], np.ndarray],
) -> None:
    image, file = Image.fromarray(photo()), io.BytesIO()
    canonical.write_png(image, file)
    assert file.tell() < 1.1 * len(encoded(image, "PNG", compress_level=1))


def test_pixels_do_not_come_into_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (1_500, 1_500, 3), np.uint8))
    data, sizes = encoded(noise, "PNG", compress_level=1), list[int]()
    blocks = workers._Worker.blocks

    def counted(worker: Any) -> Any:
        for block in blocks(worker):
            sizes.append(len(block))
            yield block

    monkeypatch.setattr(workers._Worker, "blocks", counted)
    picture, out = ingest_into(io.BytesIO(), data), io.BytesIO()
    assert picture == ingest_into(out, data) and sum(sizes) >= len(out.getvalue()) > 6_000_000
    assert max(sizes) < 2_000_000


def test_where_it_cannot_be_written_the_next_picture_is_whole() -> None:
    class Full(io.BytesIO):
        def write(self, content: Any) -> int:
            raise OSError(errno.ENOSPC, "full")

    for _ in range(2):
        with pytest.raises(OSError, match="full"):
            ingest_into(Full(), encoded(PHOTO, "PNG"))
        assert ingest(encoded(PHOTO, "PNG")) == from_image(PHOTO, "")
