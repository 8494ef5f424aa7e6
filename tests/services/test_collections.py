"""What comes into collections: of episodes, searches, folders and archives, with labels, annotators and sources."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fsl_demo.core.collections import CollectionLabel
from fsl_demo.core.episodes import ClassSpec, Episode, Example, Label, LabelledEpisode
from fsl_demo.core.errors import Notice, UserError
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.services import collections
from fsl_demo.services.collections import Collected
from fsl_demo.store import Workspace
from tests.colours import painted


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


def picture(seed: int) -> Picture:
    return from_image(painted((200, 30, 30), seed, size=8), f"{seed}.png")


def episode(*labels: Label | None, support: tuple[int, ...] = (0, 1), first: int = 10) -> LabelledEpisode:
    queries = tuple(picture(first + place) for place in range(len(labels)))
    examples = tuple(Example(picture(seed), place) for place, seed in enumerate(support))
    return LabelledEpisode(
        Episode((ClassSpec("cat"), ClassSpec("dog")), examples, queries),
        labels={place: label for place, label in enumerate(labels) if label is not None},
    )


def words(collected: Collected) -> dict[str, list[tuple[str | None, str, str, str | None]]]:
    return {
        picture.name: [(label.class_name, label.annotator, label.source, label.suggestion) for label in labels]
        for picture, labels in collected.items()
    }


ACCEPTED = Label(1, "anne", source="accepted", suggestion=1, seconds=2.5)


def test_an_episode_comes_with_its_labels_annotators_and_sources(workspace: Workspace) -> None:
    stored = workspace.save_episode(episode(ACCEPTED, Label(None, "bob"), None))
    collected = collections.of_episode(workspace, stored)
    assert words(collected) == {
        "0.png": [("cat", "", "episode", None)],
        "1.png": [("dog", "", "episode", None)],
        "10.png": [("dog", "anne", "accepted", "dog")],
        "11.png": [(None, "bob", "blind", None)],
        "12.png": [],
    }
    (label,) = collected[picture(10)]
    assert label.seconds == 2.5 and label.created_at
    workspace.collections.add("pets", collected, new=True)
    assert workspace.collections.pictures("pets")[2].labels == (label,)
    workspace.collections.add("pets", collections.of_episode(workspace, stored))
    assert [len(each.labels) for each in workspace.collections.pictures("pets")] == [1, 1, 1, 1, 0]
    with pytest.raises(UserError) as error:
        collections.of_episode(workspace, "gone")
    assert error.value.code == "episode_missing"


def test_a_picture_that_changes_its_class_in_the_episode_changes_it_here(workspace: Workspace) -> None:
    stored = workspace.save_episode(episode())
    workspace.collections.add("pets", collections.of_episode(workspace, stored), new=True)
    swapped = replace(episode(), episode=replace(episode().episode, support=episode(support=(1, 0)).episode.support))
    workspace.save_episode(swapped, stored)
    workspace.collections.add("pets", collections.of_episode(workspace, stored))
    newest = {each.picture.name: each.label for each in workspace.collections.pictures("pets")}
    assert {name: label and label.class_name for name, label in newest.items()} == {"0.png": "dog", "1.png": "cat"}


def test_pictures_come_with_what_all_saved_episodes_say(workspace: Workspace) -> None:
    workspace.save_episode(episode(ACCEPTED))
    workspace.save_episode(episode(Label(0, "bob"), support=(2, 3)))
    gone = workspace.save_episode(episode(Label(0, "carla"), support=(4, 5)))
    workspace.delete_episode(gone)
    workspace.add_to_collection([picture(20)])
    listed = words(collections.of_pictures(workspace, [picture(10).sha256, picture(20).sha256, picture(10).sha256]))
    assert listed == {"10.png": [("cat", "bob", "blind", None), ("dog", "anne", "accepted", "dog")], "20.png": []}
    everything = words(collections.everything(workspace))
    assert set(everything) == {"0.png", "1.png", "2.png", "3.png", "10.png", "20.png"}
    assert everything["10.png"] == listed["10.png"]
    with pytest.raises(UserError) as error:
        collections.of_pictures(workspace, ["nothing"])
    assert error.value.code == "picture_not_stored"


def saved(folder: Path, *files: str) -> Path:
    for seed, file in enumerate(files):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        picture(seed).image().save(folder / file)
    return folder


def zipped(folder: Path) -> Path:
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as out:
        for file in sorted(folder.rglob("*.png")):
            out.write(file, file.relative_to(folder))
    return archive


@pytest.mark.parametrize("kind", [lambda folder: folder, zipped])
def test_class_folders_give_labels(workspace: Workspace, tmp_path: Path, kind: Callable[[Path], Path]) -> None:
    path = kind(saved(tmp_path / "pets", "cat/1.png", "cat/2.png", "dog/3.png", "stray.png"))
    told: list[UserError] = []
    collected = collections.of_files(
        path, workspace.ingest, annotator="anne", progress=lambda *_: None, report=told.append
    )
    assert words(collected) == {
        "1.png": [("cat", "anne", "imported", None)],
        "2.png": [("cat", "anne", "imported", None)],
        "3.png": [("dog", "anne", "imported", None)],
    }
    assert [error.code for error in told] == ["no_class"] and isinstance(told[0], Notice)
    assert workspace.picture(picture(0).sha256).name == "1.png"


def test_other_folders_and_pictures_come_without_labels(workspace: Workspace, tmp_path: Path) -> None:
    folder = saved(tmp_path / "flat", "1.png", "2.png")
    told: list[UserError] = []

    def read(path: Path) -> Collected:
        return collections.of_files(path, workspace.ingest, annotator="", progress=lambda *_: None, report=told.append)

    assert words(read(folder)) == {"1.png": [], "2.png": []}
    assert words(read(folder / "1.png")) == {"1.png": []}
    assert not told
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError) as error:
        read(tmp_path / "empty")
    assert error.value.code == "archive_no_pictures"
    with pytest.raises(UserError):
        read(tmp_path / "nowhere")
    (folder / "3.png").write_bytes(b"no picture")
    assert words(read(folder)) == {"1.png": [], "2.png": []}
    assert [error.code for error in told] == ["picture_unknown"]


def test_sources_are_put_together() -> None:
    first, second = CollectionLabel("cat", "anne"), CollectionLabel("dog", "bob")
    together = collections.together([{picture(0): [first], picture(1): []}, {picture(0): [second]}])
    assert together == {picture(0): (second, first), picture(1): ()}


def test_pictures_are_named_by_file_or_hash(workspace: Workspace) -> None:
    workspace.collections.add("pets", {picture(seed): [] for seed in range(3)}, new=True)
    pictures = workspace.collections.pictures("pets")
    wanted = [picture(2).sha256, "0.png", "2.png"]
    assert collections.matching(pictures, wanted) == [picture(2).sha256, picture(0).sha256]
    with pytest.raises(UserError) as error:
        collections.matching(pictures, ["9.png"])
    assert error.value.code == "collection_picture_unknown"


def test_a_collection_is_made_with_what_comes_into_it_or_not_at_all(workspace: Workspace) -> None:
    with pytest.raises(UserError):
        workspace.collections.add("pets", {picture(0): [CollectionLabel("")]}, new=True)
    with pytest.raises(UserError):
        workspace.collections.add("pets", {picture(0): []})
    assert workspace.collections.summaries() == []
    assert workspace.collections.add("pets", {picture(0): []}, new=True) == 1
    assert workspace.collections.add("PETS", {picture(1): []}, new=True) == 1
    assert [each.name for each in workspace.collections.summaries()] == ["pets"]
