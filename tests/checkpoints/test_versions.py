"""Versions: nothing is overwritten, one is in use, and a kill or a second writer does no harm."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fsl_demo import checkpoints
from fsl_demo.checkpoints import layout, writing
from fsl_demo.core import durable
from fsl_demo.core.errors import UserError
from tests.checkpoints.tiny import NAME, rewrite, save, value


def numbers(folder: Path) -> tuple[int | None, list[int]]:
    entry = checkpoints.entry(NAME, folder)
    return entry.in_use, [version.number for version in entry.versions]


def test_saving_again_makes_a_version_and_puts_it_to_use(tmp_path: Path) -> None:
    save(tmp_path, 1.0)
    first = {file.name: file.read_bytes() for file in (tmp_path / NAME).iterdir()}
    assert sorted(first) == ["card.json", "model.safetensors"]
    save(tmp_path, 2.0)
    save(tmp_path, 3.0)
    assert value(tmp_path) == 3.0 and numbers(tmp_path) == (3, [1, 2, 3])
    assert {name: (tmp_path / NAME / name).read_bytes() for name in first} == first
    assert sorted(file.name for file in (tmp_path / NAME / "versions" / "2").iterdir()) == sorted(first)
    assert (tmp_path / NAME / "in_use").read_text() == "1\n2\n3\n"
    assert checkpoints.load(NAME, tmp_path).version == 3


def test_use_and_roll_back(tmp_path: Path) -> None:
    for number in (1.0, 2.0, 3.0):
        save(tmp_path, number)
    checkpoints.use(NAME, 1, tmp_path)
    checkpoints.use(NAME, 1, tmp_path)
    assert value(tmp_path) == 1.0
    assert [checkpoints.roll_back(NAME, tmp_path) for _ in range(3)] == [3, 2, 1]
    assert value(tmp_path) == 1.0
    with pytest.raises(UserError, match="No other version"):
        checkpoints.roll_back(NAME, tmp_path)


def test_what_is_not_there_or_not_whole_is_not_put_to_use(tmp_path: Path) -> None:
    save(tmp_path, 1.0)
    save(tmp_path, 2.0)
    for version, match in ((7, "There are: 1, 2"), (0, "There are: 1, 2")):
        with pytest.raises(UserError, match=match):
            checkpoints.use(NAME, version, tmp_path)
    with pytest.raises(UserError, match="not installed"):
        checkpoints.use("nobody", 1, tmp_path)
    with pytest.raises(UserError, match="not installed"):
        checkpoints.roll_back("nobody", tmp_path)
    rewrite(tmp_path / NAME, sha256="0" * 64)
    for act in (lambda: checkpoints.use(NAME, 1, tmp_path), lambda: checkpoints.roll_back(NAME, tmp_path)):
        with pytest.raises(UserError, match="not the ones"):
            act()
    assert value(tmp_path) == 2.0


@pytest.mark.parametrize("text", ["", "latest", "../../etc", "-1", "0", "9" * 5000, "1\n\x00"])
def test_a_damaged_in_use_is_a_fault_that_use_puts_right(tmp_path: Path, text: str) -> None:
    save(tmp_path, 1.0)
    save(tmp_path, 2.0)
    (tmp_path / NAME / "in_use").write_text(text)
    (entry,) = checkpoints.catalogue(tmp_path)
    assert entry.in_use is None and entry.fault is not None
    with pytest.raises(UserError) as refused:
        checkpoints.load(NAME, tmp_path)
    assert str(refused.value) == str(entry.fault)
    checkpoints.use(NAME, 2, tmp_path)
    assert value(tmp_path) == 2.0


def test_a_version_in_use_that_is_gone_is_a_fault(tmp_path: Path) -> None:
    save(tmp_path, 1.0)
    (tmp_path / NAME / "in_use").write_text("1\n5\n")
    (entry,) = checkpoints.catalogue(tmp_path)
    assert entry.fault is not None and "no version 5" in str(entry.fault)
    with pytest.raises(UserError, match="no version 5"):
        checkpoints.load(NAME, tmp_path)


def test_a_reference_finds_the_version_that_it_names(tmp_path: Path) -> None:
    save(tmp_path, 1.0, "lender")
    hashed = checkpoints.hash_in_use("lender", tmp_path)
    save(tmp_path, 0.0, embedder={"name": "lender", "sha256": hashed})
    save(tmp_path, 2.0, "lender")
    borrower = checkpoints.load(NAME, tmp_path)
    assert borrower.card.embedder is not None
    assert checkpoints.refer(borrower.card.embedder, borrower).version == 1
    save(tmp_path, 0.0, embedder={"name": "lender", "sha256": "0" * 64})
    borrower = checkpoints.load(NAME, tmp_path)
    assert borrower.card.embedder is not None
    with pytest.raises(UserError, match="do not fit its card"):
        checkpoints.refer(borrower.card.embedder, borrower)


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    count = 12
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: save(tmp_path, float(number)), range(count)))
    in_use, versions = numbers(tmp_path)
    assert versions == list(range(1, count + 1)) and in_use == count
    saved = set()
    for version in versions:
        checkpoints.use(NAME, version, tmp_path)
        saved.add(value(tmp_path))
    assert saved == {float(number) for number in range(count)}


def test_a_writer_does_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from filelock import FileLock

    save(tmp_path, 1.0)
    monkeypatch.setattr(writing, "PATIENCE", 0.05)
    with FileLock(tmp_path / ".lock"), ThreadPoolExecutor(1) as pool:
        with pytest.raises(UserError) as refused:
            pool.submit(save, tmp_path, 2.0).result()
        assert refused.value.code == "workspace_busy"
        assert value(tmp_path) == 1.0  # readers wait for nobody


KILLED = """
import os, signal, sys
from pathlib import Path
from contextlib import contextmanager
from io import BytesIO
from fsl_demo.checkpoints import writing
from fsl_demo.core import durable
from tests.checkpoints.tiny import save

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

