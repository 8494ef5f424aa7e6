"""`sort`: what it prints, what it refuses, what it goes on with, and a real process that is killed."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from benchmarks.sorting import snapshot, survive
from fsl_demo.core.registry import Registry
from fsl_demo.services import reading
from fsl_demo.services.sort import files
from tests.cli.conftest import Call
from tests.colours import painted
from tests.nearest import Nearest

RED, BLUE, MIXED, GREEN = (200, 40, 40), (40, 40, 200), (120, 40, 120), (40, 200, 40)
METHODS = ("--methods", "nearest", "--set", "nearest.none_below=-0.6")


@pytest.fixture(autouse=True)
def method(monkeypatch: pytest.MonkeyPatch) -> Nearest:
    """The only method: mean colours. A green picture is unlike red and blue ones; a mixed one is between them."""
    nearest = Nearest()
    known = Registry([nearest])
    monkeypatch.setattr(reading, "registry", lambda *_: known)
    return nearest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """`support/` of two classes, and `source/` of pictures, two of one name, and something that is no picture."""
    for name, colour in (("red", RED), ("blue", BLUE)):
        (tmp_path / "support" / name).mkdir(parents=True)
        for number in range(2):
            painted(colour, number).save(tmp_path / "support" / name / f"{number}.png")
    (tmp_path / "source" / "deep").mkdir(parents=True)
    pictures = {"r.png": RED, "b.png": BLUE, "deep/r.png": RED, "between.png": MIXED, "green.png": GREEN}
    for number, (name, colour) in enumerate(pictures.items()):
        painted(colour, 10 + number).save(tmp_path / "source" / name)
    return tmp_path


def command(folder: Path, *more: str | Path, into: str = "sorted") -> tuple[str | Path, ...]:
    return ("sort", folder / "source", "--support", folder / "support", "--into", folder / into, *METHODS, *more)


def placed(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.glob("*/*")}


SORTED = {"red/r.png", "red/r (2).png", "blue/b.png", "unsure/between.png", "unlike/green.png"}


def test_pictures_go_to_their_folders_and_a_table_says_so(call: Call, folder: Path) -> None:
    before = snapshot(folder / "source")
    outcome = call(*command(folder))
    assert (outcome.code, snapshot(folder / "source")) == (0, before)
    assert [line.split() for line in outcome.out.splitlines()] == [
        ["folder", "files"], ["blue", "1"], ["red", "2"], ["unlike", "1"], ["unsure", "1"]
    ]  # fmt: skip
    assert placed(folder / "sorted") == SORTED
    with (folder / "sorted" / "sorted.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["path"]: row for row in csv.DictReader(file)}
    assert set(rows) == set(before)
    assert list(rows["r.png"]) == ["name", "path", "answer", "probability", "unlike", "label", "who", "sorted_to"]
    assert {row["sorted_to"] for row in rows.values()} <= set(SORTED)
    deep = rows["deep/r.png"]
    assert (deep["name"], deep["answer"], deep["unlike"], deep["label"], deep["who"]) == ("r.png", "red", "no", "", "")
    assert rows["green.png"]["unlike"] == "yes" and float(rows["between.png"]["probability"]) < 0.9
    undone = call("sort", "--undo", folder / "sorted" / "sort-manifest.json")
    assert undone.code == 0 and undone.out.split() == ["undone", "left", "5", "0"]
    assert not (folder / "sorted").exists() and snapshot(folder / "source") == before


def test_the_least_probability_can_be_chosen(call: Call, folder: Path) -> None:
    call(*command(folder, "--min", "0"))
    assert not (folder / "sorted" / "unsure").exists()
    assert call(*command(folder, "--min", "1.5")).code == 2


def test_a_dry_run_writes_nothing_at_all(call: Call, folder: Path) -> None:
    before = snapshot(folder)
    outcome = call(*command(folder, "--dry-run", "--workspace", folder / "workspace"))
    assert outcome.code == 0 and snapshot(folder) == before
    assert {path.name for path in folder.iterdir()} == {"source", "support"}
    lines = {line.split()[0]: line.split()[1:] for line in outcome.out.splitlines()[1:]}
    assert lines[str(folder / "source" / "b.png")][0] == "blue/b.png"
    assert lines[str(folder / "source" / "green.png")][-1] == "unlike"


def test_what_is_no_picture_stays_and_is_named(call: Call, folder: Path) -> None:
    (folder / "source" / "notes.txt").write_text("no picture", encoding="utf-8")
    (folder / "source" / "empty.png").touch()
    outcome = call(*command(folder, "--move"))
    assert outcome.code == 1 and placed(folder / "sorted") == SORTED
    assert "“notes.txt” is not a picture" in outcome.err and "“empty.png” is empty" in outcome.err
    assert {path.name for path in (folder / "source").iterdir()} == {"deep", "notes.txt", "empty.png"}
    assert "putting" in call("sort", "--undo", folder / "sorted" / "sort-manifest.json").err


def test_links_among_the_files(call: Call, folder: Path) -> None:
    painted(RED, 50).save(folder / "elsewhere.png")
    link = folder / "source" / "link.png"
    link.symlink_to(folder / "elsewhere.png")
    outcome = call(*command(folder, "--move"))
    assert outcome.code == 1 and "“link.png” is a link" in outcome.err
    assert link.is_symlink() and placed(folder / "sorted") == SORTED
    copied = call(*command(folder, into="copied"))
    assert copied.code == 0 and placed(folder / "copied") == {"red/link.png"}
    copy = folder / "copied" / "red" / "link.png"
    assert not copy.is_symlink() and copy.read_bytes() == (folder / "elsewhere.png").read_bytes()


def test_links_instead_of_copies(call: Call, folder: Path) -> None:
    assert call(*command(folder, "--link")).code == 0
    assert (folder / "sorted" / "blue" / "b.png").readlink() == folder / "source" / "b.png"


def test_a_folder_inside_the_source_is_not_sorted_again(call: Call, folder: Path) -> None:
    assert call(*command(folder, into="source/sorted")).code == 0
    painted(BLUE, 60).save(folder / "source" / "new.png")
    again = call(*command(folder, into="source/sorted"))
    assert again.code == 0 and "5 files are sorted already" in again.err
    assert placed(folder / "source" / "sorted") == SORTED | {"blue/new.png"}
    third = call(*command(folder, into="source/sorted"))
    assert (third.code, third.out) == (0, "") and "6 files are sorted already" in third.err


def test_the_same_command_goes_on_without_predicting_again(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch, method: Nearest
) -> None:
    copy, done = files.copy, []

    def interrupted(*paths: Path, **options: Any) -> None:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(copy(*paths, **options))

    monkeypatch.setattr(files, "copy", interrupted)
    assert call(*command(folder)).code == 130
    monkeypatch.setattr(files, "copy", copy)
    assert len(placed(folder / "sorted")) == 2
    other = call(*command(folder, "--min", "0.5"))
    assert (other.code, other.out) == (1, "") and "asked for in another way" in other.err
    planned = call(*command(folder, "--dry-run"))
    assert planned.code == 0 and "going on with" in planned.err and len(placed(folder / "sorted")) == 2
    again = call(*command(folder))
    assert again.code == 0 and "going on with" in again.err
    assert placed(folder / "sorted") == SORTED and method.fitted == 1


def test_a_sort_that_is_half_undone_has_to_be_undone(call: Call, folder: Path) -> None:
    call(*command(folder))
    path = folder / "sorted" / "sort-manifest.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"state": "undoing"}), encoding="utf-8")
    outcome = call(*command(folder))
    assert outcome.code == 1 and f"sort --undo {path}" in outcome.err
    assert call("sort", "--undo", path).code == 0


def test_undo_says_what_it_leaves(call: Call, folder: Path) -> None:
    call(*command(folder))
    (folder / "sorted" / "blue" / "b.png").write_bytes(b"edited")
    outcome = call("sort", "--undo", folder / "sorted" / "sort-manifest.json")
    assert outcome.code == 1 and outcome.out.split() == ["undone", "left", "4", "1"]
    assert "“blue/b.png” has changed since it was sorted" in outcome.err
    assert placed(folder / "sorted") == {"blue/b.png"}


def test_what_cannot_be_sorted_is_said(call: Call, folder: Path) -> None:
    (folder / "empty").mkdir()
    (folder / "file").touch()
    shutil.copytree(folder / "source", folder / "again")
    (folder / "same").symlink_to(folder / "source")
    support = ("--support", folder / "support")
    for arguments, expected in (
        ((folder / "none", *support, "--into", folder / "new"), "There is no folder"),
        ((folder / "source", *support, "--into", folder / "source"), "itself"),
        ((folder / "source", *support, "--into", folder / "same"), "itself"),
        ((folder / "empty", *support, "--into", folder / "new"), "There is no query yet"),
        ((folder / "source", "--into", folder / "new"), "Add a second class"),
        ((folder / "source", *support, "--into", folder / "file", *METHODS), "cannot be written"),
        (("--undo", folder / "none.json"), "is no manifest"),
        (("--undo", folder / "source" / "r.png"), "is no manifest"),
    ):
        outcome = call("sort", *arguments)
        assert (outcome.code, outcome.out) == (1, ""), arguments
        assert expected in outcome.err, outcome.err
    assert not (folder / "new").exists()
    for wrong in ((), (folder / "source",), ("--into", folder), ("--undo", folder, "--into", folder)):
        assert call("sort", *wrong).code == 2
    assert call(*command(folder, "--move", "--link")).code == 2


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
@pytest.mark.parametrize("mode", ["copy", "move"])
def test_a_process_that_is_killed_loses_nothing(tmp_path: Path, mode: str) -> None:
    program = "tests.cli.colour_sorter"
    trial = survive(tmp_path, mode, files=60, kills=4, seed=os.getpid(), program=program, patience=1)
    assert trial.faults == [] and len(trial.kills) >= 2, (trial.kills, trial.seed)
