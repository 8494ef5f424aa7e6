"""Sorting files: what goes where, nothing lost whenever it is killed, nothing overwritten, and all of it undone."""

from __future__ import annotations

import csv
import errno
import functools
import io
import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fsl_demo.core.episodes import quiet
from fsl_demo.core.errors import UserError
from fsl_demo.services.sort import (
    FileAnswer,
    Folders,
    FreeNames,
    Manifest,
    SortedRow,
    carry_out,
    files,
    load,
    plan,
    source_files,
    start,
    undo,
    unfinished,
    write_sorted_csv,
)
from fsl_demo.services.sort.undo import Undone

ROOT = Path(__file__).parents[2]
NAMES = ("a.jpg", "deep/a.jpg", "b.jpg")
MODES = ("copy", "move", "link")
KILLED = 9


@dataclass
class Desk:
    """A folder of files, answers about them, and the folder that they are sorted into."""

    folder: Path
    names: Sequence[str] = NAMES
    classes: Sequence[str] = ("cat", "dog")
    probabilities: Sequence[float] = (0.99,)
    unlike: Sequence[bool] = (False,)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.source, self.into = self.folder / "source", self.folder / "new" / "sorted"
        for number, name in enumerate(self.names):
            path = self.source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f"picture {number}".encode())
            path.chmod(0o640)
            os.utime(path, ns=(10**18 + number, 10**18 + number))

    def plan(self, mode: str = "copy") -> Manifest:
        answers = [
            FileAnswer(
                self.source / name,
                files.digest(self.source / name),
                size=9,
                answer=self.classes[0],
                probability=self.probabilities[number % len(self.probabilities)],
                unlike=self.unlike[number % len(self.unlike)],
            )
            for number, name in enumerate(self.names)
        ]
        return plan(answers, Folders(self.classes, 0.9), into=self.into, mode=mode, source=self.source, request={})  # type: ignore[arg-type]

    def report(self, error: UserError) -> None:
        self.faults.append(error.code)

    def sort(self, mode: str = "copy") -> dict[str, int]:
        """Sort, or go on with a sort that was broken off."""
        broken_off = unfinished(self.into)
        path, manifest = broken_off or (start(planned := self.plan(mode), self.into), planned)
        return dict(carry_out(path, manifest, progress=quiet, report=self.report))

    def is_sorted(self) -> bool:
        """Whether a sort was written down as finished."""
        try:
            return load(self.into / "sort-manifest.json").state == "sorted"
        except UserError:
            return False

    def undo(self) -> Undone:
        path = self.into / "sort-manifest.json"
        return undo(path, load(path), progress=quiet, report=self.report)


Tree = dict[str, tuple[Any, ...]]


def tree(folder: Path) -> Tree:
    """Every file with its bytes, permissions and times; every folder; what a link points to."""
    entries: Tree = {}
    for path in sorted(folder.rglob("*")):
        status, name = path.lstat(), str(path.relative_to(folder))
        if path.is_symlink():
            entries[name] = ("link", str(path.readlink()))
        else:
            entries[name] = (path.read_bytes(), status.st_mode, status.st_mtime_ns) if path.is_file() else ("folder",)
    return entries


