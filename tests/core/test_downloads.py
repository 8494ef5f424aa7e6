"""A download is there whole or not at all, and says at once why not."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from fsl_demo.core.downloads import Expected, fetch
from fsl_demo.core.errors import Cancelled, UserError
from tests.serving import Answer, Site, serving

BODY = bytes(range(256)) * 12_000
RIGHT = {"X-Linked-Etag": f'"{hashlib.sha256(BODY).hexdigest()}"'}


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("NO_PROXY", "*")
    with serving() as site:
        yield site


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "weights" / "new" / "w.safetensors"


def refused(url: str, file: Path, code: str) -> None:
    """The download fails with this code, and nothing is left."""
    with pytest.raises(UserError) as error:
        fetch(url, file)
    assert error.value.code == code
    assert str(error.value)
    assert not list(file.parent.glob("*"))


def test_what_comes_is_kept_and_told(site: Site, file: Path) -> None:
    site.answers["/w"], told = Answer(BODY), []
    assert fetch(f"{site.address}/w", file, lambda *step: told.append(step))
    assert file.read_bytes() == BODY
    assert [path.name for path in file.parent.iterdir()] == ["w.safetensors"]
    assert told[-1] == ("download", 3, 3)
    assert len(told) > 2 and told == sorted(told)


def test_a_hash_named_at_a_redirect_is_checked(site: Site, file: Path) -> None:
    site.answers["/elsewhere"] = Answer(BODY)
    site.answers["/w"] = Answer(status=302, headers={"Location": "/elsewhere", **RIGHT})
    assert fetch(f"{site.address}/w", file)
    file.unlink()
    site.answers["/elsewhere"] = Answer(BODY[::-1])
    refused(f"{site.address}/w", file, "download_differs")


def test_a_file_without_a_hash_needs_one_or_trust(site: Site, file: Path) -> None:
    site.answers["/w"] = Answer(BODY, named=False)
    refused(f"{site.address}/w", file, "download_unknown")
    for expected in (Expected(hashlib.sha256(BODY).hexdigest()), Expected(trusted=True)):
        assert fetch(f"{site.address}/w", file, expected=expected)
        assert file.read_bytes() == BODY
        file.unlink()


def test_the_hash_that_a_person_names_counts(site: Site, file: Path) -> None:
    for answer in (Answer(BODY), Answer(BODY, named=False)):
        site.answers["/w"] = answer
        with pytest.raises(UserError) as error:
            fetch(f"{site.address}/w", file, expected=Expected("0" * 64))
        assert error.value.code == "download_differs" and not list(file.parent.glob("*"))
    with pytest.raises(UserError) as error:
        Expected("abc")
    assert error.value.code == "hash_bad"


def test_a_download_that_breaks_off(site: Site, file: Path) -> None:
    site.answers["/w"] = Answer(BODY, promised=len(BODY) + 1)
    refused(f"{site.address}/w", file, "download_broken")


def test_an_earlier_file_stays_until_a_whole_one_is_there(site: Site, file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(b"earlier")
    site.answers["/w"] = Answer(BODY, promised=len(BODY) + 1)
    with pytest.raises(UserError):
        fetch(f"{site.address}/w", file)
    assert file.read_bytes() == b"earlier"


def test_stop_leaves_nothing(site: Site, file: Path) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        assert list(file.parent.iterdir()) and not file.exists()
        raise Cancelled

    site.answers["/w"] = Answer(BODY)
    with pytest.raises(Cancelled):
        fetch(f"{site.address}/w", file, stop)
    assert not list(file.parent.iterdir())


def test_what_is_not_there_is_no_error(site: Site, file: Path) -> None:
    assert not fetch(f"{site.address}/w", file)
    assert not file.parent.exists()


def test_a_refusal(site: Site, file: Path) -> None:
    site.answers["/w"] = Answer(b"log in first", status=401)
    refused(f"{site.address}/w", file, "download_refused")


def test_no_server(file: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    refused(f"http://127.0.0.1:{port}/w", file, "download_offline")


def test_no_network(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror("Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    refused("http://somewhere.invalid/w", file, "download_offline")


def test_a_full_disk(site: Site, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site.answers["/w"] = Answer(BODY)
    with monkeypatch.context() as small:
        small.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=len(BODY) - 1))
        refused(f"{site.address}/w", file, "disk_full")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    refused(f"{site.address}/w", file, "disk_full")


def test_what_a_killed_process_left_is_cleared_away(site: Site, file: Path) -> None:
    file.parent.mkdir(parents=True)
    for name, age in (("old.part", 7200), ("busy.part", 0)):
        left = file.parent / name
        left.touch()
        os.utime(left, (left.stat().st_atime, left.stat().st_mtime - age))
    site.answers["/w"] = Answer(BODY)
    fetch(f"{site.address}/w", file)
    assert {path.name for path in file.parent.iterdir()} == {"busy.part", "w.safetensors"}