@contextmanager
def half_written(file):
    yield (data := BytesIO())
    file.write_bytes(data.getvalue()[: data.tell() // 2])
    die()

folder, point = Path(sys.argv[1]), sys.argv[2]
if point == "weights":
    durable.writing = half_written
if point == "before":
    durable.sync_folder = die
if point == "after":
    writing._put_to_use = die
if point == "in_use":
    Path.replace = die
save(folder, 2.0)
"""


@pytest.mark.process
@pytest.mark.process
@pytest.mark.parametrize("point", ["weights", "before", "after", "in_use"])
def test_a_kill_leaves_what_was_in_use(tmp_path: Path, point: str) -> None:
    save(tmp_path, 1.0)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), point], cwd=Path(__file__).parents[2])
    assert killed.returncode == -signal.SIGKILL
    assert value(tmp_path) == 1.0
    (entry,) = checkpoints.catalogue(tmp_path)
    assert checkpoints.verified(entry, tmp_path).fault is None and entry.in_use == 1
    save(tmp_path, 3.0)
    assert value(tmp_path) == 3.0
    assert not (tmp_path / writing.UNFINISHED).exists()
    assert all(version.fault is None for version in checkpoints.entry(NAME, tmp_path).versions)


def test_a_first_version_that_is_broken_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "sync_folder", lambda folder: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        save(tmp_path, 1.0)
    assert checkpoints.catalogue(tmp_path) == ()
    monkeypatch.undo()
    save(tmp_path, 2.0)
    assert numbers(tmp_path) == (1, [1]) and value(tmp_path) == 2.0


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="needs a folder that cannot be written")
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UserError) as refused:
        save(tmp_path, 1.0)
    tmp_path.chmod(0o700)
    assert refused.value.code == "folder_unwritable"


def test_a_folder_that_was_there_gets_its_first_version(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    save(tmp_path, 1.0)
    assert value(tmp_path) == 1.0 and numbers(tmp_path) == (1, [1])
    save(tmp_path, 2.0)
    assert value(tmp_path) == 2.0 and numbers(tmp_path) == (2, [1, 2])
    assert layout.version_folder(tmp_path / NAME, 1) == tmp_path / NAME / "versions" / "1"
