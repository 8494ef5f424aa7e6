"""What must not go wrong: threads, kills, full disks, damage."""

import dataclasses
import errno
import io
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from sqlite_utils import Database

from fsl_demo.core import durable
from fsl_demo.core.episodes import Label, LabelledEpisode
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.store import DraftRevision, StaleDraft, Workspace
from fsl_demo.store.connection import Connections
from fsl_demo.store.schema import migrations
from tests import unsynced

THREADS, TURNS = 8, 25


def test_migrations_are_applied_once(workspace: Workspace, labelled: LabelledEpisode) -> None:
    episode_id = workspace.save_episode(labelled)

    def schema() -> list[tuple]:
        with closing(sqlite3.connect(workspace.folder / "fsl_demo.db")) as db:
            return db.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()

    before = schema()
    again = Workspace(workspace.folder)
    assert schema() == before
    assert again.episode(episode_id).title == labelled.title
    with again._connections.read() as db:
        assert migrations.pending(db) == []
        strict = {row["name"]: row["strict"] for row in db.query("PRAGMA table_list") if row["type"] == "table"}
    ours = {name for name in strict if not name.startswith(("sqlite_", "_sqlite"))}
    assert len(ours) == 35 and all(strict[name] for name in ours)


def test_labels_of_an_earlier_release_stay_and_later_ones_may_be_given_in_bulk(
    tmp_path: Path, labelled: LabelledEpisode
) -> None:
    with closing(sqlite3.connect(tmp_path / "fsl_demo.db")) as connection:
        migrations.apply(Database(connection), stop_before="m005_labels_given_in_bulk")
        connection.executescript(
            "INSERT INTO pictures VALUES ('a', 1, 1, 'a', 'a', 1, ''); INSERT INTO classes VALUES (1, 'cat', 'cat');"
            "INSERT INTO episodes VALUES ('e', '', '', '', NULL);"
            "INSERT INTO episode_items VALUES (1, 'e', 'query', 0, 'a', 'a.png', NULL);"
            "INSERT INTO labels VALUES (3, 1, 'class', 1, 'Ann', 'blind', NULL, 1.5, NULL, 'then');"
            "INSERT INTO labels VALUES (4, 1, 'none', NULL, 'Bob', 'corrected', 1, 0, 3, 'later');"
        )
        before = connection.execute("SELECT * FROM labels").fetchall()
    workspace = Workspace(tmp_path)
    with closing(sqlite3.connect(tmp_path / "fsl_demo.db")) as connection:
        assert connection.execute("SELECT * FROM labels").fetchall() == before
        assert connection.execute("SELECT annotator FROM readable_labels").fetchall() == [("Bob",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        for change in ("DELETE FROM labels", "UPDATE labels SET kind = 'none'"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(change)
    given = dataclasses.replace(labelled, labels={0: Label(0, "Ann", source="bulk", suggestion=0)})
    stored = workspace.episode(workspace.save_episode(given))
    assert stored.labels == given.labels


@pytest.mark.process
def test_neither_torch_nor_gradio_is_imported() -> None:
    code = "import sys, fsl_demo.store.exchange; sys.exit(bool({'torch', 'gradio'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_pragmas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connections, "_here", unsynced.SYNCED)
    with Workspace(tmp_path)._connections.read() as db:
        values = {
            name: db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    assert values == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 10000}


def test_many_threads_open_a_new_workspace_at_once(tmp_path: Path) -> None:
    barrier = threading.Barrier(THREADS)

    def open_it(_: int) -> list[str]:
        barrier.wait()
        return Workspace(tmp_path / "new").check()

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(open_it, range(THREADS))) == [[]] * THREADS


def test_read_then_write_from_many_threads(workspace: Workspace, labelled: LabelledEpisode) -> None:
    episode_id = workspace.save_episode(dataclasses.replace(labelled, labels={}))
    draft_id = workspace.drafts.create(DraftRevision({})).id
    barrier = threading.Barrier(THREADS)

    def save(thread: int, turn: int) -> None:
        """Save as a process does that finds a newer draft again and again."""
        while True:
            draft = workspace.drafts.find(draft_id)
            assert draft is not None
            with suppress(StaleDraft):
                change = DraftRevision({"turns": draft.data.get("turns", 0) + 1}, taken={str(thread): turn})
                workspace.drafts.save(draft_id, change, draft.revision)
                return

    def work(thread: int) -> None:
        barrier.wait()
        for turn in range(TURNS):
            workspace.label(episode_id, 0, Label(turn % 3, f"{thread}.{turn}"))
            save(thread, turn)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    history = workspace.label_history(episode_id, 0)
    assert {record.annotator for record in history} == {f"{t}.{n}" for t in range(THREADS) for n in range(TURNS)}
    assert [record.supersedes for record in history] == [None, *(record.id for record in history[:-1])]
    draft = workspace.drafts.find(draft_id)
    assert draft is not None and draft.revision == draft.data["turns"] == THREADS * TURNS
    assert draft.taken == {str(thread): TURNS - 1 for thread in range(THREADS)}
    assert workspace.check() == []


def test_the_same_pictures_from_many_threads(workspace: Workspace, digits: list[Picture]) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(workspace.add_picture, digits[:10] * THREADS))
    assert workspace.check() == []
    assert len(list((workspace.folder / "blobs").rglob("*"))) == len(
        {part for picture in digits[:10] for part in _blob_parts(picture.sha256)}
    )


def _blob_parts(sha256: str) -> tuple[str, str, str]:
    return sha256[:2], sha256[:4], sha256


_CHILD = """
import os, signal, sys
from pathlib import Path
from PIL import Image
from fsl_demo.core.episodes import ClassSpec, Episode, Label, LabelledEpisode
from fsl_demo.core.pictures import from_image
from fsl_demo.core import durable
from fsl_demo.store import Workspace, blobs, labels, pictures

inner = {module}.{function}
calls = 0

def die(*arguments, **options):
    global calls
    calls += 1
    if calls > {survive}:
        os.kill(os.getpid(), signal.SIGKILL)
    return inner(*arguments, **options)

{module}.{function} = die
workspace = Workspace(Path(sys.argv[1]))
for number in range(9):
    picture = from_image(Image.new("RGB", (8, 8), (number, 0, 0)), "a.png")
    episode = Episode((ClassSpec("a"), ClassSpec("b")), (), (picture,))
    print(workspace.save_episode(LabelledEpisode(episode, str(number), (), {{0: Label(0)}})), flush=True)
"""


@pytest.mark.process
@pytest.mark.skipif(os.name != "posix", reason="kills with SIGKILL")
@pytest.mark.parametrize(
    ("module", "function", "survive"),
    [
        ("durable", "writing", 2),
        ("durable", "sync_folder", 7),
        ("blobs", "thumbnail", 2),
        ("labels", "put", 2),
        ("pictures", "insert", 2),
    ],
)
def test_a_killed_process_leaves_a_whole_workspace(tmp_path: Path, module: str, function: str, survive: int) -> None:
    code = _CHILD.format(module=module, function=function, survive=survive)
    child = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert child.returncode == -signal.SIGKILL, child.stderr
    told = child.stdout.split()
    assert len(told) == 2
    workspace = Workspace(tmp_path)
    assert workspace.check() == []
    assert {summary.id for summary in workspace.episodes()} == set(told)
    for episode_id in told:
        stored = workspace.episode(episode_id)
        assert stored.labels == {0: Label(0)}
        assert stored.episode.queries[0].image().size == (8, 8)


def test_leftovers_of_killed_processes_are_removed_once_old(workspace: Workspace) -> None:
    old, new = (workspace.folder / "blobs" / name for name in ("old.tmp", "new.tmp"))
    for file in (old, new):
        file.write_bytes(b"half a pict")
    os.utime(old, (0, 0))
    Workspace(workspace.folder)
    assert (old.exists(), new.exists()) == (False, True)


@contextmanager
def _half_written(path: Path) -> Iterator[io.BytesIO]:
    data = io.BytesIO()
    yield data
    path.write_bytes(data.getvalue()[: data.tell() // 2])
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_full_disk_while_a_picture_is_written(
    workspace: Workspace, labelled: LabelledEpisode, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(durable, "writing", _half_written)
        with pytest.raises(UserError) as caught:
            workspace.save_episode(labelled)
    assert caught.value.code == "disk_full"
    assert [file for file in (workspace.folder / "blobs").rglob("*") if file.is_file()] == []
    assert workspace.episodes() == [] and workspace.check() == []
    workspace.save_episode(labelled)


@pytest.mark.parametrize(
    ("pragma", "code"), [("max_page_count = 1", "disk_full"), ("query_only = ON", "folder_unwritable")]
)
def test_database_that_cannot_grow_or_be_written(
    workspace: Workspace, labelled: LabelledEpisode, pragma: str, code: str
) -> None:
    episode_id = workspace.save_episode(labelled)
    with workspace._connections.read() as db:
        db.execute(f"PRAGMA {pragma}").fetchall()
    big = {"x": "y" * 1_000_000}
    calls: list[Callable[[], object]] = [
        lambda: workspace.drafts.create(DraftRevision(big)),
        lambda: workspace.save_episode(dataclasses.replace(labelled, title="z" * 1_000_000), episode_id),
    ]
    for call in calls:
        with pytest.raises(UserError) as caught:
            call()
        assert caught.value.code == code
    workspace.close()
    assert workspace.check() == []
    assert workspace.episode(episode_id).title == labelled.title
    workspace.drafts.create(DraftRevision(big))


def test_another_program_keeps_the_database_locked(workspace: Workspace) -> None:
    with workspace._connections.read() as db:
        db.execute("PRAGMA busy_timeout = 0").fetchall()
    with closing(sqlite3.connect(workspace.folder / "fsl_demo.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UserError) as caught:
            workspace.drafts.create(DraftRevision({}))
    assert caught.value.code == "workspace_busy"
    workspace.drafts.create(DraftRevision({}))


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError) as caught:
        Workspace(tmp_path / "file" / "workspace")
    assert caught.value.code == "folder_unwritable"


def test_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "fsl_demo.db").write_bytes(b"this is not SQLite" * 100)
    with pytest.raises(UserError) as caught:
        Workspace(tmp_path)
    assert caught.value.code == "workspace_damaged"


def test_check_finds_damage(workspace: Workspace, labelled: LabelledEpisode, digits: list[Picture]) -> None:
    workspace.save_episode(labelled)
    gone, swapped, cut = (workspace._blobs.path(digits[number].sha256) for number in (0, 1, 2))
    gone.unlink()
    swapped.write_bytes(workspace._blobs.path(digits[3].sha256).read_bytes())
    cut.write_bytes(cut.read_bytes()[:60])
    with closing(sqlite3.connect(workspace.folder / "fsl_demo.db", isolation_level=None)) as db:
        db.execute("DELETE FROM pictures WHERE sha256 = ?", (digits[4].sha256,))
    faults = workspace.check()
    assert sum("points to no row of pictures" in fault for fault in faults) == 3
    assert sum(digits[0].sha256 in fault and "gone" in fault for fault in faults) == 1
    assert sum(swapped.name in fault and digits[3].sha256 in fault for fault in faults) == 1
    assert sum(digits[2].sha256 in fault and "damaged" in fault for fault in faults) == 1
    assert len(faults) == 6


def test_check_finds_a_damaged_database(workspace: Workspace, labelled: LabelledEpisode) -> None:
    workspace.save_episode(labelled)
    workspace.close()
    path = workspace.folder / "fsl_demo.db"
    pages = bytearray(path.read_bytes())
    pages[8192:] = b"\xff" * len(pages[8192:])
    path.write_bytes(pages)
    assert workspace.check() != []


def test_reader_sees_one_state_while_another_writes(workspace: Workspace, labelled: LabelledEpisode) -> None:
    episode_id = workspace.save_episode(labelled)
    writer = Connections(workspace.folder / "fsl_demo.db")
    with workspace._connections.read() as db:
        before = db.execute("SELECT title FROM episodes").fetchall()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_retitle, writer, episode_id).result()
        assert db.execute("SELECT title FROM episodes").fetchall() == before
    assert workspace.episode(episode_id).title == "changed"


def _retitle(connections: Connections, episode_id: str) -> None:
    with connections.write() as db:
        db.execute("UPDATE episodes SET title = 'changed' WHERE id = ?", (episode_id,))
