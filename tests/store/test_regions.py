"""Boxes on support pictures and regions of queries: saved, restored whole, taken back, never rewritten."""

from __future__ import annotations

import dataclasses
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from fsl_demo.core.accounts import Account
from fsl_demo.core.episodes import ClassSpec, Episode, Example, LabelledEpisode
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.regions import Box, RegionLabel
from fsl_demo.store import EpisodeFilter, RegionRecord, Workspace
from fsl_demo.store.schema import migrations

LEFT: Box = (0.0, 0.0, 0.5, 1.0)
SMALL: Box = (0.1, 0.25, 0.3, 1 / 3)
BALL = RegionLabel(SMALL, "a red ball", annotator="Ada")
DOG = RegionLabel(LEFT, "狗, großer Hund", annotator="阿明", source="accepted")
CAT = RegionLabel((0.5, 0.5, 1.0, 1.0), "cat", source="imported")


@pytest.fixture
def labelled(labelled: LabelledEpisode) -> LabelledEpisode:
    """The episode without any mark."""
    support = tuple(dataclasses.replace(example, boxes=()) for example in labelled.episode.support)
    return dataclasses.replace(labelled, episode=dataclasses.replace(labelled.episode, support=support), regions={})


def boxed(labelled: LabelledEpisode, *boxes: tuple[Box, ...], **regions: tuple[RegionLabel, ...]) -> LabelledEpisode:
    """The episode with boxes on its first support pictures, and regions of queries, as `q0=...`."""
    support = list(labelled.episode.support)
    for place, drawn in enumerate(boxes):
        support[place] = dataclasses.replace(support[place], boxes=drawn)
    episode = dataclasses.replace(labelled.episode, support=tuple(support))
    return dataclasses.replace(labelled, episode=episode, regions={int(name[1:]): of for name, of in regions.items()})


def sql(workspace: Workspace, statement: str) -> list[Any]:
    with closing(sqlite3.connect(workspace.folder / "fsl_demo.db")) as db:
        return db.execute(statement).fetchall()


def told(records: list[RegionRecord]) -> list[tuple[str, str, int | None]]:
    """Kind and name of each record, and which of the list, from 1, it supersedes."""
    numbers = {record.id: number for number, record in enumerate(records, start=1)}
    return [(r.kind, r.name, numbers[r.supersedes] if r.supersedes else None) for r in records]


def test_boxes_and_regions_are_restored_whole_and_in_order(workspace: Workspace, labelled: LabelledEpisode) -> None:
    everything = boxed(labelled, (SMALL, LEFT), (), (LEFT,), q0=(BALL, DOG), q3=(CAT,))
    episode_id = workspace.save_episode(everything)
    for _ in range(2):
        stored = Workspace(workspace.folder).episode(episode_id)
        assert stored.episode == everything.episode
        assert stored.regions == everything.regions
        workspace.save_episode(stored, episode_id)
    assert len(sql(workspace, "SELECT * FROM regions")) == 6, "saving the same again adds nothing"


def test_what_is_changed_is_superseded_and_keeps_its_place(workspace: Workspace, labelled: LabelledEpisode) -> None:
    episode_id = workspace.save_episode(boxed(labelled, q0=(BALL, DOG)))
    renamed = dataclasses.replace(BALL, name="a balloon", annotator="Grace")
    for regions in [(renamed, DOG), (DOG,), (renamed, DOG), (renamed, DOG, CAT)]:
        workspace.save_episode(boxed(labelled, q0=regions), episode_id)
        assert workspace.episode(episode_id).regions == {0: regions}
    records = workspace.region_labels.history(episode_id, 0)
    assert told(records) == [
        ("marked", "a red ball", None),
        ("marked", "狗, großer Hund", None),
        ("marked", "a balloon", 1),
        ("withdrawn", "a balloon", 3),
        ("marked", "a balloon", 4),
        ("marked", "cat", None),
    ]
    assert records[2].annotator == "Grace" and records[0].source == "drawn" and records[1].box == LEFT
    assert [r.created_at for r in records] == sorted(r.created_at for r in records)


def test_region_by_region(workspace: Workspace, labelled: LabelledEpisode) -> None:
    episode_id = workspace.save_episode(labelled)
    before = workspace.episodes()[0].updated_at
    for label in (BALL, DOG, BALL):
        workspace.region_labels.add(episode_id, 1, label)
    assert workspace.episode(episode_id).regions == {1: (BALL, DOG)}
    workspace.region_labels.withdraw(episode_id, 1, BALL)
    assert workspace.episode(episode_id).regions == {1: (DOG,)}
    workspace.region_labels.add(episode_id, 1, BALL)
    assert workspace.episode(episode_id).regions == {1: (BALL, DOG)}, "it is in its place again"
    assert [kind for kind, _, _ in told(workspace.region_labels.history(episode_id, 1))] == [
        *("marked", "marked", "withdrawn", "marked")
    ]
    assert workspace.episodes()[0].updated_at > before


def test_what_is_not_there_is_told(workspace: Workspace, labelled: LabelledEpisode) -> None:
    episode_id = workspace.save_episode(boxed(labelled, q0=(BALL,)))
    regions = workspace.region_labels
    for code, call in [
        ("region_missing", lambda: regions.withdraw(episode_id, 0, DOG)),
        ("query_missing", lambda: regions.withdraw(episode_id, 9, DOG)),
        ("query_missing", lambda: regions.add(episode_id, 9, DOG)),
        ("episode_missing", lambda: regions.add("x", 0, DOG)),
        ("episode_missing", lambda: regions.history("x", 0)),
    ]:
        with pytest.raises(UserError) as caught:
            call()
        assert caught.value.code == code and str(caught.value)
    assert workspace.episode(episode_id).regions == {0: (BALL,)}


