"""Episodes: saved, brought up to date, found, restored."""

import dataclasses
import math
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from fsl_demo.core.episodes import ClassSpec, Episode, Example, Label, LabelledEpisode, Run
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.store import EpisodeFilter, Workspace
from tests.store.conftest import make_scores

Same = Callable[[LabelledEpisode, LabelledEpisode], None]


def with_queries(labelled: LabelledEpisode, queries: list[Picture], labels: dict[int, Label]) -> LabelledEpisode:
    episode = dataclasses.replace(labelled.episode, queries=tuple(queries))
    return dataclasses.replace(labelled, episode=episode, labels=labels, runs=())


def sql(workspace: Workspace, query: str, *values: object) -> list[tuple]:
    """What a plain SQLite client sees."""
    with closing(sqlite3.connect(workspace.folder / "fsl_demo.db")) as connection:
        return connection.execute(query, values).fetchall()


def test_restored_whole(workspace: Workspace, labelled: LabelledEpisode, assert_same: Same) -> None:
    episode_id = workspace.save_episode(labelled)
    assert_same(Workspace(workspace.folder).episode(episode_id), labelled)


def test_awkward_episodes_are_restored(workspace: Workspace, digits: list[Picture], assert_same: Same) -> None:
    scores = make_scores("m", 2, classes=1, support=0)
    endless = dataclasses.replace(scores, none_below=-math.inf, pairs=None, settings={})
    cases = [
        LabelledEpisode(Episode(())),
        LabelledEpisode(Episode((ClassSpec(""),), (), tuple(digits[:2])), runs=(Run(scores), Run(endless))),
        LabelledEpisode(
            Episode((ClassSpec("a"),), (Example(digits[0], 0),) * 3, (digits[0],) * 3), labels={1: Label(0)}
        ),
        LabelledEpisode(Episode((ClassSpec("a"),)), runs=(Run(make_scores("m", 0, classes=1, support=0)),)),
    ]
    for case in cases:
        assert_same(workspace.episode(workspace.save_episode(case)), case)


def test_name_of_a_picture_belongs_to_the_episode(workspace: Workspace, digits: list[Picture]) -> None:
    renamed = from_image(digits[0].image(), "other.png")
    for picture in (digits[0], renamed):
        episode_id = workspace.save_episode(LabelledEpisode(Episode((), (), (picture,))))
        assert workspace.episode(episode_id).episode.queries[0].name == picture.name


def test_saving_again_changes_nothing_but_the_time(workspace: Workspace, labelled: LabelledEpisode) -> None:
    episode_id = workspace.save_episode(labelled)
    tables = ("labels", "runs", "predictions", "episode_items", "classes", "pictures")
    before = [sql(workspace, f"SELECT * FROM {table}") for table in tables]
    assert workspace.save_episode(workspace.episode(episode_id), episode_id) == episode_id
    assert [sql(workspace, f"SELECT * FROM {table}") for table in tables] == before
    assert [kind for (kind,) in sql(workspace, "SELECT kind FROM events ORDER BY id")] == ["created", "updated"]


def test_brought_up_to_date_in_place(
    workspace: Workspace, labelled: LabelledEpisode, digits: list[Picture], assert_same: Same
) -> None:
    episode_id = workspace.save_episode(labelled)
    old = labelled.episode
    changed = LabelledEpisode(
        Episode(
            (old.classes[2], ClassSpec("new", ("fresh",)), ClassSpec("ZÉRO", ())),
            (Example(digits[3], 2), Example(digits[20], 1), Example(digits[0], 0)),
            (digits[13], digits[21], digits[10]),
        ),
        "Renamed",
        runs=(Run(make_scores("other", 3, classes=3, support=3)),),
        labels={2: Label(0, "Ada", source="corrected", suggestion=2, seconds=1.5)},
    )
    assert workspace.save_episode(changed, episode_id) == episode_id
    assert_same(workspace.episode(episode_id), changed)
    assert len(workspace.episodes()) == 1


def test_labels_follow_their_picture(workspace: Workspace, labelled: LabelledEpisode, digits: list[Picture]) -> None:
    first = Label(1, "Ada")
    episode_id = workspace.save_episode(with_queries(labelled, digits[10:13], {0: first}))
    moved = with_queries(labelled, [digits[12], digits[30], digits[10]], {2: first})
    workspace.save_episode(moved, episode_id)
    assert workspace.episode(episode_id).labels == {2: first}
    assert [record.class_name for record in workspace.label_history(episode_id, 2)] == ["一"]
    assert workspace.label_history(episode_id, 0) == []


