"""Picture files that are lost or damaged: named, left out, and whole again when the same picture comes in."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fsl_demo.core.class_names import class_key
from fsl_demo.core.episodes import Episode, LabelledEpisode
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.services.episodes import export_episodes, import_episodes
from fsl_demo.store import Workspace
from fsl_demo.store.blobs import LEFT_SECONDS
from fsl_demo.store.exchange import CLASSIFIED, FORMATS, read
from tests.core.picture_files import encoded

HARM: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-60]),
    "one bit": lambda path: path.write_bytes(path.read_bytes()[:60] + b"\x00" + path.read_bytes()[61:]),
    "another file": lambda path: path.write_bytes(b"damaged"),
}


def again(picture: Picture) -> Picture:
    """The same pixels from somewhere else."""
    return from_image(picture.image().copy(), picture.name)


@pytest.fixture(params=HARM)
def lost(request: pytest.FixtureRequest, workspace: Workspace, labelled: LabelledEpisode) -> Picture:
    """A query of a saved episode, whose file has come to harm."""
    workspace.save_episode(labelled)
    picture = labelled.episode.queries[0]
    HARM[request.param](workspace._blobs.path(picture.sha256))
    assert len(workspace.check()) == 1
    return picture


@pytest.mark.parametrize("door", ["add", "file", "collection", "import", "folders", "heal"])
def test_it_is_whole_again_by_every_door(
    workspace: Workspace, lost: Picture, labelled: LabelledEpisode, tmp_path: Path, door: str
) -> None:
    match door:
        case "add":
            workspace.add_picture(again(lost))
        case "file":
            workspace.ingest(encoded(lost.image(), "BMP"), "again.bmp")
        case "collection":
            workspace.add_to_collection([again(lost)])
        case "heal":
            workspace.heal([again(lost), *labelled.episode.queries])
        case "import":
            FORMATS["huggingface"].write([("id", labelled)], tmp_path / "in.zip")
            import_episodes(workspace, tmp_path / "in.zip", progress=lambda *_: None, report=pytest.fail)
        case "folders":
            (tmp_path / "in" / "class").mkdir(parents=True)
            lost.image().save(tmp_path / "in" / "class" / "x.png")
            import_episodes(workspace, tmp_path / "in", progress=lambda *_: None, report=pytest.fail)
    assert workspace.check() == []


def test_saving_or_adding_the_lost_picture_itself_changes_nothing(workspace: Workspace, lost: Picture) -> None:
    stored = workspace.picture(lost.sha256)
    workspace.add_to_collection([stored])
    workspace.heal([stored])
    assert len(workspace.check()) == 1


def class_of_each(episode: Episode) -> dict[str, str]:
    """The class of each support picture, by its hash; tools take spaces off its ends."""
    keys = [class_key(spec.name) for spec in episode.classes]
    return {example.picture.sha256: keys[example.class_index] for example in episode.support}


@pytest.mark.parametrize("name", FORMATS)
def test_exports_name_it_and_hold_the_rest(workspace: Workspace, lost: Picture, tmp_path: Path, name: str) -> None:
    (summary,) = workspace.episodes()
    whole = workspace.episode(summary.id)
    path, faults = tmp_path / f"out{FORMATS[name].suffix}", list[UserError]()
    assert export_episodes(workspace, FORMATS[name], [], path=path, report=faults.append) == 1
    if not FORMATS[name].pixels:
        assert not faults and lost.sha256 in path.read_text("utf-8-sig")
        return
    assert [error.params["file"] for error in faults] == [lost.name]
    (back,) = read(path)
    if name in CLASSIFIED:  # it has no place for what is said of classes
        assert set(back.episode.queries) == set(whole.episode.queries[1:])
        assert class_of_each(back.episode) == class_of_each(whole.episode)
        return
    assert back.episode == replace(whole.episode, queries=whole.episode.queries[1:])
    assert back.labels == {place - 1: label for place, label in whole.labels.items() if place}
    for run, before in zip(back.runs, whole.runs, strict=True):
        assert (run.scores.probabilities == before.scores.probabilities[1:]).all()


def test_a_lost_support_picture_takes_its_column_along(
    workspace: Workspace, labelled: LabelledEpisode, tmp_path: Path
) -> None:
    workspace.save_episode(labelled)
    workspace._blobs.path(labelled.episode.support[1].picture.sha256).unlink()
    path, faults = tmp_path / "out.zip", list[UserError]()
    export_episodes(workspace, FORMATS["imagefolder"], [], path=path, report=faults.append)
    (back,) = read(path)
    before, after = labelled.runs[0].scores.pairs, back.runs[0].scores.pairs
    assert len(faults) == 1 and before is not None and after is not None
    assert (after == before[:, [0, 2, 3, 4]]).all()


def test_only_what_is_old_and_of_no_use_is_left_over(workspace: Workspace, digits: list[Picture]) -> None:
    workspace.add_picture(digits[0])
    orphan, fresh = (workspace._blobs.path(digits[place].sha256) for place in (1, 2))
    exports = workspace.folder / "exports"
    exports.mkdir()
    left = [orphan, exports / "a.zip.tmp", exports / "b.part", workspace.folder / "blobs" / "c.tmp"]
    kept = [fresh, exports / "done.zip", exports / "new.tmp", workspace.folder / "blobs" / "notes.txt"]
    for path in (*left, *kept):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    old = time.time() - LEFT_SECONDS - 1
    for path in (*left, kept[1], kept[3], workspace._blobs.path(digits[0].sha256)):
        os.utime(path, (old, old))
    assert workspace.left_over() == sorted(left)
    assert workspace.clean() == sorted(left) and workspace.left_over() == []
    assert all(path.exists() for path in kept) and workspace.check() == []
