"""`collections`: from class folders to a frozen version, its differences and its export."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from fsl_demo.core.episodes import Progress
from fsl_demo.core.registry import Registry
from fsl_demo.services import reading, search
from fsl_demo.store import Workspace
from tests.cli.conftest import SURFACES, Call
from tests.nearest import Telling


@pytest.fixture
def folder(call: Call, tmp_path: Path, support: Path) -> Path:
    """A workspace with a collection of nine pictures in three classes."""
    workspace = tmp_path / "workspace"
    made = call("collections", "create", "surfaces", support, "--annotator", "anne", "--workspace", workspace)
    assert (made.code, made.out) == (0, "9 pictures\n")
    return workspace


def test_a_collection_is_made_listed_and_shown(call: Call, folder: Path) -> None:
    (row,) = call("collections", "list", "--workspace", folder, "--format", "csv").csv()
    assert (row["name"], row["pictures"], row["classes"], row["versions"]) == ("surfaces", "9", "3", "0")
    (summary,) = call("collections", "list", "--workspace", folder, "--format", "json").json()
    assert summary["classes"] == [{"name": name, "pictures": 3} for name in SURFACES]
    assert "surfaces" in call("collections", "list", "--workspace", folder).out
    shown = call("collections", "show", "Surfaces", "--workspace", folder, "--format", "json").json()
    first = shown["pictures"][0]
    assert (first["file"], first["disputed"], shown["versions"]) == ("0.png", False, [])
    (label,) = first["labels"]
    assert (label["class"], label["annotator"], label["source"]) == ("brick", "anne", "imported")
    table = call("collections", "show", "surfaces", "--workspace", folder).out
    assert "surfaces: 9 pictures, 0 unlabelled" in table and "gravel (3)" in table
    again = call("collections", "create", "SURFACES", "--workspace", folder)
    assert again.code == 1 and "already" in again.err


def test_pictures_come_and_go(call: Call, folder: Path, queries: Path) -> None:
    where = ("--workspace", folder)
    added = call("collections", "add", "surfaces", queries / "brick 1.png", *where)
    assert (added.code, added.out) == (0, "1 pictures\n")
    assert call("collections", "remove", "surfaces", "brick 1.png", *where).code == 0
    (row,) = call("collections", "list", *where, "--format", "csv").csv()
    assert row["pictures"] == "9"
    assert "no picture “x.png”" in call("collections", "remove", "surfaces", "x.png", *where).err
    assert "Nothing is named" in call("collections", "add", "surfaces", *where).err
    assert "no collection “cars”" in call("collections", "add", "cars", queries, *where).err
    assert "no episode 7" in call("collections", "add", "surfaces", "--episode", "7", *where).err


def test_names_change_and_deletions_are_undone(call: Call, folder: Path) -> None:
    where = ("--workspace", folder)
    for arguments in (("rename", "surfaces", "textures"), ("delete", "textures"), ("restore", "textures")):
        assert call("collections", *arguments, *where).code == 0
    (row,) = call("collections", "list", *where, "--format", "csv").csv()
    assert (row["name"], row["pictures"]) == ("textures", "9")
    assert call("collections", "delete", "surfaces", *where).code == 1


def test_what_a_workspace_has_becomes_a_collection(
    call: Call, folder: Path, support: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def best(registry: Registry, workspace: Workspace, sentence: str, top: int, progress: Progress) -> list[str]:
        assert sentence == "grass"
        return [member.picture.sha256 for member in workspace.collection()][:top]

    monkeypatch.setattr(search, "best", best)
    monkeypatch.setattr(reading, "registry", lambda *_: Registry([Telling()]))
    where = ("--workspace", folder)
    episode = call("episodes", "import", support, *where).out.strip()
    call("collections", "create", "episode", "--episode", episode, *where)
    call("collections", "create", "everything", "--everything", *where)
    call("collections", "create", "grass", "--search", "grass", "--top", "2", *where)
    pictures = {s.name: s.pictures for s in Workspace(folder).collections.summaries()}
    assert pictures == {"surfaces": 9, "episode": 9, "everything": 9, "grass": 2}
    labels = {each.label.source for each in Workspace(folder).collections.pictures("episode") if each.label}
    assert labels == {"episode"}


def test_versions_are_frozen_compared_and_exported(
    call: Call, folder: Path, support: Path, queries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "registry", lambda *_: Registry([Telling()]))
    where = ("--workspace", folder)
    frozen = call("collections", "freeze", "surfaces", *where, "--format", "json")
    document = frozen.json()
    assert (frozen.code, document["version"], document["classes"]) == (0, "surfaces@1", list(SURFACES))
    assert sorted(each["part"] for each in document["pictures"]) == ["test"] * 3 + ["train"] * 3 + ["validation"] * 3
    again = call("collections", "freeze", "surfaces", *where).out
    assert again.startswith(f"surfaces@1  SHA-256 {document['sha256']}")

    more = tmp_path / "more"
    (more / "brick").mkdir(parents=True)
    shutil.copy(queries / "brick 1.png", more / "brick" / "9.png")
    (more / "sand").mkdir()
    shutil.copy(support / "gravel" / "0.png", more / "sand" / "0.png")
    call("collections", "add", "surfaces", more, "--annotator", "anne", *where)
    call("collections", "remove", "surfaces", "1.png", *where)
    second = call("collections", "freeze", "surfaces", *where)
    assert "“sand” has too few pictures" in second.err
    changes = call("collections", "diff", "surfaces@1", "surfaces", *where, "--format", "json").json()
    assert [each["file"] for each in changes["added"]] == ["9.png"]
    assert [each["file"] for each in changes["removed"]] == ["1.png"] * 3
    assert [(each["before"], each["class"]) for each in changes["relabelled"]] == [("gravel", "sand")]
    assert changes["moved"] == []
    assert "gravel -> sand" in call("collections", "diff", "surfaces@1", "surfaces@2", *where).out

    out = tmp_path / "surfaces.zip"
    assert call("collections", "export", "surfaces@1", "--out", out, *where).out == f"{out}\n"
    with zipfile.ZipFile(out) as archive:
        assert json.loads(archive.read("collection.json"))["sha256"] == document["sha256"]
        assert len(archive.namelist()) == 10
    assert "no version 7" in call("collections", "export", "surfaces@7", "--out", out, *where).err
    assert "make 100 together" in call("collections", "freeze", "surfaces", "--shares", "1", "1", "1", *where).err
