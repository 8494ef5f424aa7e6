"""Class folders on disk."""

from pathlib import Path

import pytest

from fsl_demo.core.errors import UserError
from fsl_demo.datasets.class_folders import class_folders


def make(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def file_names(root: Path, split: str = "") -> dict[str, list[str]]:
    return {name: [path.name for path in paths] for name, paths in class_folders(root, split).items()}


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
    make(tmp_path, "loose.png", "cat/deeper/4.png", "empty/readme.md")
    assert file_names(tmp_path) == {"cat": ["1.JPG", "2.heic"]}


@pytest.mark.parametrize("wrapper", ["", "only", "outer/inner"])
@pytest.mark.parametrize("split", ["", "train", "support"])
def test_wrapping_folders_and_splits(tmp_path: Path, wrapper: str, split: str) -> None:
    root = tmp_path / wrapper / split
    make(root, "cat/1.png", "dog/1.png")
    if split:
        make(tmp_path / wrapper, "val/cat/2.png", "val/bird/2.png")
    assert file_names(tmp_path, split) == {"cat": ["1.png"], "dog": ["1.png"]}


def test_a_split_is_not_taken_for_a_wrapper(tmp_path: Path) -> None:
    make(tmp_path, "train/cat/1.png")
    assert file_names(tmp_path, "train") == file_names(tmp_path) == {"cat": ["1.png"]}
    with pytest.raises(UserError):
        class_folders(tmp_path, "val")


def test_one_class_is_not_a_wrapper(tmp_path: Path) -> None:
    make(tmp_path, "cat/1.png", "cat/kittens/2.png")
    assert file_names(tmp_path) == {"cat": ["1.png"]}


def test_numbers_too_long_to_be_numbers(tmp_path: Path) -> None:
    make(tmp_path, f"cat/{'9' * 200}.png", "cat/1.png")
    assert len(file_names(tmp_path)["cat"]) == 2


def test_links(tmp_path: Path) -> None:
    make(tmp_path / "elsewhere", "1.png")
    root = make(tmp_path / "root", "dog/1.png")
    (root / "cat").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (root / "cat" / "loop").symlink_to(root, target_is_directory=True)
    assert file_names(root) == {"cat": ["1.png"], "dog": ["1.png"]}


@pytest.mark.parametrize(
    ("names", "split", "code"),
    [
        (None, "", "folder_missing"),
        ([], "", "no_class_folders"),
        (["1.png", "2.png"], "", "no_class_folders"),
        (["train/cat/1.png", "val/cat/1.png"], "", "no_class_folders"),
        (["train/cat/1.png", "val/cat/1.png"], "test", "no_class_folders"),
        (["cat/notes.txt", "dog/.hidden.png"], "", "no_class_pictures"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, names: list[str] | None, split: str, code: str) -> None:
    root = tmp_path / "root"
    if names is not None:
        root.mkdir()
        make(root, *names)
    with pytest.raises(UserError) as caught:
        class_folders(root, split)
    assert caught.value.code == code
    assert "root" in str(caught.value)
