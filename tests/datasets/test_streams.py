"""Sources of any number of pictures: the same pictures by the same names whatever holds them, and nothing lost."""

from __future__ import annotations

import os
import random
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import fsspec
import pyarrow
import pytest
from pyarrow import parquet

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import MAX_BYTES
from fsl_demo.datasets.streams import Stream, lists, open_stream, shards, tables

FILES = {f"{'in/' if number % 2 else ''}{number}.png": bytes([number]) * (number + 1) for number in range(9)}
Pack = Callable[[Path], str]


def folder(place: Path) -> str:
    for name, data in {**FILES, "notes.txt": b"no picture", ".hidden.png": b"-"}.items():
        path = place / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return str(place / "pictures")


def zipped(place: Path) -> str:
    return shutil.make_archive(str(place / "pictures"), "zip", folder(place))


def tarred(place: Path) -> str:
    with tarfile.open(place / "pictures.tar", "w") as tar:
        tar.add(folder(place), ".")
        tar.addfile(tarfile.TarInfo("1.cls"))
        link = tarfile.TarInfo("link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    return str(place / "pictures.tar")


def table(place: Path, structs: bool = False) -> str:
    rows = [
        {"image": {"bytes": data, "path": name}} if structs else {"image": data, "file": name}
        for name, data in FILES.items()
    ]
    parquet.write_table(pyarrow.Table.from_pylist(rows), place / "pictures.parquet", row_group_size=4)
    return str(place / "pictures.parquet")


def structs(place: Path) -> str:
    return table(place, structs=True)


def listed(place: Path) -> str:
    folder(place)
    (place / "pictures" / "list.txt").write_text("\n".join(["", *FILES, ""]))
    return str(place / "pictures" / "list.txt")


PACKS = [folder, zipped, tarred, table, structs, listed]


def read(stream: Stream, start: int = 0) -> list[tuple[str, bytes]]:
    return [(item.name, item.read()) for item in stream.items(start)]


@pytest.mark.parametrize("pack", PACKS)
def test_every_kind_gives_the_same_pictures_from_any_number_on(pack: Pack, tmp_path: Path) -> None:
    source = pack(tmp_path)
    stream = open_stream(source)
    everything = read(stream)
    assert stream.count == len(FILES) and dict(everything) == FILES
    assert [read(stream, start) for start in (0, 1, 5, 9)] == [everything[start:] for start in (0, 1, 5, 9)]
    assert open_stream(source).fingerprint == stream.fingerprint


@pytest.mark.parametrize("pack", PACKS)
def test_a_source_that_changes_is_another_one(pack: Pack, tmp_path: Path) -> None:
    source = Path(pack(tmp_path))
    before = open_stream(str(source)).fingerprint
    changed = source / "0.png" if source.is_dir() else source.parent / "0.png" if source.suffix == ".txt" else source
    os.utime(changed, (1, 1))
    assert open_stream(str(source)).fingerprint != before


def test_a_pattern_stands_for_several_files(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / str(number)).mkdir()
        shutil.move(tarred(tmp_path / str(number)), tmp_path / f"photos-{number:03d}.tar")
    braces, stars = (open_stream(str(tmp_path / name)) for name in ("photos-{000..002}.tar", "photos-*.tar"))
    assert braces.count == stars.count == 27 and braces.fingerprint == stars.fingerprint
    everything = read(braces)
    assert everything == read(stars) and len(dict(everything)) == 27
    assert everything[10][0].startswith("photos-001.tar/")
    assert read(braces, 13) == everything[13:]
    assert read(open_stream(str(tmp_path / "photos-00{2,0}.tar")))[0][0].startswith("photos-002.tar/")
    for pattern in ("photos-{000..003}.tar", "nothing-*.tar"):
        with pytest.raises(UserError) as refused:
            open_stream(str(tmp_path / pattern))
        assert refused.value.code == "source_missing"


def test_no_more_files_than_can_be_kept_track_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "MAX_SHARDS", 2)
    for number in range(3):
        (tmp_path / f"{number}.png").touch()
    with pytest.raises(UserError) as refused:
        open_stream(str(tmp_path / "*.png"))
    assert refused.value.code == "shards_many"


def test_one_picture_is_a_source(tmp_path: Path) -> None:
    assert read(open_stream(str(Path(folder(tmp_path), "4.png")))) == [("4.png", FILES["4.png"])]


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    assert [told.code for told in open_stream(tarred(tmp_path)).left_out] == ["tar_links"]
    Path(tmp_path, "pictures", "more.zip").touch()
    Path(tmp_path, "pictures", "out.png").symlink_to("/etc/passwd")
    assert [told.code for told in open_stream(str(tmp_path / "pictures")).left_out] == ["archive_inside", "folder_link"]


