"""Databases of other versions, of other programs, emptied ones, and folders that can only be read."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from fsl_demo.core.episodes import LabelledEpisode
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.store import Workspace, reader, usable
from fsl_demo.store.schema import migrations

OPENERS = [Workspace, reader, usable]
Open = Callable[[Path], Workspace]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder but those that SQLite makes while it reads, which hold nothing."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files if not (path.suffix == ".db-shm" or not path.stat().st_size)}


def refused(open_workspace: Open, folder: Path) -> str:
    """The code with which a workspace is refused; its folder is as it was then."""
    before = contents(folder)
    with pytest.raises(UserError) as error:
        open_workspace(folder)
    assert str(folder) in str(error.value)
    assert contents(folder) == before
    return error.value.code


def older(folder: Path, before: str) -> Path:
    """A workspace as a version left it that did not know a migration yet, with a draft in it."""
    folder.mkdir()
    with closing(sqlite3.connect(folder / "fsl_demo.db")) as connection:
        migrations.apply(Database(connection), stop_before=before)
        connection.execute(
            "INSERT INTO drafts (id, revision, tab, data, updated_at)"
            " VALUES ('d', 1, '', '{\"name\": \"kept\"}', '2026-01-01')"
        )
        connection.commit()
    return folder


@pytest.mark.parametrize("open_workspace", OPENERS)
def test_a_database_of_a_later_version(workspace: Workspace, open_workspace: Open) -> None:
    workspace.close()
    with closing(sqlite3.connect(workspace.folder / "fsl_demo.db")) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('fsl_demo', 'm999_later', '2030')"
        )
        connection.commit()
    assert refused(open_workspace, workspace.folder) == "workspace_newer"


@pytest.mark.parametrize("open_workspace", OPENERS)
def test_a_database_of_another_program(tmp_path: Path, open_workspace: Open) -> None:
    with closing(sqlite3.connect(tmp_path / "fsl_demo.db")) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    assert refused(open_workspace, tmp_path) == "workspace_foreign"


@pytest.mark.parametrize("open_workspace", OPENERS)
@pytest.mark.parametrize("left", ["nothing", "no bytes", "no tables"])
def test_pictures_without_their_database_are_no_new_workspace(
    workspace: Workspace, digits: list[Picture], open_workspace: Open, left: str
) -> None:
    workspace.add_picture(digits[0])
    workspace.close()
    for file in workspace.folder.glob("fsl_demo.db*"):
        file.unlink()
    if left != "nothing":
        (workspace.folder / "fsl_demo.db").touch()
    if left == "no tables":
        with closing(sqlite3.connect(workspace.folder / "fsl_demo.db")) as connection:
            connection.execute("PRAGMA user_version = 1")
    assert refused(open_workspace, workspace.folder) == "workspace_emptied"


def test_a_workspace_is_backed_up_before_it_becomes_one_of_this_version(tmp_path: Path) -> None:
    folder = older(tmp_path / "old", before="m004_captions")
    with closing(sqlite3.connect(folder / "fsl_demo.db")) as connection:
        was = list(connection.iterdump())
    assert Workspace(folder).drafts.recent()[0].data["name"] == "kept"
    (backup,) = (folder / "backups").iterdir()
    assert backup.name == "fsl_demo-m003_searchable_pictures.db"
    with closing(sqlite3.connect(backup)) as connection:
        assert list(connection.iterdump()) == was
    Workspace(folder)
    assert list((folder / "backups").iterdir()) == [backup]


def test_a_new_workspace_needs_no_backup(workspace: Workspace) -> None:
    assert not (workspace.folder / "backups").exists()


def test_a_migration_that_fails_leaves_the_database_and_its_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = older(tmp_path / "old", before="m006_light_drafts")

    def fails(db: Database) -> None:
        db.execute("DELETE FROM drafts")
        raise RuntimeError("power cut")

    (broken,) = (migration for migration in migrations._migrations if migration.name == "m006_light_drafts")
    monkeypatch.setattr(broken, "fn", fails)
    with pytest.raises(RuntimeError):
        Workspace(folder)
    with closing(sqlite3.connect(folder / "fsl_demo.db")) as connection:
        assert connection.execute("SELECT count(*) FROM drafts").fetchone() == (1,)
    monkeypatch.undo()
    assert Workspace(folder).drafts.recent()[0].data["name"] == "kept"


def test_an_earlier_version_is_read_and_stays(tmp_path: Path) -> None:
    folder = older(tmp_path / "old", before="m002_note_of_a_run")
    before = contents(folder)
    opened = reader(folder)
    assert opened.drafts.recent()[0].data["name"] == "kept" and opened.episodes() == []
    assert contents(folder) == before


def test_a_reader_writes_nothing_and_sees_what_others_write(
    workspace: Workspace, labelled: LabelledEpisode, digits: list[Picture]
) -> None:
    opened, before = reader(workspace.folder), contents(workspace.folder)
    with workspace._connections.write() as db:  # somebody is in the middle of something
        db.execute("DELETE FROM episodes")
        assert opened.episodes() == []
    with pytest.raises(UserError) as error:
        opened.add_picture(digits[0])
    assert error.value.code == "workspace_read_only"
    assert contents(workspace.folder) == before
    episode_id = workspace.save_episode(labelled)
    assert opened.episode(episode_id).labels == labelled.labels


@pytest.mark.parametrize("folder", ["none", "empty"])
def test_what_is_no_workspace_is_not_made_one(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError) as error:
        reader(tmp_path / folder)
    assert error.value.code == {"none": "folder_missing", "empty": "workspace_none"}[folder]
    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]


def _as_somebody_else(folder: Path, episode_id: str, digit: Picture, answers: multiprocessing.Queue[object]) -> None:
    tempfile.tempdir = str(folder.parent / "copies")
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    with pytest.raises(UserError) as error:
        Workspace(folder)
    opened, worked_in = reader(folder), usable(folder)
    answers.put(error.value.code)
    answers.put([opened.episode(episode_id).title, opened.check()])
    worked_in.add_picture(digit)
    worked_in.delete_episode(episode_id)
    answers.put([worked_in.beneath, worked_in.episodes(), worked_in.check(), opened.episodes()[0].id])


@pytest.mark.process
@pytest.mark.skipif(os.name != "posix", reason="needs users")
@pytest.mark.parametrize("others", [False, True])
def test_a_folder_that_cannot_be_written_to(
    workspace: Workspace, labelled: LabelledEpisode, digits: list[Picture], tmp_path: Path, others: bool
) -> None:
    """Read by a user without rights in it, while `others` have it open or not."""
    episode_id = workspace.save_episode(labelled)
    if not others:
        workspace.close()
    (tmp_path / "copies").mkdir()
    (tmp_path / "copies").chmod(0o777)
    for path in (tmp_path, *tmp_path.parents):
        if path.owner() == tmp_path.owner() and path != Path("/tmp"):
            path.chmod(0o755)
    for path in [workspace.folder, *workspace.folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    fork = multiprocessing.get_context("fork")
    answers: multiprocessing.Queue[object] = fork.Queue()
    before = contents(workspace.folder)
    child = fork.Process(target=_as_somebody_else, args=(workspace.folder, episode_id, digits[30], answers))
    child.start()
    assert answers.get(timeout=30) == "folder_unwritable"
    assert answers.get(timeout=30) == [labelled.title, []]
    assert answers.get(timeout=30) == [workspace.folder, [], [], episode_id]
    child.join()
    assert child.exitcode == 0 and contents(workspace.folder) == before
    for path in [workspace.folder, *workspace.folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    shutil.rmtree(workspace.folder)
