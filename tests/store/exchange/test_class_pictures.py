"""Class folders from anyone."""

import io
from pathlib import Path
from shutil import make_archive

import pytest

from fsl_demo.core.episodes import LabelledEpisode
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.datasets.class_folders import LEARNED
from fsl_demo.store import Workspace
from fsl_demo.store.exchange import FORMATS, read
from tests.store.exchange.class_folders import read_class_pictures


@pytest.fixture(params=["folder", "zip"])
def place(request: pytest.FixtureRequest, tmp_path: Path, digits: list[Picture]) -> Path:
    """Two good classes, one with a broken picture, one with nothing that can be read, and litter."""
    root = tmp_path / "pets"
    files = {
        "my pets/dog/10.png": digits[0],
        "my pets/dog/9.PNG": digits[1],
        "my pets/貓/1.png": digits[2],
        "my pets/貓/broken.png": _cut(digits[4]),
        "my pets/Dog/1.png": digits[3],
        "my pets/empty/only.jpg": b"not a picture",
        "my pets/dog/Thumbs.db": b"x",
        "my pets/dog/._10.png": b"x",
        "__MACOSX/my pets/dog/._10.png": b"x",
        "my pets/readme.txt": b"x",
    }
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Picture):
            content.image().save(path)
        else:
            path.write_bytes(content)
    return root if request.param == "folder" else Path(make_archive(str(root), "zip", root))


def _cut(picture: Picture) -> bytes:
    buffer = io.BytesIO()
    picture.image().save(buffer, "PNG")
    return buffer.getvalue()[:100]


def test_good_pictures_survive_bad_ones(place: Path, digits: list[Picture]) -> None:
    calls: list[tuple[str, int, int]] = []
    classes, faults = read_class_pictures(place, lambda *call: calls.append(call))
    assert classes == {"Dog": [digits[3], digits[1], digits[0]], "貓": [digits[2]]}
    assert [picture.name for picture in classes["Dog"]] == ["1.png", "9.PNG", "10.png"]
    assert {fault.params["file"]: fault.code for fault in faults} == {
        "broken.png": "picture_broken",
        "only.jpg": "picture_unknown",
    }
    assert calls[0] == ("read", 0, 6) and calls[-1] == ("read", 6, 6)


def test_pictures_are_kept_in_the_workspace(place: Path, workspace: Workspace, digits: list[Picture]) -> None:
    classes, _ = read_class_pictures(place, workspace=workspace)
    assert workspace.picture(digits[2].sha256).name == "1.png"
    next((workspace.folder / "blobs").rglob(f"{digits[2].sha256}.png")).unlink()
    with pytest.raises(UserError):
        classes["貓"][0].image()


def test_import_as_one_episode(place: Path, digits: list[Picture]) -> None:
    told: list[UserError] = []
    (labelled,) = read(place, report=told.append)
    assert labelled.title == "pets"
    assert [spec.name for spec in labelled.episode.classes] == ["Dog", "貓"]
    assert labelled.episode.shots() == [3, 1]
    assert sorted(error.code for error in told) == ["classes_merged", "picture_broken", "picture_unknown"]
    with pytest.raises(UserError) as caught:
        read(place)
    assert caught.value.code.startswith("picture_")


def test_all_bad(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "1.jpg").write_bytes(b"no")
    with pytest.raises(UserError) as caught:
        read_class_pictures(tmp_path)
    assert caught.value.code == "picture_unknown"


@pytest.mark.parametrize("split", [*LEARNED, ""])
def test_splits(tmp_path: Path, digits: list[Picture], split: str) -> None:
    for number, folder in enumerate(
        [Path(split, "cat"), Path(split, "dog"), *([Path("test", "cat")] if split else [])]
    ):
        (tmp_path / folder).mkdir(parents=True)
        digits[number].image().save(tmp_path / folder / "1.png")
    classes, _ = read_class_pictures(tmp_path)
    assert classes == {"cat": [digits[0]], "dog": [digits[1]]}


def test_our_own_export_fills_the_rows(tmp_path: Path, labelled: LabelledEpisode) -> None:
    FORMATS["imagefolder"].write([("id", labelled)], tmp_path / "out.zip")
    classes, faults = read_class_pictures(tmp_path / "out.zip")
    assert faults == []
    expected: dict[str, set[Picture]] = {spec.name: set() for spec in labelled.episode.classes}
    for example in labelled.episode.support:
        expected[labelled.episode.classes[example.class_index].name].add(example.picture)
    expected["Two / 2 "].add(labelled.episode.queries[0])  # labelled with the class
    assert {name: set(pictures) for name, pictures in classes.items()} == expected


@pytest.mark.parametrize("content", [[], ["1.png"], ["notes.txt"]])
def test_no_class_folders(tmp_path: Path, digits: list[Picture], content: list[str]) -> None:
    for name in content:
        digits[0].image().save(tmp_path / name, "PNG")
    with pytest.raises(UserError) as caught:
        read_class_pictures(tmp_path)
    assert caught.value.code == "no_class_folders"