def test_a_file_too_large_for_a_picture_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large.png").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with tarfile.open(tmp_path / "large.tar", "w") as tar:
        tar.add(tmp_path / "large.png", "large.png")
    for source in ("large.png", "large.tar"):
        (item,) = open_stream(str(tmp_path / source)).items(0)
        with pytest.raises(UserError) as refused:
            item.read()
        assert refused.value.code == "picture_bytes"


def test_rows_without_a_picture_and_tables_without_a_column_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pictures.parquet"
    parquet.write_table(pyarrow.table({"image": [b"1", None]}), path)
    first, second = open_stream(str(path)).items(0)
    assert (first.name, first.read(), second.name) == ("row 1", b"1", "row 2")
    with pytest.raises(UserError, match="does not hold its bytes"):
        second.read()
    monkeypatch.setattr(tables, "MAX_GROUP", 3)
    with pytest.raises(UserError) as refused:
        open_stream(str(path))
    assert refused.value.code == "table_group"
    parquet.write_table(pyarrow.table({"label": [1]}), path)
    with pytest.raises(UserError, match="It has: label"):
        open_stream(str(path))
    path.write_bytes(b"no table")
    with pytest.raises(UserError) as refused:
        open_stream(str(path))
    assert refused.value.code == "table_broken"


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.tar.gz", b"\x1f\x8b" + bytes(20), "tar_compressed"),
        ("a.tar", b"no tar" * 200, "tar_broken"),
        ("a.zip", b"no zip", "archive_broken"),
        ("a.txt", b"ftp://somewhere/1.jpg\n", "address_kind"),
        ("a.txt", b"x" * 5_000, "list_line"),
    ],
)
def test_sources_that_are_none(tmp_path: Path, name: str, data: bytes, code: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UserError) as refused:
        open_stream(str(tmp_path / name))
    assert refused.value.code == code and str(refused.value)


def test_what_follows_the_damage_of_a_tar_is_said_to_be_left_out(tmp_path: Path) -> None:
    """`tarfile` takes whatever is no header for the end."""
    whole = Path(tarred(tmp_path))
    data = whole.read_bytes()
    with tarfile.open(whole) as tar:
        place = tar.getmember("./6.png").offset
    for wrong in (data[:place] + b"\1" * 512 + data[place + 512 :], data[: place + 600], data[: place + 100]):
        whole.write_bytes(wrong)
        stream = open_stream(str(whole))
        assert [told.code for told in stream.left_out] == ["tar_cut"]
        assert len(read(stream)) == stream.count < len(FILES)


def test_mutated_tars_are_read_or_refused_in_a_sentence(tmp_path: Path) -> None:
    chance, path = random.Random(0), tmp_path / "in.tar"
    data = Path(tarred(tmp_path)).read_bytes()
    for _ in range(300):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 5)):
            block = 512 * chance.randrange(len(data) // 512)
            changed[block + chance.choice((0, 100, 124, 135, 148, 156, 157, 257, 345, 511))] = chance.randrange(256)
        path.write_bytes(changed)
        try:
            stream = open_stream(str(path))
            assert len(read(stream)) == stream.count
        except UserError as error:
            assert str(error)


def test_addresses_are_opened_by_fsspec_when_a_list_names_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "list.txt"
    path.write_text("s3://bucket/1.jpg\n")
    with pytest.raises(UserError, match="pip install s3fs") as refused:
        open_stream(str(path))
    assert refused.value.code == "address_package"
    monkeypatch.setattr(lists, "PACKAGES", {"memory": ""})
    with fsspec.open("memory://pictures/1.jpg", "wb") as file:
        file.write(b"one")
    path.write_text("memory://pictures/1.jpg\nmemory://pictures/2.jpg\n")
    first, second = open_stream(str(path)).items(0)
    assert first.read() == b"one"
    with pytest.raises(UserError, match=r"“2.jpg” cannot be read: FileNotFoundError"):
        second.read()
    monkeypatch.setattr(lists, "MAX_BYTES", 2)
    monkeypatch.setattr("fsl_demo.datasets.streams.stream.MAX_BYTES", 2)
    with pytest.raises(UserError) as refused:
        first.read()
    assert refused.value.code == "picture_bytes"


def test_zips_keep_their_bounds(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("../1.png", b"-")
    with pytest.raises(UserError) as refused:
        open_stream(str(tmp_path / "bad.zip"))
    assert refused.value.code == "archive_path"
