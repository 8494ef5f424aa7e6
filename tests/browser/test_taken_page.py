"""The page of a classifier that was taken away: it reads what browsers read otherwise as the workbench does."""

from __future__ import annotations

import io
import struct
import zlib
from base64 import b64decode, b64encode

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Error, Page, Route

from fsl_demo.core.pictures.png import _PASSES, SIGNATURE, chunk
from fsl_demo.portable.classify import pixels
from fsl_demo.portable.reading import FILES

SITE = "http://localhost/"
EIGHT_BITS = """async ([data, most]) => {
  const { eightBits } = await import("/deep.js");
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const made = new Uint8Array(await (await eightBits(new Blob([bytes]), most)).arrayBuffer());
  return btoa(String.fromCharCode(...made));
}"""
SCAN = np.random.default_rng(0).integers(0, 1_000, (21, 34)).cumsum(axis=1).clip(0, 4_095).astype(np.uint16)
"""Of 12 bits, in more than one row and column of each pass."""


def deep(values: np.ndarray, *extra: bytes, interlaced: bool = False, cut: int = 0) -> bytes:
    """A grey PNG of 16 bits whose rows have all filters in turn, with further chunks; `cut` bytes are missing."""
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    rows = b"".join(filtered(values[top::down, left::across]) for left, top, across, down in passes)
    header = struct.pack(">IIBBBBB", *values.shape[::-1], 16, 0, 0, 0, interlaced)
    packed = zlib.compress(rows)[: -cut or None]
    return SIGNATURE + chunk(b"IHDR", header) + b"".join(extra) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def filtered(values: np.ndarray) -> bytes:
    """Rows as PNG filters them, kind after kind."""
    rows = values.astype(">u2").view(np.uint8).astype(int)
    left, up = np.pad(rows, ((0, 0), (2, 0)))[:, :-2], np.pad(rows, ((1, 0), (0, 0)))[:-1]
    corner = np.pad(rows, ((1, 0), (2, 0)))[:-1, :-2]
    near = np.abs([up - corner, left - corner, left + up - 2 * corner])
    paeth = np.choose(near.argmin(axis=0), [left, up, corner])
    taken = (np.zeros_like(rows), left, up, (left + up) // 2, paeth)
    made = ((rows[n] - taken[n % 5][n]) % 256 for n in range(len(rows)))
    return b"".join(bytes([n % 5]) + row.astype(np.uint8).tobytes() for n, row in enumerate(made))


@pytest.fixture
def site(context: BrowserContext) -> Page:
    def answer(route: Route) -> None:
        route.fulfill(body=(FILES / "web" / "deep.js").read_bytes(), content_type="text/javascript")

    context.route(f"{SITE}**", answer)
    page = context.new_page()
    page.goto(SITE)
    return page


def eight_bits(page: Page, data: bytes, most: int = 40_000_000) -> bytes:
    return b64decode(page.evaluate(EIGHT_BITS, [b64encode(data).decode(), most]))


def test_grey_of_16_bits_is_scaled_as_the_workbench_scales_it(site: Page) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    clear, turned = chunk(b"tRNS", struct.pack(">H", SCAN[3, 5])), chunk(b"eXIf", exif.tobytes()[6:])
    gamma, text = chunk(b"gAMA", struct.pack(">I", 100_000)), chunk(b"tEXt", b"a\0b")
    files = [deep(SCAN), deep(SCAN // 100), deep(16 * SCAN), deep(SCAN, interlaced=True)]
    files += [deep(SCAN, clear, text), deep(SCAN, turned, gamma), deep(SCAN[:1, :1]), deep(SCAN, cut=3)]
    for number, data in enumerate(files):
        made = eight_bits(site, data)
        assert Image.open(io.BytesIO(made)).mode in ("L", "LA"), number
        np.testing.assert_array_equal(pixels(made), pixels(data), err_msg=str(number))


def test_other_files_stay_as_they_are_and_missing_rows_are_told(site: Page) -> None:
    shallow = io.BytesIO()
    Image.fromarray(SCAN.astype(np.uint8)).save(shallow, "PNG")
    for data in (shallow.getvalue(), b"no picture", SIGNATURE):
        assert eight_bits(site, data) == data
    assert eight_bits(site, deep(SCAN), most=100) == deep(SCAN)
    for broken in (deep(SCAN, cut=400), deep(SCAN)[:40]):
        with pytest.raises(Error, match="rows are missing"):
            eight_bits(site, broken)
