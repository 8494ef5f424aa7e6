"""Every door finds the same classes in a folder or zip, and tells the same of what is left out or put together."""

from __future__ import annotations

import argparse
import io
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fsl_demo.cli import options
from fsl_demo.cli.evaluate import episodes
from fsl_demo.cli.reporting import Terminal
from fsl_demo.core.episodes import Episode, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import ingest
from fsl_demo.datasets import folders
from fsl_demo.services import reading
from fsl_demo.store.exchange import CLASSIFIED, read
from fsl_demo.store.exchange.classified import NONE, ClassifiedPicture
from tests.ui.conftest import Browser

Counts = dict[str, int]
Files = Mapping[str, bytes]


def picture(number: int, kind: str = "PNG") -> bytes:
    image = Image.fromarray(np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8))
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


A, B, C, D, E, F, G = (picture(number) for number in range(7))


@dataclass(frozen=True)
class Layout:
    """Files, the classes that are in them, and words of each sentence that is told."""

    files: Files
    classes: Counts
    told: tuple[str, ...] = ()


PETS = {"cat": 1, "dog": 1}
LAYOUTS = {
    "plain": Layout({"cat/1.png": A, "dog/1.png": B}, PETS),
    "wrapped": Layout({"my/pets/cat/1.png": A, "my/pets/dog/1.png": B}, PETS),
    "a cover in the wrapper": Layout(
        {"pets/cat/1.png": A, "pets/dog/1.png": B, "pets/cover.png": C}, PETS, ("“cover.png” lies in no class",)
    ),
    "a cover beside the classes": Layout(
        {"cat/1.png": A, "dog/1.png": B, "cover.png": C}, PETS, ("“cover.png” lies in no class",)
    ),
    "folders inside a class": Layout(
        {"cat/a/1.png": A, "cat/a/b/2.png": B, "cat/3.png": C, "dog/1.png": D},
        {"cat": 3, "dog": 1},
        ("folders inside “cat” (2",),
    ),
    "train, val and test": Layout(
        {"train/cat/1.png": A, "train/dog/1.png": B, "val/cat/2.png": C, "test/owl/3.png": D, "test/4.png": E},
        PETS,
        ("“val” (1 pictures) was left out", "“test” (2 pictures) was left out"),
    ),
    "a wrapped data set": Layout(
        {"set/Training/cat/1.png": A, "set/Training/dog/1.png": B, "set/Validation/cat/2.png": C},
        PETS,
        ("“Validation” (1 pictures) was left out, because “Training”",),
    ),
    "A beside a": Layout(
        {"A/1.png": A, "a/2.png": B, "B/1.png": C}, {"A": 2, "B": 1}, ("“a” and “A” are one class here: “A”",)
    ),
    "the same picture": Layout(
        {"cat/1.png": A, "cat/2.png": A, "dog/1.png": B, "dog/3.bmp": picture(0, "BMP")},
        PETS,
        ("“2.png” shows the same pixels as “1.png”", "“3.bmp” of “dog” shows the same pixels as “1.png” of “cat”"),
    ),
    "endings": Layout(
        {"cat/1.jfif": picture(0, "JPEG"), "cat/IMG": B, "dog/1.JPG": picture(2, "JPEG"), "dog/song.ovl": b"la"},
        {"cat": 2, "dog": 1},
        ("“song.ovl”",),
    ),
    "what systems leave": Layout(
        {"cat/1.png": A, "dog/1.png": B, "cat/Thumbs.db": b"x", "cat/.DS_Store": b"x", "desktop.ini": b"x"}
        | {"__MACOSX/cat/._1.png": b"x", "cat/notes.txt": b"x", "cat/@eaDir/1.png": C},
        PETS,
    ),
    "archives inside": Layout(
        {"cat/1.png": A, "dog/1.png": B, "more.zip": b"PK", "dog/more.7z": b"7z"},
        PETS,
        ("“more.zip” is an archive", "“more.7z” is an archive"),
    ),
    "a blank scan and a log": Layout(
        {"cat/1.png": A, "dog/1.png": B, "log.txt": bytes(3_000_000)}
        | {"dog/2.bmp": b"BM" + (54 + 750_000).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little")
           + (40).to_bytes(4, "little") + (500).to_bytes(4, "little") * 2 + b"\1\0\x18\0" + bytes(24) + bytes(750_000)},
        {"cat": 1, "dog": 2},
    ),
    "escapes and other scripts": Layout(
        {"Two %2F 2/1.png": A, "é ü/1.png": B, "猫/1.png": C}, {"Two / 2": 1, "é ü": 1, "猫": 1}
    ),
}  # fmt: skip


def by_task(path: Path) -> tuple[Counts, list[str]]:
    """`predict`, `sort`, `evaluate --leave-one-out` and the API."""
    told: list[UserError] = []
    return counted(reading.task(path, {}, progress=quiet, report=told.append)), [str(error) for error in told]


