"""Freezing: what is left out is told, near-duplicates never part, and a version leaves as a zip."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from fsl_demo.core.capabilities import TellsCopies
from fsl_demo.core.collections import CollectionLabel, FrozenCollection, FrozenPicture, digest
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.errors import Notice, UserError
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.core.registry import Registry
from fsl_demo.services import freezing
from fsl_demo.services.freezing import Freezing
from fsl_demo.services.splitting import Shares
from fsl_demo.store import Workspace
from tests.colours import painted
from tests.nearest import Nearest


class Stems(Nearest, TellsCopies):
    """Pictures are near-duplicates when their names begin with the same number."""

    def embed_originals(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        vectors = np.zeros((len(pictures), 100), np.float32)
        vectors[range(len(pictures)), [int(picture.name[:2]) for picture in pictures]] = 1
        return vectors


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def told() -> list[UserError]:
    return []


def picture(name: str) -> Picture:
    return from_image(painted((200, 30, 30), seed=zlib.crc32(name.encode()), size=12), f"{name}.png")


CAT, DOG = CollectionLabel("cat", "anne"), CollectionLabel("dog", "anne")


def freeze(workspace: Workspace, told: list[UserError], how: Freezing | None = None) -> FrozenCollection:
    registry = Registry([Stems()])
    return freezing.freeze(workspace, registry, name="pets", how=how or Freezing(), progress=quiet, report=told.append)


def parts(frozen: FrozenCollection) -> dict[str, str]:
    return {each.picture.name: each.part for each in frozen.pictures}


def fill(workspace: Workspace, count: int = 20, label: CollectionLabel = CAT, first: int = 0) -> None:
    pets = {picture(f"{number:02}"): [label] for number in range(first, first + count)}
    workspace.collections.add("pets", pets, new=True)


def test_a_collection_is_frozen_by_the_shares(workspace: Workspace, told: list[UserError]) -> None:
    fill(workspace)
    fill(workspace, 10, DOG, first=20)
    frozen = freeze(workspace, told)
    assert [len(frozen.part(part)) for part in ("train", "validation", "test")] == [18, 6, 6]
    assert not told and frozen.number == 1 and frozen.digest == digest(frozen.pictures)
    assert freeze(workspace, told, Freezing(Shares(20, 40, 40), seed=7)) == frozen  # all stay where they were


def test_what_is_left_out_is_told(workspace: Workspace, told: list[UserError]) -> None:
    fill(workspace)
    others = {
        picture("30"): [],
        picture("31"): [CollectionLabel(None, "anne")],
        picture("32"): [CAT, CollectionLabel("dog", "bob")],
        picture("33"): [DOG],
    }
    workspace.collections.add("pets", others)
    frozen = freeze(workspace, told)
    assert {each.picture.name for each in frozen.pictures} == {f"{number:02}.png" for number in [*range(20), 33]}
    assert [(error.code, error.params.get("first"), error.params["count"]) for error in told] == [
        ("freeze_unlabelled", "30.png", 1),
        ("freeze_none", "31.png", 1),
        ("freeze_disputed", "32.png", 1),
        ("freeze_class_small", None, 1),
    ]
    assert all(isinstance(error, Notice) for error in told)


def test_nothing_to_freeze(workspace: Workspace, told: list[UserError]) -> None:
    workspace.collections.add("pets", {picture("01"): []}, new=True)
    with pytest.raises(UserError) as error:
        freeze(workspace, told)
    assert error.value.code == "freeze_nothing"
    assert [each.code for each in told] == ["freeze_unlabelled"]


def test_without_a_method_that_tells_copies_nothing_is_frozen(workspace: Workspace, told: list[UserError]) -> None:
    fill(workspace)
    registry = Registry([Nearest()])
    with pytest.raises(UserError) as error:
        freezing.freeze(workspace, registry, name="pets", how=Freezing(), progress=quiet, report=told.append)
    assert error.value.code == "freeze_no_method"
    assert workspace.collections.versions("pets") == []


def test_near_duplicates_never_part(workspace: Workspace, told: list[UserError]) -> None:
    fill(workspace)
    workspace.collections.add("pets", {picture(f"{number:02} mirrored"): [CAT] for number in range(20)})
    frozen = freeze(workspace, told)
    where = parts(frozen)
    assert len(where) == 40
    for number in range(20):
        assert where[f"{number:02}.png"] == where[f"{number:02} mirrored.png"]
    assert [len(frozen.part(part)) for part in ("train", "validation", "test")] == [24, 8, 8]


def test_a_copy_of_what_was_tested_on_is_never_trained_on(workspace: Workspace, told: list[UserError]) -> None:
    fill(workspace)
    first = freeze(workspace, told)
    tested = [each.picture for each in first.part("test")]
    workspace.collections.remove("pets", [each.sha256 for each in tested])
    copies = {picture(f"{each.name[:2]} cropped"): [CAT] for each in tested}
    workspace.collections.add("pets", copies)
    where = parts(freeze(workspace, told))
    assert {where[each.name] for each in copies} == {"test"}
    assert not told


def test_a_bridge_between_two_parts_is_left_out(workspace: Workspace, told: list[UserError]) -> None:
    fill(workspace)
    where = parts(freeze(workspace, told))
    train = next(name for name, part in where.items() if part == "train")
    test = next(name for name, part in where.items() if part == "test")

    class Bridged(Stems):
        def embed_originals(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
            vectors = super().embed_originals(pictures, progress)
            vectors[[each.name in (train, test) for each in pictures]] = np.eye(100, dtype=np.float32)[99]
            return vectors

    frozen = freezing.freeze(
        workspace, Registry([Bridged()]), name="pets", how=Freezing(), progress=quiet, report=told.append
    )
    assert test in parts(frozen) and train not in parts(frozen)
    assert [(error.code, error.params["first"]) for error in told] == [("freeze_leaking", train)]


def test_a_picture_whose_file_is_lost_is_told_and_left_out(workspace: Workspace, told: list[UserError]) -> None:
    fill(workspace)
    gone = picture("00")
    (workspace.folder / "blobs" / gone.sha256[:2] / gone.sha256[2:4] / f"{gone.sha256}.png").unlink()
    assert gone.name not in parts(freeze(workspace, told))
    assert [error.code for error in told] == ["picture_missing"]


def test_a_version_leaves_as_class_folders_with_a_manifest(
    workspace: Workspace, told: list[UserError], tmp_path: Path
) -> None:
    fill(workspace, 5)
    fill(workspace, 5, CollectionLabel("a/b", "anne"), first=5)
    frozen = freeze(workspace, told)
    path = tmp_path / "pets.zip"
    freezing.export(frozen, path, told.append)
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("collection.json"))
        names = {name for name in archive.namelist() if name != "collection.json"}
    assert {name.split("/")[0] for name in names} == {"train", "validation", "test"}
    assert {name.split("/")[1] for name in names} == {"cat", "a%2Fb"}
    assert (manifest["collection"], manifest["version"], manifest["sha256"]) == ("pets", 1, frozen.digest)
    assert {entry["file"] for entry in manifest["pictures"]} == names and len(names) == 10
    by_hash = {each.picture.sha256: each for each in frozen.pictures}
    again = [
        FrozenPicture(by_hash[entry["sha256"]].picture, entry["class"], part=entry["part"], group=entry["group"])
        for entry in manifest["pictures"]
    ]
    assert digest(again) == frozen.digest
    assert not told


def test_an_export_says_which_picture_it_lacks(workspace: Workspace, told: list[UserError], tmp_path: Path) -> None:
    fill(workspace, 5)
    frozen = freeze(workspace, told)
    gone = frozen.pictures[0].picture
    (workspace.folder / "blobs" / gone.sha256[:2] / gone.sha256[2:4] / f"{gone.sha256}.png").unlink()
    freezing.export(frozen, tmp_path / "pets.zip", told.append)
    with zipfile.ZipFile(tmp_path / "pets.zip") as archive:
        manifest = json.loads(archive.read("collection.json"))
        assert len(archive.namelist()) == 5
    assert [entry["name"] for entry in manifest["pictures"] if not entry["file"]] == [gone.name]
    assert [error.code for error in told] == ["picture_missing"]


def test_a_version_is_named(workspace: Workspace, told: list[UserError]) -> None:
    fill(workspace, 10)
    frozen = freeze(workspace, told)
    assert freezing.version(workspace, "pets@1") == freezing.version(workspace, "pets") == frozen
    for text, code in (
        ("pets@2", "frozen_missing"),
        ("pets@x", "collection_reference"),
        ("cars@1", "collection_missing"),
    ):
        with pytest.raises(UserError) as error:
            freezing.version(workspace, text)
        assert error.value.code == code
