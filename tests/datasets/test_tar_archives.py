"""Tars from strangers: what is in them comes in, and what could do harm is refused with a sentence."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import pytest
from PIL import Image

from fsl_demo.core.errors import UserError
from fsl_demo.datasets import archives
from fsl_demo.datasets.file_source import is_archive, open_source
from tests.colours import painted

Entry = tuple[str, bytes]


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    painted((30, 200, 30), seed, size=8).save(buffer, "PNG")
    return buffer.getvalue()


def tar(path: Path, *entries: Entry | tarfile.TarInfo, kind: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, "w", format=kind) as archive:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                archive.addfile(entry, io.BytesIO(bytes(entry.size)) if entry.isreg() else None)
            else:
                info = tarfile.TarInfo(entry[0])
                info.size = len(entry[1])
                archive.addfile(info, io.BytesIO(entry[1]))
    return path


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def sized(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = size
    return info


def patched(path: Path, place: int, data: bytes) -> Path:
    whole = bytearray(path.read_bytes())
    whole[place : place + len(data)] = data
    path.write_bytes(whole)
    return path


def with_header(path: Path, header: tarfile.TarInfo, data: bytes = b"") -> Path:
    """A tar that is one header as it stands, whatever it says, and data."""
    path.write_bytes(header.tobuf(tarfile.GNU_FORMAT) + data + bytes(10_240))
    return path


def huge_name(path: Path) -> Path:
    """A long name of two gigabytes, which are not there."""
    info = special("long", tarfile.GNUTYPE_LONGNAME)
    info.size = 2_000_000_000
    return with_header(path, info)


def loop(path: Path) -> Path:
    """An entry that says it is of negative size: what follows it would be itself."""
    negative = tarfile.TarInfo("cat/1.png")
    header = bytearray(negative.tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 10 + b"\xfe\x00"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    path.write_bytes(bytes(header) + bytes(10_240))
    return path


HOSTILE: list[tuple[str, Callable[[Path], Path]]] = [
    ("archive_path", lambda path: tar(path, ("cat/../../evil.png", b"x"))),
    ("archive_path", lambda path: tar(path, ("/etc/evil.png", b"x"))),
    ("archive_path", lambda path: tar(path, ("C:/evil.png", b"x"))),
    ("archive_path", lambda path: tar(path, ("cat\\..\\..\\evil.png", b"x"))),
    ("archive_link", lambda path: tar(path, special("cat/1.png", tarfile.SYMTYPE, "/etc/passwd"))),
    ("archive_link", lambda path: tar(path, ("cat/1.png", b"x"), special("cat/2.png", tarfile.LNKTYPE, "cat/1.png"))),
    ("archive_special", lambda path: tar(path, special("cat/1.png", tarfile.CHRTYPE))),
    ("archive_special", lambda path: tar(path, special("cat/1.png", tarfile.BLKTYPE))),
    ("archive_special", lambda path: tar(path, special("cat/1.png", tarfile.FIFOTYPE))),
    ("archive_special", lambda path: with_header(path, special("cat/1.png", tarfile.GNUTYPE_SPARSE))),
    ("tar_broken", huge_name),
    ("tar_broken", loop),
    ("tar_broken", lambda path: path.write_bytes(b"no tar at all") and path),
    ("tar_broken", lambda path: path.write_bytes(b"") or path),
    ("archive_kind", lambda path: path.write_bytes(b"\x1f\x8b\x08" + bytes(600)) and path),
]


@pytest.mark.parametrize(("code", "build"), HOSTILE, ids=[f"{n}-{code}" for n, (code, _) in enumerate(HOSTILE)])
def test_what_could_do_harm_is_refused(tmp_path: Path, code: str, build: Callable[[Path], Path]) -> None:
    path = build(tmp_path / "hostile.tar")
    assert is_archive(path)
    with pytest.raises(UserError) as caught, open_source(path):
        pass
    assert caught.value.code == code
    assert "hostile.tar" in str(caught.value)


def test_more_entries_or_bytes_than_a_zip_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tar(tmp_path / "a.tar", *((f"cat/{n}.png", bytes(600)) for n in range(3)))
    monkeypatch.setattr(archives, "MAX_ENTRIES", 2)
    with pytest.raises(UserError) as caught, open_source(path):
        pass
    assert caught.value.code == "archive_entries"
    monkeypatch.setattr(archives, "MAX_ENTRIES", 3)
    monkeypatch.setattr(archives, "MAX_TOTAL_BYTES", 1_000)
    with pytest.raises(UserError) as caught, open_source(path):
        pass
    assert caught.value.code == "archive_bytes"
    path = tar(tmp_path / "b.tar", ("a", bytes(600)))  # said of pictures alone; the others are counted as they are read
    with open_source(path) as source:
        source.read(PurePosixPath("a"))
        with pytest.raises(UserError) as caught:
            source.read(PurePosixPath("a"))
    assert caught.value.code == "archive_bytes"


@pytest.mark.parametrize("kind", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_files_are_read_by_their_names(tmp_path: Path, kind: int) -> None:
    long = "cat/" + "x" * 60 + "/" + "y" * 80 + ".png"
    entries = [("./cat/1.png", png(1)), (long, png(2)), ("猫/3.png", b"no picture"), ("cat/1.png", png(4))]
    folder = special("dog", tarfile.DIRTYPE)
    path = tar(tmp_path / "pets.tar", *entries, folder, kind=kind)
    with open_source(path) as source:
        assert {str(name): source.read(name) for name in source.files} == {
            "cat/1.png": png(4),
            long: png(2),
            "猫/3.png": b"no picture",
        }
        assert [told.code for told in source.left_out] == ["archive_twice"]


def test_names_that_are_no_utf8_are_guessed(tmp_path: Path) -> None:
    name = "猫の写真/1.png".encode("cp932").decode("utf-8", "surrogateescape")
    path = tar(tmp_path / "a.tar", (name, png(1)), ("犬/1.png", png(2)), kind=tarfile.GNU_FORMAT)
    with open_source(path) as source:
        assert sorted(map(str, source.files)) == ["犬/1.png", "猫の写真/1.png"]


def test_a_tar_that_is_damaged_midway_gives_what_stands_before(tmp_path: Path) -> None:
    entries = [(f"cat/{n}.png", png(n)) for n in range(4)]
    whole = tar(tmp_path / "whole.tar", *entries).read_bytes()
    second = whole.index(b"cat/2.png")
    for data in (whole[:second] + b"#" + whole[second + 1 :], whole[: second + 600]):
        path = tmp_path / "cut.tar"
        path.write_bytes(data)
        with open_source(path) as source:
            assert source.read(PurePosixPath("cat/1.png")) == png(1)
            assert [told.code for told in source.left_out] == ["tar_cut"]
            for name in set(source.files) - {PurePosixPath("cat/0.png"), PurePosixPath("cat/1.png")}:
                with pytest.raises(UserError) as caught:
                    source.read(name)
                assert caught.value.code == "archive_forged"


def test_a_zip_at_the_end_of_a_tar_does_not_make_it_a_zip(tmp_path: Path) -> None:
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("dog/1.png", png(1))
    path = tar(tmp_path / "pets.bin", ("cat/1.png", png(1)), ("more.zip", buffer.getvalue()))
    with open_source(path) as source:
        assert sorted(map(str, source.files)) == ["cat/1.png", "more.zip"]
        picture = source.lazy_picture(PurePosixPath("cat/1.png"))
    assert isinstance(picture.image(), Image.Image)


def test_threads_read_at_once(tmp_path: Path) -> None:
    data = {f"cat/{number}.png": bytes([number]) * 3_000_000 for number in range(8)}
    path = tar(tmp_path / "pets.tar", *data.items())
    with open_source(path) as source, ThreadPoolExecutor(4) as pool:
        read = pool.map(source.read, [PurePosixPath(name) for name in data] * 4)
        assert all(bytes_read == expected for bytes_read, expected in zip(read, [*data.values()] * 4, strict=True))