def by_import(path: Path) -> tuple[Counts, list[str]]:
    told: list[UserError] = []
    (labelled,) = read(path, report=told.append)
    return counted(labelled.episode), [str(error) for error in told]


def by_training(path: Path) -> tuple[Counts, list[str]]:
    told: list[UserError] = []
    classes = folders.labelled(path, quiet, told.append, with_queries=True)
    return {name: len(items) for name, items in classes.items()}, [str(error) for error in told]


def by_evaluation(path: Path) -> tuple[Counts, list[str]]:
    told: list[str] = []

    class Noting(Terminal):
        def note(self, text: str) -> None:
            told.append(text)

    output = argparse.Namespace(terminal=Noting(), about={})
    chosen = argparse.Namespace(data=str(path), made_up_names=False)
    classes = episodes.named_classes(chosen, output)  # type: ignore[arg-type]
    return {name: len(items) for name, items in classes.items()}, told


def counted(episode: Episode) -> Counts:
    return dict(zip((spec.name for spec in episode.classes), episode.shots(), strict=True))


DOORS: dict[str, Callable[[Path], tuple[Counts, list[str]]]] = {
    "task": by_task,
    "import": by_import,
    "training": by_training,
    "evaluation": by_evaluation,
}


def as_folder(root: Path, files: Files) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def as_zip(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def as_tar(path: Path, files: Files) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


PACKED = {"in": as_folder, "in.zip": as_zip, "in.tar": as_tar}


def check(layout: Layout, classes: Counts, told: list[str]) -> None:
    assert classes == layout.classes
    assert len(told) == len(layout.told), told
    for words in layout.told:
        assert any(words in sentence for sentence in told), (words, told)


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", LAYOUTS)
def test_doors_of_programs(tmp_path: Path, name: str, door: str, packed: str) -> None:
    layout = LAYOUTS[name]
    check(layout, *DOORS[door](PACKED[packed](tmp_path / packed, layout.files)))


@pytest.mark.parametrize("packed", ["in.zip", "in.tar"])
@pytest.mark.parametrize("name", LAYOUTS)
def test_an_archive_on_the_page(browser: Browser, tmp_path: Path, name: str, packed: str) -> None:
    browser.add("classes", PACKED[packed](tmp_path / packed, LAYOUTS[name].files))
    check(LAYOUTS[name], shown(browser), [notice["text"] for notice in browser.notices])


@pytest.mark.parametrize("name", [name for name in LAYOUTS if name != "the same picture"])
def test_a_folder_on_the_page(browser: Browser, tmp_path: Path, name: str) -> None:
    """Of the same pixels the page itself takes the first: `tests/browser` has that."""
    folder = as_folder(tmp_path / "in", LAYOUTS[name].files)
    visible = [
        file for file in LAYOUTS[name].files if not {".DS_Store", "Thumbs.db", "desktop.ini"} & {Path(file).name}
    ]
    browser.add("classes", *((folder / file, f"in/{file}") for file in visible if "__MACOSX" not in file))
    check(LAYOUTS[name], shown(browser), [notice["text"] for notice in browser.notices])


@pytest.mark.parametrize("name", [*CLASSIFIED, "shard"])
def test_classes_that_another_tool_gave(browser: Browser, tmp_path: Path, name: str) -> None:
    """As examples, from the command line and on the page: an unlabelled picture and one of none are no examples."""
    given = {A: "cat", B: "dog", C: "cat", D: "", E: NONE}
    pictures = [
        ClassifiedPicture(ingest(data, f"{n}.png"), label, "train") for n, (data, label) in enumerate(given.items())
    ]
    path, write = tmp_path / "in.zip", CLASSIFIED["webdataset" if name == "shard" else name].write_pictures
    assert write is not None
    write(pictures, path)
    if name == "shard":
        with zipfile.ZipFile(path) as archive:
            path = tmp_path / "in.tar"
            path.write_bytes(archive.read("train-000000.tar"))
    classes, told = by_task(path)
    assert (classes, len(told)) == ({"cat": 2, "dog": 1}, 1) and "2 pictures without a class" in told[0]
    browser.add("classes", path)
    assert shown(browser) == {"cat": 2, "dog": 1} and not browser.notices
    assert len(browser.document.queries) == 2


def shown(browser: Browser) -> Counts:
    return {row.name: len(row.pictures) for row in browser.document.rows()}


def raw_zip(path: Path, names: list[bytes], unicode_names: list[str] | None = None) -> Path:
    """A zip whose names are these bytes, without the flag for UTF-8; with Info-ZIP's field for other names."""
    places = [b"%0*d" % (len(name), number) for number, name in enumerate(names, 10 ** min(len(names[0]) - 1, 6))]
    with zipfile.ZipFile(path, "w") as archive:
        for number, place in enumerate(places):
            info = zipfile.ZipInfo(place.decode())
            if unicode_names:
                field = b"\1" + zlib.crc32(names[number]).to_bytes(4, "little") + unicode_names[number].encode()
                info.extra = b"\x75\x70" + len(field).to_bytes(2, "little") + field
            archive.writestr(info, picture(number))
    data = path.read_bytes()
    for place, name in zip(places, names, strict=True):
        assert len(place) == len(name)
        data = data.replace(place, name)
    path.write_bytes(data)
    return path


ENCODED = [
    ("cp932", ["ソース表", "能力不足"]),
    ("cp932", ["桜の写真", "海の写真"]),
    ("gbk", ["红苹果与", "黄香蕉与"]),
    ("big5", ["功能正常", "蘋果香蕉"]),
    ("cp850", ["Größe/Käfer", "Höhe/Vögel"]),
    ("cp949", ["고양이와", "강아지와"]),
    ("cp866", ["Новая папка", "Собака дома"]),
    ("cp1251", ["Новая папка", "Собака дома"]),
    ("cp437", ["Äpfel aus", "Früchte a"]),
    ("cp1252", ["forêt verte", "rivière etc"]),
    ("utf-8", ["Käfer und", "Vögel unt"]),
]


@pytest.mark.parametrize("separator", ["/", "\\"])
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("encoding", "names"), ENCODED, ids=[f"{encoding}-{names[0]}" for encoding, names in ENCODED])
def test_names_without_an_encoding(tmp_path: Path, door: str, encoding: str, names: list[str], separator: str) -> None:
    classes = [name.partition("/")[0] for name in names]
    raw = [f"{name}{separator}{number}.png".encode(encoding) for number, name in enumerate(classes)]
    counts, told = DOORS[door](raw_zip(tmp_path / "in.zip", raw))
    assert (set(counts), told) == (set(classes), [])


