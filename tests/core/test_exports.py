"""What is exported takes the place of files only."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fsl_demo.core.errors import UserError
from fsl_demo.core.exports import folder_within, replacing


def link(path: Path) -> None:
    target = path.with_name("precious")
    target.write_bytes(b"precious")
    path.symlink_to(target)


@pytest.mark.parametrize(
    "make",
    [link, os.mkfifo, Path.mkdir, lambda path: path.symlink_to(path.with_name("nothing"))],
    ids=["link", "pipe", "folder", "broken link"],
)
def test_what_is_no_file_stays(tmp_path: Path, make: object) -> None:
    path = tmp_path / "out.zip"
    make(path)  # type: ignore[operator]
    before = path.lstat()
    with pytest.raises(UserError) as caught, replacing(path) as file:
        file.write(b"export")
    assert caught.value.code == "export_not_file" and path.lstat() == before
    assert all(other.read_bytes() == b"precious" for other in tmp_path.glob("precious"))


def test_a_device_stays() -> None:
    with pytest.raises(UserError) as caught, replacing(Path("/dev/null")) as file:
        file.write(b"export")
    assert caught.value.code == "export_not_file"


def test_a_file_is_replaced_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.zip"
    path.write_bytes(b"earlier")
    with pytest.raises(ZeroDivisionError), replacing(path) as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"earlier"]
    with replacing(path) as file:
        file.write(b"whole")
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"whole"]


def test_nothing_is_written_through_a_linked_folder(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "exports").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(UserError) as caught:
        folder_within(tmp_path / "exports")
    assert caught.value.code == "export_outside"
    assert folder_within(tmp_path / "own").is_dir()