def held(folder: Path) -> set[bytes]:
    return {path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize("mode", MODES)
def test_files_go_to_the_folder_of_their_class_and_back(desk: Desk, mode: str) -> None:
    before = tree(desk.folder)
    assert desk.sort(mode) == {"cat": 3}
    placed = {path.name: path for path in (desk.into / "cat").iterdir()}
    assert sorted(placed) == ["a (2).jpg", "a.jpg", "b.jpg"]
    assert placed["a (2).jpg"].read_bytes() == b"picture 1"
    for path in placed.values():
        assert path.is_symlink() == (mode == "link")
        assert (path.stat().st_mode & 0o777, path.stat().st_mtime_ns // 10) == (0o640, 10**17)
    originals = {name: what for name, what in tree(desk.folder).items() if name.startswith("source")}
    assert ("source/a.jpg" not in originals) if mode == "move" else (originals == _inside(before))
    assert json.loads((desk.into / "sort-manifest.json").read_bytes())["state"] == "sorted"
    assert desk.undo() == Undone(back=3)
    assert tree(desk.folder) == before and not desk.faults


def _inside(entries: Tree) -> Tree:
    return {name: what for name, what in entries.items() if name.startswith("source")}


def test_unlike_comes_before_unsure_and_a_class_keeps_its_name() -> None:
    folders = Folders(["cat", "a/b"], 0.9)
    assert folders.of("cat", 0.9, False) == "cat" and folders.of("a/b", 0.99, False) == "a%2Fb"
    assert folders.of("cat", 0.89, False) == "unsure" and folders.of("cat", 0.1, True) == "unlike"
    taken = Folders(["Unsure", "UNLIKE", "(unlike)"], 0.9)
    assert taken.of("Unsure", 1.0, False) == "Unsure" and taken.of("UNLIKE", 1.0, False) == "UNLIKE"
    assert (taken.unsure, taken.unlike) == ("(unsure)", "((unlike))")


def test_two_files_of_one_name_both_fit_into_255_bytes() -> None:
    names = FreeNames(["There.JPG"])
    assert names.take("there.jpg") == "there (2).jpg" and names.take("THERE.jpg") == "THERE (3).jpg"
    assert [names.take("ø.png"), names.take("ø.png"), names.take("Ø.PNG")] == ["ø.png", "ø (2).png", "Ø (3).PNG"]
    for longest in ("a" * 251 + ".jpg", "猫" * 83 + "aa.jpg", "a." + "b" * 253, os.fsdecode(b"\xff" * 251) + ".jpg"):
        assert len(os.fsencode(longest)) == 255
        first, second, third = (names.take(longest) for _ in range(3))
        assert first == longest and len({first, second, third}) == 3
        assert all(len(os.fsencode(name)) <= 255 for name in (second, third))
        assert " (2)" in second and second.endswith(".jpg") == longest.endswith(".jpg")
    os.fsencode(second).decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("mode", MODES)
def test_nothing_that_is_there_is_overwritten(desk: Desk, mode: str) -> None:
    theirs = [desk.into / "cat" / name for name in ("A.JPG", "b.jpg")]
    theirs += [desk.into / name for name in ("sorted.csv", "sort-manifest.json", "unsure")]
    for path in theirs:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"theirs")
    (desk.into / "cat" / "a (3).jpg").symlink_to("nowhere")
    desk.probabilities = (0.99, 0.99, 0.1)
    before = tree(desk.folder)
    desk.sort(mode)
    assert all(path.read_bytes() == b"theirs" for path in theirs)
    assert {path.name for path in (desk.into / "cat").iterdir()} == {
        *("A.JPG", "b.jpg", "a (2).jpg", "a (3).jpg", "a (4).jpg")
    }
    assert (desk.into / "unsure (2)" / "b.jpg").read_bytes() == b"picture 2"
    assert (desk.into / "sorted (2).csv").exists()
    (path,) = desk.into.glob("sort-manifest-*.json")
    assert undo(path, load(path), progress=quiet, report=desk.report) == Undone(back=3)
    assert tree(desk.folder) == before and not desk.faults


@pytest.mark.skipif(sys.platform != "linux", reason="such names are refused elsewhere")
@pytest.mark.parametrize("mode", MODES)
def test_odd_names(tmp_path: Path, mode: str) -> None:
    odd = ("two\nlines.jpg", os.fsdecode(b"\xff\xfe.jpg"), "=1+1.jpg", "x" * 251 + ".jpg", "deep/" + "x" * 251 + ".jpg")
    desk = Desk(tmp_path, odd)
    before = tree(desk.folder)
    assert desk.sort(mode) == {"cat": 5}
    names = {path.name for path in (desk.into / "cat").iterdir()}
    assert names == {*odd[:4], "x" * 247 + " (2).jpg"}
    rows = list(csv.DictReader(io.StringIO((desk.into / "sorted.csv").read_text("utf-8-sig"), newline="")))
    assert [row["name"] for row in rows[:3]] == ["two\nlines.jpg", r"\udcff\udcfe.jpg", "'=1+1.jpg"]
    assert rows[4]["path"] == odd[4]
    assert desk.undo() == Undone(back=5) and tree(desk.folder) == before


def test_the_table() -> None:
    rows = [
        SortedRow("a.jpg", "in/a.jpg", answer="cat", probability=0.5, unlike=True),
        SortedRow("b", "b", answer="-dog", probability=None, unlike=None, label="cat", who="Ann", sorted_to="cat/b"),
    ]
    data = write_sorted_csv(rows)
    assert data.startswith(b"\xef\xbb\xbfname,path,answer,probability,unlike,label,who,sorted_to\r\n")
    assert data.decode("utf-8-sig").splitlines()[1:] == ["a.jpg,in/a.jpg,cat,0.5,yes,,,", "b,b,'-dog,,,cat,Ann,cat/b"]


CHANGES = {"os.link", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.symlink", "os.chmod", "os.utime"}
SMALL = multiprocessing.get_context("forkserver")
"""Forks a process that has loaded nothing but this module: what pytest has grown to takes far longer to fork."""
SMALL.set_forkserver_preload([__name__])


def die_at(step: int, linking: Any, work: Callable[[], object]) -> bool:
    """Run `work` in a process of its own that is gone, as by a kill, before the step-th change to a file or folder.

    Returns:
        Whether it came that far.
    """
    child = SMALL.Process(target=_dying, args=(step, linking, work))
    child.start()
    child.join()
    assert child.exitcode in (0, KILLED), child.exitcode
    return child.exitcode == KILLED


def _dying(step: int, linking: Any, work: Callable[[], object]) -> None:
    seen = 0

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        creates = event == "open" and isinstance(arguments[2], int) and bool(arguments[2] & os.O_CREAT)
        seen += event in CHANGES or creates
        if seen == step:
            os._exit(KILLED)

    os.link, os.fsync = linking, without_waiting
    sys.addaudithook(count)
    work()


def without_waiting(descriptor: int) -> None:
    """`os.fsync` for a disk that is fast."""


def without_links(*arguments: Any, **options: Any) -> None:
    raise OSError(errno.EPERM, "no links here")


def across_devices(source: Path, target: Path) -> None:
    if source.parent != target.parent:  # a move; the other links are within one folder
        raise OSError(errno.EXDEV, "another device")
    LINK(source, target)


LINK = os.link


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize(
    ("mode", "linking"),
    [(mode, LINK) for mode in MODES]
    + [(mode, linking) for mode in ("copy", "move") for linking in (without_links, across_devices)],
)
def test_a_kill_before_any_step_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, linking: Any
) -> None:
    monkeypatch.setattr(os, "link", linking)
    monkeypatch.setattr(os, "fsync", without_waiting)
    step, died = 0, True
    while died:
        step += 1
        desk = Desk(tmp_path / str(step), NAMES[:2])
        (desk.into / "cat").mkdir(parents=True)
        (desk.into / "cat" / "a.jpg").write_bytes(b"theirs")
        before, bytes_before = tree(desk.folder), held(desk.folder)
        sort_died = die_at(step, linking, functools.partial(desk.sort, mode))
        assert bytes_before <= held(desk.folder)
        if sort_died and not desk.is_sorted():
            desk.sort(mode)
        assert {path.name for path in (desk.into / "cat").iterdir()} == {"a.jpg", "a (2).jpg", "a (3).jpg"}, step
        assert sorted(path.name for path in desk.into.iterdir()) == ["cat", "sort-manifest.json", "sorted.csv"], step
        undo_died = die_at(step, linking, desk.undo)
        assert bytes_before <= held(desk.folder)
        if (desk.into / "sort-manifest.json").exists():
            desk.undo()
        assert tree(desk.folder) == before, step
        assert not desk.faults
        died = sort_died or undo_died
    assert step > 10


@pytest.mark.parametrize("linking", [without_links, across_devices])
def test_files_are_kept_as_they_are_where_links_are_impossible(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, linking: Any
) -> None:
    monkeypatch.setattr(os, "link", linking)
    before = tree(desk.folder)
    assert desk.sort("move") == {"cat": 3} and not (desk.source / "a.jpg").exists()
    assert (desk.into / "cat" / "a.jpg").stat().st_mtime_ns == 10**18
    assert desk.undo() == Undone(back=3) and tree(desk.folder) == before


def test_a_file_system_that_takes_no_permissions_still_takes_copies(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, mode: int) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", str(path))

    monkeypatch.setattr(os, "chmod", lambda path, mode, **options: refuse(path, mode))
    assert desk.sort() == {"cat": 3} and not desk.faults
    assert (desk.into / "cat" / "a.jpg").stat().st_mtime_ns == 10**18


@pytest.mark.parametrize("mode", MODES)
def test_what_changed_or_went_since_it_was_classified_stays(desk: Desk, mode: str) -> None:
    path = start(manifest := desk.plan(mode), desk.into)
    (desk.source / "a.jpg").write_bytes(b"edited")
    (desk.source / "b.jpg").unlink()
    assert carry_out(path, manifest, progress=quiet, report=desk.report) == {"cat": 1}
    assert desk.faults == ["sort_changed", "picture_missing"]
    assert (desk.source / "a.jpg").read_bytes() == b"edited"
    assert [file.name for file in (desk.into / "cat").iterdir()] == ["a (2).jpg"]


@pytest.mark.parametrize("mode", MODES)
def test_a_place_that_somebody_takes_meanwhile_is_theirs(desk: Desk, mode: str) -> None:
    path = start(manifest := desk.plan(mode), desk.into)
    for name in ("cat/a.jpg", "sorted.csv"):
        (desk.into / name).parent.mkdir(exist_ok=True)
        (desk.into / name).write_bytes(b"theirs")
    assert carry_out(path, manifest, progress=quiet, report=desk.report) == {"cat": 3}
    assert {file.name for file in (desk.into / "cat").iterdir()} == {"a.jpg", "a (2).jpg", "a (3).jpg", "b.jpg"}
    assert desk.undo() == Undone(back=3) and not desk.faults
    assert {file.name for file in desk.into.iterdir()} == {"cat", "sorted.csv"}
    assert held(desk.into) == {b"theirs"}


def test_undo_leaves_copies_that_were_edited_or_are_the_last(desk: Desk) -> None:
    desk.sort("copy")
    (desk.into / "cat" / "a.jpg").write_bytes(b"edited")
    (desk.source / "b.jpg").unlink()
    assert desk.undo() == Undone(back=1, left=2)
    assert desk.faults == ["undo_changed", "undo_original"]
    assert {path.name for path in (desk.into / "cat").iterdir()} == {"a.jpg", "b.jpg"}
    assert unfinished(desk.into) is None  # what is left does not stand in the way of another sort
    (desk.into / "cat" / "a.jpg").unlink()
    (desk.source / "b.jpg").write_bytes(b"picture 2")
    assert desk.undo() == Undone(back=1) and not desk.into.exists()


def test_undo_of_a_move_puts_nothing_over_another_file(desk: Desk) -> None:
    desk.sort("move")
    (desk.source / "a.jpg").write_bytes(b"new")
    (desk.into / "cat" / "b.jpg").unlink()
    (desk.source / "deep").rmdir()
    assert desk.undo() == Undone(back=1, left=2)
    assert desk.faults == ["undo_taken", "undo_gone"]
    assert (desk.source / "a.jpg").read_bytes() == b"new"
    assert (desk.source / "deep" / "a.jpg").read_bytes() == b"picture 1"
    assert (desk.into / "cat" / "a.jpg").read_bytes() == b"picture 0"


def test_a_source_that_cannot_be_taken_away_is_not_moved(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.parent == desk.source:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    assert desk.sort("move") == {"cat": 1} and desk.faults == ["folder_unwritable"] * 2
    assert (desk.source / "a.jpg").exists() and len(list((desk.into / "cat").iterdir())) == 1


def test_a_full_disk_ends_the_sort_which_goes_on_later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(desk.folder)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(UserError, match="disk is full"):
            desk.sort()
    assert tree(desk.folder) == before
    path = start(manifest := desk.plan(), desk.into)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(UserError, match="disk is full"):
            carry_out(path, manifest, progress=quiet, report=desk.report)
    assert list((desk.into / "cat").iterdir()) == []
    assert desk.sort() == {"cat": 3} and not desk.faults


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "another"},
        {"mode": "burn"},
        {"state": "asleep"},
        {"table": "../sorted.csv"},
        {"folders": ["/etc"]},
        {"target": "../../a.jpg"},
        {"target": "/etc/passwd"},
        {"target": "a.jpg"},
        {"source": "a.jpg"},
        {"more": 1},
    ],
)
def test_a_manifest_that_is_none_or_reaches_outside_is_refused(desk: Desk, change: dict[str, Any]) -> None:
    path = start(desk.plan(), desk.into)
    values = json.loads(path.read_bytes())
    part = values["items"][0] if set(change) & {"target", "source"} else values
    path.write_text(json.dumps(values | change if part is values else values | {"items": [part | change]}))
    with pytest.raises(UserError) as caught:
        load(path)
    assert caught.value.code == "sort_manifest"
    assert unfinished(desk.into) is None


def test_the_files_of_a_folder(desk: Desk) -> None:
    into = desk.source / "deep" / "sorted"
    for name in (".hidden/a.jpg", ".hidden.jpg", "__MACOSX/a.jpg", "deep/sorted/cat/a.jpg", "10.jpg", "9.jpg", "notes"):
        (desk.source / name).parent.mkdir(parents=True, exist_ok=True)
        (desk.source / name).touch()
    (desk.source / "linked").symlink_to(desk.source / "deep")
    (desk.source / "link.jpg").symlink_to("a.jpg")
    names = [str(path.relative_to(desk.source)) for path in source_files(desk.source, into, desk.report)]
    assert names == ["9.jpg", "10.jpg", "a.jpg", "b.jpg", "deep/a.jpg", "link.jpg", "notes"]


@pytest.mark.process
def test_neither_torch_nor_gradio_nor_the_store_is_imported() -> None:
    code = (
        "import sys, fsl_demo.services.sort, fsl_demo.services.predict;"
        "print(sorted({'torch', 'gradio', 'sqlite_utils', 'fsl_demo.store', 'fsl_demo.cli'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