@pytest.mark.parametrize("right", [True, False])
def test_info_zips_unicode_path(tmp_path: Path, right: bool) -> None:
    plain, unicode_names = [b"aaaaaaa/1.png", b"bbbbbbb/1.png"], ["猫/1.png", "犬/1.png"]
    path = raw_zip(tmp_path / "in.zip", plain, unicode_names)
    if not right:
        path.write_bytes(path.read_bytes().replace(zlib.crc32(plain[0]).to_bytes(4, "little"), b"oooo"))
    classes, told = by_task(path)
    assert (set(classes), told) == ({"猫" if right else "aaaaaaa", "犬"}, [])


@pytest.mark.parametrize("door", DOORS)
def test_names_that_may_read_otherwise_are_told(tmp_path: Path, door: str) -> None:
    raw = [f"玫瑰/{number}.png".encode("gbk") for number in range(2)]
    counts, told = DOORS[door](raw_zip(tmp_path / "in.zip", raw))
    assert counts == {"玫瑰": 2}
    assert told == [
        "Nothing in “in.zip” says how its names are encoded: “玫瑰/0.png” may as well be “繭孵/0.png”. If that is"
        " right, rename it, or make the file again."
    ]


def test_names_that_nobody_can_tell_are_readable_and_told(tmp_path: Path) -> None:
    classes, told = by_task(raw_zip(tmp_path / "in.zip", [b"\xff\xfe\xfd/1.png", b"catt/11.png"]))
    assert "catt" in classes and len(classes) == 2
    assert len(told) == 1 and "may be wrong" in told[0]


@pytest.mark.parametrize(
    ("start", "kind"), [(b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07\1\0", "rar"), (b"\x1f\x8b\x08", "gzip")]
)
@pytest.mark.parametrize("door", DOORS)
def test_other_archives_are_called_by_name(tmp_path: Path, door: str, start: bytes, kind: str) -> None:
    path = tmp_path / f"pets.{kind}"
    path.write_bytes(start + bytes(600))
    for reader in (DOORS[door], lambda path: reading.queries(path, quiet, lambda error: None)):
        with pytest.raises(UserError, match=rf"\({kind}\)") as refused:
            reader(path)
        assert refused.value.code == "archive_kind"


@pytest.mark.parametrize("door", DOORS)
def test_what_is_no_file_is_not_opened(tmp_path: Path, door: str) -> None:
    os.mkfifo(tmp_path / "pipe.zip")
    for path in (tmp_path / "pipe.zip", Path("/dev/zero")):
        with pytest.raises(UserError) as refused:
            DOORS[door](path)
        assert refused.value.code == "picture_missing"


def test_the_command_line_tells_and_goes_on(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    terminal = Terminal()
    path = as_zip(tmp_path / "in.zip", LAYOUTS["a cover in the wrapper"].files)
    options.read_task(argparse.Namespace(support=path, describe=None, boxes=None), terminal)
    assert terminal.faults == 0 and "“cover.png” lies in no class folder" in capsys.readouterr().err
