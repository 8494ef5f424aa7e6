"""A zip with damaged files in it, or one that takes too long: every door reads the rest, and says so."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from fsl_demo.core.episodes import quiet
from fsl_demo.core.errors import UserError
from fsl_demo.datasets import file_source
from fsl_demo.services import reading
from tests.ui.conftest import Browser
from tests.ui.test_same_classes_everywhere import DOORS, A, B, C, as_zip, shown

FILES = {"cat/1.png": A, "cat/2.png": B, "dog/1.png": C}
DAMAGED = "“cat/2.png” in “in.zip” is damaged: its checksum or its length is wrong"


def changed(path: Path, change: Callable[[bytearray, int, int], None]) -> Path:
    """Change a zip's bytes; the places are those of the second file's header and of its row in the table."""
    data = bytearray(path.read_bytes())
    row = data.index(b"cat/2.png", data.index(b"PK\1\2")) - 46
    change(data, data.index(b"cat/2.png") - 30, row)
    path.write_bytes(data)
    return path


def flip(data: bytearray, header: int, row: int) -> None:
    data[header + 30 + len("cat/2.png") + 60] ^= 0xFF


def other_checksum(data: bytearray, header: int, row: int) -> None:
    data[row + 16] ^= 1


def longer(data: bytearray, header: int, row: int) -> None:
    data[row + 24 : row + 28] = struct.pack("<L", len(B) + 1)


def shorter(data: bytearray, header: int, row: int) -> None:
    data[row + 24 : row + 28] = struct.pack("<L", len(B) - 1)


def no_header(data: bytearray, header: int, row: int) -> None:
    data[header : header + 4] = b"none"


def other_name(data: bytearray, header: int, row: int) -> None:
    data[header + 30] ^= 1


def deflate64(data: bytearray, header: int, row: int) -> None:
    data[row + 10] = data[header + 8] = 9


DAMAGES = {
    "a byte": (flip, DAMAGED),
    "the checksum": (other_checksum, DAMAGED),
    "a length that is more": (longer, DAMAGED),
    "a length that is less": (shorter, DAMAGED),
    "a header": (no_header, DAMAGED),
    "a name in a header": (other_name, DAMAGED),
    "an unknown method": (deflate64, "“cat/2.png” in “in.zip” is compressed in a way that is not read"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named_and_the_others_are_read(tmp_path: Path, damage: str) -> None:
    change, sentence = DAMAGES[damage]
    path = changed(as_zip(tmp_path / "in.zip", FILES), change)
    for door in DOORS.values():
        classes, told = door(path)
        assert classes == {"cat": 1, "dog": 1}
        assert len(told) == 1 and sentence in told[0]
    errors: list[UserError] = []
    assert list(reading.queries(path, quiet, errors.append)) == ["cat/1.png", "dog/1.png"]
    assert [str(error) for error in errors if sentence in str(error)] and len(errors) == 1


@pytest.mark.parametrize("target", ["classes", "queries", "collection"])
def test_on_the_page_by_the_name_that_the_person_gave(browser: Browser, tmp_path: Path, target: str) -> None:
    browser.add(target, (changed(as_zip(tmp_path / "in.zip", FILES), flip), "mine.zip"))
    assert [notice["text"] for notice in browser.notices if "damaged" in notice["text"]] == [
        f"{DAMAGED.replace('in.zip', 'mine.zip')}. Make the file again."
    ]
    if target == "classes":
        assert shown(browser) == {"cat": 1, "dog": 1}


def test_where_nothing_is_left_each_is_named(tmp_path: Path) -> None:
    path = as_zip(tmp_path / "in.zip", {"cat/1.png": b"no picture", "cat/2.png": A})
    told: list[UserError] = []
    with pytest.raises(UserError, match="damaged"):
        reading.task(changed(path, flip), {}, progress=quiet, report=told.append)
    assert [error.code for error in told] == ["picture_unknown"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("kept", [60, 0.4, 0.9])
def test_a_zip_that_breaks_off_is_called_that(tmp_path: Path, method: int, kept: float) -> None:
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept if kept > 1 else kept * whole.index(b"PK\1\2"))])
    for door in DOORS.values():
        with pytest.raises(UserError, match=r"“in\.zip” is a zip that breaks off: its end, .* is missing"):
            door(path)


class TestWork:
    """All pictures of a zip together take no more than so many seconds of computing."""

    @pytest.fixture(autouse=True)
    def little_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(file_source, "MAX_SECONDS", 1e-9)

    SENTENCE = "so the last 2, from “cat/2.png” on, were left out. Split it up."

    @pytest.mark.parametrize("door", DOORS)
    def test_what_is_left_out_is_counted(self, tmp_path: Path, door: str) -> None:
        classes, told = DOORS[door](as_zip(tmp_path / "in.zip", FILES))
        assert classes == {"cat": 1}
        assert len(told) == 1 and told[0].endswith(self.SENTENCE)

    def test_queries(self, tmp_path: Path) -> None:
        errors: list[UserError] = []
        assert list(reading.queries(as_zip(tmp_path / "in.zip", FILES), quiet, errors.append)) == ["cat/1.png"]
        assert [error.code for error in errors] == ["archive_rest"]

    def test_on_the_page(self, browser: Browser, tmp_path: Path) -> None:
        browser.add("classes", (as_zip(tmp_path / "in.zip", FILES), "mine.zip"))
        assert shown(browser) == {"cat": 1}
        (notice,) = browser.notices
        assert notice["text"].startswith("The pictures of “mine.zip” take") and notice["text"].endswith(self.SENTENCE)

    def test_what_cannot_be_read_counts_as_well(self, tmp_path: Path) -> None:
        errors: list[UserError] = []
        path = as_zip(tmp_path / "in.zip", {"1.png": A[:60], "2.png": A[:60], "3.png": B})
        assert reading.queries(path, quiet, errors.append) == {}
        assert [error.code for error in errors] == ["picture_broken", "archive_rest"]