@pytest.mark.parametrize("statement", ["UPDATE regions SET name = 'x'", "DELETE FROM regions"])
def test_regions_cannot_be_rewritten(workspace: Workspace, labelled: LabelledEpisode, statement: str) -> None:
    workspace.save_episode(boxed(labelled, (LEFT,)))
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        sql(workspace, statement)


def test_the_regions_of_a_picture_that_is_taken_out_stay(
    workspace: Workspace, labelled: LabelledEpisode, digits: list[Picture]
) -> None:
    everything = boxed(labelled, q1=(BALL,))
    episode_id = workspace.save_episode(everything)
    queries = everything.episode.queries
    without = dataclasses.replace(everything.episode, queries=queries[:1] + queries[2:])
    workspace.save_episode(dataclasses.replace(labelled, episode=without, runs=(), labels={}), episode_id)
    assert workspace.episode(episode_id).regions == {}
    assert len(sql(workspace, "SELECT * FROM current_regions")) == 1
    workspace.save_episode(everything, episode_id)
    assert workspace.episode(episode_id).regions == {1: (BALL,)}
    assert len(sql(workspace, "SELECT * FROM regions")) == 1


def test_a_picture_twice_has_regions_of_its_own(workspace: Workspace, digits: list[Picture]) -> None:
    support = (Example(digits[0], 0, (LEFT,)), Example(digits[0], 1, (SMALL,)))
    episode = Episode((ClassSpec("a"), ClassSpec("b")), support, (digits[1], digits[1]))
    labelled = LabelledEpisode(episode, regions={0: (BALL,), 1: (DOG,)})
    stored = workspace.episode(workspace.save_episode(labelled))
    assert stored.episode == episode and stored.regions == labelled.regions


def test_boxes_say_who_drew_them_first(workspace: Workspace, labelled: LabelledEpisode) -> None:
    ada, grace = (workspace.accounts.add(name, "reviewer", "long enough a password") for name in ("Ada", "Grace"))
    episode_id = workspace.save_episode(boxed(labelled, (LEFT,)), by=ada)
    workspace.save_episode(boxed(labelled, (LEFT, SMALL)), episode_id, grace)
    rows = sql(workspace, "SELECT annotator, name, source FROM regions ORDER BY id")
    assert rows == [("Ada", "", "drawn"), ("Grace", "", "drawn")]


def test_an_annotator_changes_regions_of_their_own_only(workspace: Workspace, labelled: LabelledEpisode) -> None:
    ada: Account = workspace.accounts.add("Ada", "annotator", "long enough a password")
    episode_id = workspace.save_episode(boxed(labelled, (LEFT,), q0=(BALL, DOG)))
    own = RegionLabel(SMALL, "a balloon", annotator="Ada")
    workspace.save_episode(boxed(labelled, (LEFT,), q0=(own,), q2=(own, CAT)), episode_id, ada)
    assert workspace.episode(episode_id).regions == {0: (own, DOG), 2: (own,)}
    with pytest.raises(UserError) as caught:
        workspace.save_episode(boxed(labelled, (LEFT, SMALL), q0=(own, DOG)), episode_id, ada)
    assert caught.value.code == "episode_shared"


def test_boxes_are_counted_and_their_names_found(workspace: Workspace, labelled: LabelledEpisode) -> None:
    episode_id = workspace.save_episode(boxed(labelled, (LEFT,), q0=(BALL, DOG)))
    workspace.region_labels.withdraw(episode_id, 0, DOG)
    assert workspace.statistics().boxes == 2
    for text, there in (("RED BALL", True), ("hund", False)):
        assert bool(workspace.episodes(EpisodeFilter(text=text))) is there
    workspace.delete_episode(episode_id)
    assert workspace.statistics().boxes == 0


def test_other_tools_can_read_regions(workspace: Workspace, labelled: LabelledEpisode) -> None:
    workspace.save_episode(boxed(labelled, (LEFT,), q0=(BALL, DOG), q1=(CAT,)))
    columns = "role, position, file_name, name, x1, y1, x2, y2, annotator, source"
    assert sql(workspace, f"SELECT {columns} FROM readable_regions ORDER BY role DESC, position, x1 DESC") == [
        ("support", 0, "digit 0.png", "Two / 2 ", 0.0, 0.0, 8.0, 16.0, "", "drawn"),
        ("query", 0, "digit 10.png", "a red ball", 1.6, 4.0, 4.8, 16 / 3, "Ada", "drawn"),
        ("query", 0, "digit 10.png", "狗, großer Hund", 0.0, 0.0, 8.0, 16.0, "阿明", "accepted"),
        ("query", 1, "digit 11.png", "cat", 8.0, 8.0, 16.0, 16.0, "", "imported"),
    ]


def test_episodes_of_the_previous_version_open_and_take_boxes(
    tmp_path: Path, workspace: Workspace, labelled: LabelledEpisode
) -> None:
    episode_id = workspace.save_episode(labelled)
    workspace.close()
    with closing(sqlite3.connect(workspace.folder / "fsl_demo.db")) as db:
        db.executescript(
            "DROP VIEW readable_regions; DROP VIEW current_regions; DROP TABLE regions;"
            "DELETE FROM _sqlite_migrations WHERE name = 'm008_regions';"
        )
        assert [migration.name for migration in migrations.pending(Database(db))] == ["m008_regions"]
    again = Workspace(workspace.folder)
    assert again.episode(episode_id).episode == labelled.episode and again.episode(episode_id).regions == {}
    again.save_episode(boxed(labelled, (LEFT,)), episode_id)
    assert again.episode(episode_id).episode.support[0].boxes == (LEFT,) and again.check() == []