def test_history_survives_taking_the_query_out(
    workspace: Workspace, labelled: LabelledEpisode, digits: list[Picture]
) -> None:
    episode_id = workspace.save_episode(with_queries(labelled, digits[10:12], {0: Label(1, "Ada")}))
    workspace.save_episode(with_queries(labelled, digits[11:12], {}), episode_id)
    assert workspace.episode(episode_id).labels == {}
    workspace.save_episode(with_queries(labelled, digits[10:12], {0: Label(1, "Ada")}), episode_id)
    assert [record.kind for record in workspace.label_history(episode_id, 0)] == ["class"]


def test_only_labels_that_differ_are_appended(workspace: Workspace, labelled: LabelledEpisode) -> None:
    episode_id = workspace.save_episode(labelled)
    labels = {0: Label(1, "Grace", "blind"), 2: labelled.labels[2], 3: Label(0, "Grace")}
    workspace.save_episode(dataclasses.replace(labelled, labels=labels), episode_id)
    workspace.save_episode(dataclasses.replace(labelled, labels={2: labelled.labels[2]}), episode_id)
    history = [workspace.label_history(episode_id, position) for position in range(4)]
    assert [[record.kind for record in records] for records in history] == [
        ["class", "class", "cleared"],
        [],
        ["none"],
        ["class", "cleared"],
    ]
    assert [record.supersedes for record in history[0]] == [None, history[0][0].id, history[0][1].id]
    assert workspace.episode(episode_id).labels == {2: labelled.labels[2]}


def test_label_by_label(workspace: Workspace, labelled: LabelledEpisode) -> None:
    episode_id = workspace.save_episode(labelled)
    workspace.label(episode_id, 1, Label(0, "Ada", source="accepted", suggestion=0, seconds=3.0))
    workspace.label(episode_id, 1, Label(0, "Ada", source="accepted", suggestion=0, seconds=3.0))
    workspace.label(episode_id, 1, Label(None, "Ada", source="corrected", suggestion=0, seconds=4.0))
    workspace.label(episode_id, 1, None)
    workspace.label(episode_id, 1, None)
    records = workspace.label_history(episode_id, 1)
    assert [(r.kind, r.class_name, r.annotator, r.source, r.suggestion, r.seconds) for r in records] == [
        ("class", "zéro", "Ada", "accepted", "zéro", 3.0),
        ("none", "", "Ada", "corrected", "zéro", 4.0),
        ("cleared", "", "", "", "", 0.0),
    ]
    assert 1 not in workspace.episode(episode_id).labels
    workspace.label(episode_id, 1, Label(2))
    stored = workspace.episode(episode_id)
    assert stored.labels[1] == Label(2)
    assert stored.labelled_at[1] == workspace.label_history(episode_id, 1)[-1].created_at


@pytest.mark.parametrize("statement", ["UPDATE labels SET annotator = 'x'", "DELETE FROM labels"])
def test_labels_cannot_be_rewritten(workspace: Workspace, labelled: LabelledEpisode, statement: str) -> None:
    workspace.save_episode(labelled)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        sql(workspace, statement)


def test_two_classes_of_one_name_are_refused_and_nothing_is_saved(
    workspace: Workspace, labelled: LabelledEpisode
) -> None:
    episode_id = workspace.save_episode(labelled)
    twice = LabelledEpisode(Episode((ClassSpec("Cat"), ClassSpec(" cat "))), "no")
    for target in (None, episode_id):
        with pytest.raises(UserError) as caught:
            workspace.save_episode(twice, target)
        assert caught.value.code == "class_name_twice"
    assert [summary.title for summary in workspace.episodes()] == [labelled.title]
    assert workspace.episode(episode_id).episode == labelled.episode


@pytest.mark.parametrize("shape", [(5, 3), (4, 2)])
def test_scores_of_another_episode_are_refused(
    workspace: Workspace, labelled: LabelledEpisode, shape: tuple[int, int]
) -> None:
    wrong = dataclasses.replace(labelled, runs=(Run(make_scores("m", *shape, 5)),))
    with pytest.raises(ValueError, match="m: scores of"):
        workspace.save_episode(wrong)
    assert workspace.episodes() == []


def test_missing_ids(workspace: Workspace, labelled: LabelledEpisode) -> None:
    episode_id = workspace.save_episode(labelled)
    calls: list[tuple[str, Callable[[], Any]]] = [
        ("episode_missing", lambda: workspace.episode("x")),
        ("episode_missing", lambda: workspace.save_episode(labelled, "x")),
        ("episode_missing", lambda: workspace.label("x", 0, None)),
        ("episode_missing", lambda: workspace.label_history("x", 0)),
        ("episode_missing", lambda: workspace.delete_episode("x")),
        ("episode_missing", lambda: workspace.restore_episode("x")),
        ("query_missing", lambda: workspace.label(episode_id, 4, None)),
        ("query_missing", lambda: workspace.label_history(episode_id, -1)),
    ]
    for code, call in calls:
        with pytest.raises(UserError) as caught:
            call()
        assert caught.value.code == code
        assert str(caught.value)


