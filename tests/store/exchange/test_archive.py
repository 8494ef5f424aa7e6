"""Zips from strangers."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.datasets import archives, file_source
from fsl_demo.datasets.file_source import open_source
from fsl_demo.store.exchange import read
from tests.store.exchange.class_folders import read_class_pictures


def png(picture: Picture) -> bytes:
    buffer = io.BytesIO()
    picture.image().save(buffer, "PNG")
    return buffer.getvalue()


def make_zip(path: Path, entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name)
            info.filename = name  # ZipInfo would normalise some of the names below
            info.compress_type = compression
            file.writestr(info, data)
    return path


def link(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        info = zipfile.ZipInfo("cat/link.png")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(info, "/etc/passwd")
    return path


def patched(path: Path, old: bytes, new: bytes, central_only: bool = False) -> Path:
    """Change the zip's bytes, in the table of contents or everywhere."""
    data = path.read_bytes()
    start = data.index(b"PK\1\2") if central_only else 0
    assert old in data[start:]
    path.write_bytes(data[:start] + data[start:].replace(old, new))
    return path


def forged(path: Path, stated: int) -> Path:
    """A zip whose one deflated entry, of 3,000 bytes, is said to have another length."""
    make_zip(path, {"cat/a.png": bytes(range(250)) * 12}, zipfile.ZIP_DEFLATED)
    return patched(path, struct.pack("<L", 3000), struct.pack("<L", stated), central_only=True)


DEFLATE64 = (b"\0\0\0\0\0\0!\0", b"\0\0\x09\0\0\0!\0")
"""Flags, method, time and date of an entry that is stored, and of one in a method that Python does not know."""


def overlapping(path: Path) -> Path:
    """Two entries in the table of contents, one of them the other's data, as in a better zip bomb."""
    make_zip(path, {"cat/a.png": b"x" * 500, "cat/b.png": b"y" * 500})
    data = path.read_bytes()
    second = data.rindex(b"PK\3\4")
    return patched(path, struct.pack("<L", second) + b"cat/b.png", struct.pack("<L", 9) + b"cat/b.png")


def encrypted(path: Path) -> Path:
    data = bytearray(make_zip(path, {"cat/a.png": b"x"}).read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    return path


HOSTILE: list[tuple[str, Callable[[Path], Path]]] = [
    ("archive_path", lambda path: make_zip(path, {"cat/../../../evil.png": b"x"})),
    ("archive_path", lambda path: make_zip(path, {"..": b"x"})),
    ("archive_path", lambda path: make_zip(path, {"/etc/evil.png": b"x"})),
    ("archive_path", lambda path: make_zip(path, {"C:/evil.png": b"x"})),
    ("archive_path", lambda path: make_zip(path, {"C:evil.png": b"x"})),
    ("archive_path", lambda path: make_zip(path, {"cat\\..\\..\\evil.png": b"x"})),
    ("archive_path", lambda path: make_zip(path, {"\\\\host\\share\\evil.png": b"x"})),
    ("archive_path", lambda path: patched(make_zip(path, {"cat/evil.png~.txt": b"x"}), b"~", b"\0")),
    ("archive_link", link),
    ("archive_entries", lambda path: make_zip(path, {f"cat/{n}.png": b"" for n in range(50_001)})),
    ("archive_overlap", overlapping),
    ("archive_method", lambda path: patched(make_zip(path, {"cat/a.png": b"x" * 99}), *DEFLATE64)),
    ("archive_forged", lambda path: forged(path, 3_001)),
    ("archive_forged", lambda path: forged(path, 2_000)),
    ("archive_encrypted", encrypted),
    ("archive_broken", lambda path: path.write_bytes(b"PK\3\4 no zip at all") and path),
    ("archive_broken", lambda path: path.write_bytes(b"") or path),
]


@pytest.mark.parametrize(("code", "build"), HOSTILE, ids=[f"{n}-{code}" for n, (code, _) in enumerate(HOSTILE)])
def test_refused(tmp_path: Path, code: str, build: Callable[[Path], Path]) -> None:
    inbox = tmp_path / "deep" / "inbox"
    inbox.mkdir(parents=True)
    path = build(inbox / "hostile.zip")
    for reader in (read, read_class_pictures):
        with pytest.raises(UserError) as caught:
            reader(path)
        assert caught.value.code == code
        assert "hostile.zip" in str(caught.value)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [path]


def test_total_is_counted_from_what_the_zip_says(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "big.zip", {f"cat/{n}.png": bytes(100) for n in range(3)})
    data = path.read_bytes()
    start = data.index(b"PK\1\2")
    stated = struct.pack("<LL", 100, 100)
    path.write_bytes(data[:start] + data[start:].replace(stated, struct.pack("<LL", 900_000_000, 900_000_000)))
    with pytest.raises(UserError) as caught:
        read(path)
    assert caught.value.code == "archive_bytes"


def test_total_is_counted_from_what_comes_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_zip(tmp_path / "a.zip", {"a": bytes(600)})
    monkeypatch.setattr(archives, "MAX_TOTAL_BYTES", 1_000)
    with open_source(path) as source:
        assert len(source.read(PurePosixPath("a"))) == 600
        with pytest.raises(UserError) as caught:
            source.read(PurePosixPath("a"))
    assert caught.value.code == "archive_bytes"


def test_long_table_of_contents_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_zip(tmp_path / "a.zip", {f"{n}": b"" for n in range(20)})
    monkeypatch.setattr(archives, "_MAX_DIRECTORY_BYTES", 500)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(UserError) as caught:
        read(path)
    assert caught.value.code == "archive_entries"


def test_a_picture_too_large_to_read_is_skipped_unread(
    tmp_path: Path, digits: list[Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_source, "MAX_BYTES", 2_000)
    path = make_zip(tmp_path / "a.zip", {"cat/1.png": png(digits[0]), "cat/2.png": bytes(2_001)})
    classes, faults = read_class_pictures(path)
    assert classes == {"cat": [digits[0]]}
    assert [(fault.code, fault.params["file"]) for fault in faults] == [("picture_bytes", "2.png")]


def test_something_else(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    for path, code in ((tmp_path / "notes.txt", "import_unknown"), (tmp_path / "missing.zip", "folder_missing")):
        with pytest.raises(UserError) as caught:
            read(path)
        assert caught.value.code == code


def test_names_in_utf8_without_the_flag(tmp_path: Path, digits: list[Picture]) -> None:
    path = make_zip(tmp_path / "mac.zip", {"cats/1.png": png(digits[0]), "__MACOSX/cats/._1.png": b"x"})
    patched(path, b"cats", "é_".encode() + b"x")
    classes, faults = read_class_pictures(path)
    assert classes == {"é_x": [digits[0]]} and faults == []
