"""Files are whole or not there, their bytes and names are synced, and nothing is written through a link."""

import errno
import os
from pathlib import Path

import pytest

from fsl_demo.core import durable


def test_bytes_are_synced_before_the_name_and_the_name_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, rename = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        steps.append("folder" if Path(f"/proc/self/fd/{descriptor}").is_dir() else "file")
        fsync(descriptor)

    def renamed(path: Path, target: Path) -> Path:
        steps.append("rename")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    with durable.replacing(tmp_path / "a") as file:
        file.write(b"whole")
    assert (tmp_path / "a").read_bytes() == b"whole"
    assert steps == (["file", "rename", "folder"] if Path("/proc/self/fd").exists() else steps)


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), durable.replacing(tmp_path / "a") as file:
        file.write(b"ne")
        raise KeyboardInterrupt
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old"}


def test_what_is_in_the_way_of_a_temporary_file_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_bytes(b"theirs")
    (tmp_path / "a.tmp").symlink_to("theirs")
    with durable.replacing(tmp_path / "a", tmp_path / "a.tmp") as file:
        file.write(b"ours")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"ours", "theirs": b"theirs"}


@pytest.mark.skipif(os.name != "posix", reason="folders are synced on POSIX")
@pytest.mark.parametrize(("number", "refused"), [(errno.EINVAL, False), (errno.ENOTSUP, False), (errno.EIO, True)])
def test_a_file_system_need_not_sync_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, refused: bool
) -> None:
    def answer(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", answer)
    if refused:
        with pytest.raises(OSError, match=os.strerror(number)):
            durable.sync_folder(tmp_path)
    else:
        durable.sync_folder(tmp_path)
