"""Class folders on disk."""

import os
from pathlib import Path, PurePosixPath

import pytest

from fsl_demo.core.errors import UserError
from fsl_demo.datasets.class_folders import class_folders, class_layout
from fsl_demo.datasets.walking import Walk


def make(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def file_names(root: Path) -> dict[str, list[str]]:
    return {name: [path.name for path in paths] for name, paths in class_folders(root).items()}


def layout(*names: str, with_queries: bool = False) -> tuple[dict[str, list[str]], list[str]]:
    """Paths by class, and the codes of what is told."""
    arranged = class_layout(map(PurePosixPath, names), with_queries)
    return {name: list(map(str, paths)) for name, paths in arranged.classes.items()}, [
        notice.code for notice in arranged.told
    ]


def test_natural_order(tmp_path: Path) -> None:
    make(tmp_path, "cat 10/2.png", "cat 2/10.png", "cat 2/9.png", "cat 2/b.png", "Cat 1/1.png", "貓/1.png")
    assert list(file_names(tmp_path).items()) == [
        ("Cat 1", ["1.png"]),
        ("cat 2", ["9.png", "10.png", "b.png"]),
        ("cat 10", ["2.png"]),
        ("貓", ["1.png"]),
    ]
    assert all(path.is_file() for paths in class_folders(tmp_path).values() for path in paths)


def test_only_pictures_that_are_not_hidden(tmp_path: Path) -> None:
    make(tmp_path, "cat/1.JPG", "cat/2.heic", "cat/notes.txt", "cat/.3.png", ".git/1.png", "__MACOSX/cat/1.png")
    make(tmp_path, "loose.png", "cat/deeper/4.png", "empty/readme.md", "dog/1.png")
    assert file_names(tmp_path) == {"cat": ["1.JPG", "2.heic", "4.png"], "dog": ["1.png"]}


@pytest.mark.parametrize("wrapper", ["", "only/", "outer/inner/"])
@pytest.mark.parametrize("part", ["train", "support", "Training"])
def test_of_a_data_set_in_parts_only_what_is_to_learn_from_is_read(wrapper: str, part: str) -> None:
    inside = [f"{part}/cat/1.png", f"{part}/dog/1.png", "val/cat/2.png", "val/bird/2.png", "test/3.png"]
    classes, told = layout(*(f"{wrapper}{name}" for name in inside))
    assert classes == {"cat": [f"{wrapper}{part}/cat/1.png"], "dog": [f"{wrapper}{part}/dog/1.png"]}
    assert told == ["part_left_out", "part_left_out"]


@pytest.mark.parametrize("part", ["train", "val", "test", "support"])
def test_a_single_part_is_looked_through(part: str) -> None:
    assert layout(f"{part}/cat/1.png", f"{part}/dog/1.png") == (
        {"cat": [f"{part}/cat/1.png"], "dog": [f"{part}/dog/1.png"]},
        [],
    )


def test_folders_that_are_called_like_parts_may_be_classes() -> None:
    classes, told = layout("train/1.png", "train/steam/2.png", "bus/1.png")
    assert classes == {"bus": ["bus/1.png"], "train": ["train/1.png", "train/steam/2.png"]}
    assert told == ["class_nested"]


def test_an_export_has_labelled_queries_too() -> None:
    names = ["support/cat/1.png", "support/dog/1.png", "query/cat/2.png", "none_of_these/3.png", "unlabelled/4.png"]
    assert layout(*names)[0] == {"cat": ["support/cat/1.png"], "dog": ["support/dog/1.png"]}
    classes, told = layout(*names, with_queries=True)
    assert classes == {"cat": ["support/cat/1.png", "query/cat/2.png"], "dog": ["support/dog/1.png"]}
    assert told == ["part_left_out", "part_left_out"]


def test_folders_inside_a_class_belong_to_it() -> None:
    classes, told = layout("cat/a/1.png", "cat/a/b/2.png", "cat/3.png", "dog/1.png")
    assert classes == {"cat": ["cat/3.png", "cat/a/1.png", "cat/a/b/2.png"], "dog": ["dog/1.png"]}
    assert told == ["class_nested"]


@pytest.mark.parametrize("wrapper", ["", "pets/", "my/pets/"])
@pytest.mark.parametrize("cover", ["cover.png", "a cover"])
def test_pictures_beside_the_class_folders_are_named(wrapper: str, cover: str) -> None:
    classes, told = layout(f"{wrapper}cat/1.png", f"{wrapper}dog/2.png", f"{wrapper}{cover}")
    assert (set(classes), told) == ({"cat", "dog"}, ["no_class"])


def test_one_class_is_not_a_wrapper() -> None:
    assert layout("cat/1.png", "cat/kittens/2.png") == ({"cat": ["cat/1.png", "cat/kittens/2.png"]}, ["class_nested"])


def test_names_that_are_one_class() -> None:
    classes, told = layout("a/2.png", "A/1.png", "B/1.png", "CAFE\u0301/1.png", "café/2.png", "Ａ/3.png")
    assert {name: len(paths) for name, paths in classes.items()} == {"A": 3, "B": 1, "CAFE\u0301": 2}
    assert told == ["classes_merged"] * 3


def test_of_one_name_the_one_without_spaces_around_it_counts() -> None:
    assert set(layout(" cat/1.png", "cat/2.png")[0]) == {"cat"}


@pytest.mark.parametrize("around", ["", "pets/", "my/pets/"])
def test_folders_without_pictures_are_named(around: str) -> None:
    names = ["cat/1.png", "dog/2.png", "owl/3.txt", "owl/deep/4.csv", "dog/notes.txt", "dog/sound/5.wav"]
    classes, told = layout(*(around + name for name in names))
    assert (set(classes), told) == ({"cat", "dog"}, ["folder_without_pictures"])


def test_what_systems_leave_is_passed_over_and_archives_are_named() -> None:
    litter = ["__MACOSX/cat/._1.png", "cat/.DS_Store", "cat/Thumbs.db", "desktop.ini", "@eaDir/1.jpg", "cat/notes.txt"]
    classes, told = layout("cat/1.png", "dog/1.jfif", "owl/picture", *litter, "emu.zip", "dog/more.7z")
    assert classes == {"cat": ["cat/1.png"], "dog": ["dog/1.jfif"], "owl": ["owl/picture"]}
    assert told == ["archive_inside", "archive_inside"]


def test_numbers_too_long_to_be_numbers(tmp_path: Path) -> None:
    make(tmp_path, f"cat/{'9' * 200}.png", "cat/1.png")
    assert len(file_names(tmp_path)["cat"]) == 2


def test_links_that_lead_out_and_what_is_no_file_are_left_out(tmp_path: Path) -> None:
    make(tmp_path / "elsewhere", "1.png")
    root = make(tmp_path / "root", "dog/1.png", "cat/1.png")
    (root / "owl").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (root / "cat" / "2.png").symlink_to(tmp_path / "elsewhere" / "1.png")
    (root / "cat" / "3.png").symlink_to(root / "dog" / "1.png")
    (root / "cat" / "gone.png").symlink_to(root / "gone.png")
    (root / "cat" / "loop").symlink_to(root, target_is_directory=True)
    os.mkfifo(root / "cat" / "pipe.png")
    assert file_names(root) == {"cat": ["1.png", "3.png"], "dog": ["1.png"]}
    left_out = sorted((error.code, str(error.params["file"])) for error in Walk(root).left_out)
    assert left_out == [
        ("folder_link", "2.png"),
        ("folder_link", "owl"),
        ("picture_missing", "gone.png"),
        ("picture_missing", "pipe.png"),
    ]


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (None, "folder_missing"),
        ([], "no_class_folders"),
        (["1.png", "2.png"], "no_class_folders"),
        (["cat/notes.txt", "dog/.hidden.png"], "no_class_pictures"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, names: list[str] | None, code: str) -> None:
    root = tmp_path / "root"
    if names is not None:
        root.mkdir()
        make(root, *names)
    with pytest.raises(UserError) as caught:
        class_folders(root)
    assert caught.value.code == code
    assert "root" in str(caught.value)


def test_twenty_thousand_pictures_in_a_thousand_classes() -> None:
    """Comparing every picture with every other, or with every class, would take hours."""
    paths = [PurePosixPath(f"{name:04}/{number}.png") for name in range(1_000) for number in range(20)]
    classes = class_layout(paths).classes
    assert len(classes) == 1_000 and {len(members) for members in classes.values()} == {20}