def test_summary(workspace: Workspace, labelled: LabelledEpisode) -> None:
    episode_id = workspace.save_episode(labelled)
    (summary,) = workspace.episodes()
    assert (summary.id, summary.title) == (episode_id, "Digits, hand-written")
    assert summary.classes == ("zéro", "一", "Two / 2 ")
    assert (summary.support, summary.queries, summary.labelled) == (5, 4, 2)
    assert summary.methods == ("proto", "tip")
    assert summary.thumbnails[:5] == tuple(example.picture.sha256 for example in labelled.episode.support)
    assert summary.created_at == summary.updated_at


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        ({}, ["Digits, hand-written", "Pets"]),
        ({"text": "HAND-"}, ["Digits, hand-written"]),
        ({"text": "ZÉRO"}, ["Digits, hand-written"]),
        ({"text": "whiskers"}, ["Pets"]),
        ({"text": "digit 13"}, ["Digits, hand-written"]),
        ({"text": "100%"}, []),
        ({"text": "\ud800"}, []),
        ({"class_name": "CAT"}, ["Pets"]),
        ({"class_name": "ca"}, []),
        ({"method": "tip"}, ["Digits, hand-written"]),
        ({"method": "tip", "text": "pets"}, []),
        ({"since": "2000-01-01", "until": "2999"}, ["Digits, hand-written", "Pets"]),
        ({"since": "2999-01-01"}, []),
        ({"until": "2000-01-01"}, []),
        ({"deleted": True}, ["Gone"]),
    ],
)
def test_search(workspace: Workspace, labelled: LabelledEpisode, filters: dict[str, Any], titles: list[str]) -> None:
    pets = LabelledEpisode(Episode((ClassSpec("Cat", ("whiskers",)), ClassSpec("dog"))), "Pets")
    workspace.save_episode(pets)
    workspace.delete_episode(workspace.save_episode(dataclasses.replace(pets, title="Gone")))
    workspace.save_episode(labelled)
    assert [summary.title for summary in workspace.episodes(EpisodeFilter(**filters))] == titles


def test_until_includes_the_day(workspace: Workspace, labelled: LabelledEpisode) -> None:
    workspace.save_episode(labelled)
    today = workspace.episodes()[0].updated_at[:10]
    assert len(workspace.episodes(EpisodeFilter(since=today, until=today))) == 1


def test_delete_and_restore(workspace: Workspace, labelled: LabelledEpisode, assert_same: Same) -> None:
    episode_id = workspace.save_episode(labelled)
    workspace.delete_episode(episode_id)
    assert workspace.episodes() == []
    assert workspace.statistics().episodes == 0
    workspace.restore_episode(episode_id)
    assert_same(workspace.episode(episode_id), labelled)
    assert [summary.id for summary in workspace.episodes()] == [episode_id]
    assert sql(workspace, "SELECT kind FROM events ORDER BY id") == [("created",), ("deleted",), ("restored",)]


def test_statistics(workspace: Workspace, labelled: LabelledEpisode) -> None:
    empty = workspace.statistics()
    assert (empty.episodes, empty.pictures, empty.labels, empty.agreement) == (0, 0, 0, None)
    episode_id = workspace.save_episode(labelled)
    workspace.label(episode_id, 1, Label(0, "Ada", source="accepted", suggestion=0))
    workspace.label(episode_id, 3, Label(1, "Ada", source="accepted", suggestion=1))
    workspace.label(episode_id, 3, None)
    numbers = workspace.statistics()
    assert (numbers.episodes, numbers.pictures, numbers.classes, numbers.labels) == (1, 9, 3, 3)
    assert numbers.by_annotator == {"Ada": 2, "阿明": 1}
    assert numbers.by_source == {"accepted": 1, "blind": 1, "corrected": 1}
    assert numbers.agreement == 0.5
    assert numbers.bytes == sum(file.stat().st_size for file in workspace.folder.rglob("*") if file.is_file())


def test_other_tools_can_read_predictions_and_labels(workspace: Workspace, labelled: LabelledEpisode) -> None:
    workspace.save_episode(labelled)
    rows = sql(workspace, "SELECT method, query, file_name, class, probability, similarity FROM readable_predictions")
    assert len(rows) == 2 * 4 * 3
    method, query, file_name, name, probability, similarity = rows[0]
    assert (method, query, file_name, name) == ("proto", 0, "digit 10.png", "zéro")
    scores = labelled.runs[0].scores
    assert np.float32(probability) == scores.probabilities[0, 0]
    assert np.float32(similarity) == scores.similarities[0, 0]
    assert sql(workspace, "SELECT query, kind, class, annotator FROM readable_labels ORDER BY query") == [
        (0, "class", "Two / 2 ", "Ada"),
        (2, "none", None, "阿明"),
    ]
