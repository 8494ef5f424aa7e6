"""Drafts and episodes of earlier versions open, show what they know, and say what is missing."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from fsl_demo.core.episodes import Label, LabelledEpisode
from fsl_demo.store import DraftRevision, Workspace, reading
from fsl_demo.store.schema import migrations
from fsl_demo.ui.document import NONE, Document, GivenLabel
from fsl_demo.ui.page import Page
from tests.ui.conftest import Browser, Colour, Paint, restarted


def previous_version(filled: Browser, folder: Path) -> sqlite3.Connection:
    """A workspace as the previous version has left it, with the pictures of another, ready for rows."""
    folder.mkdir()
    shutil.copytree(filled.page.workspace.folder / "blobs", folder / "blobs")
    connection = sqlite3.connect(folder / "fsl_demo.db")
    migrations.apply(Database(connection), stop_before="m005_labels_given_in_bulk")
    connection.execute("ATTACH ? AS newer", (str(filled.page.workspace.folder / "fsl_demo.db"),))
    for table in ("pictures", "thumbnails"):
        connection.execute(f"INSERT INTO main.{table} SELECT * FROM newer.{table}")
    connection.commit()
    connection.execute("DETACH newer")
    return connection


def old_draft(document: Document, outdated: bool) -> dict[str, Any]:
    """What the previous version wrote of a document: results and undo inside, and whether they are out of date."""
    data = document.to_json() | document.results_json()
    for name in ("paths", "scored"):
        del data[name]
    undo = {name: data[name] for name in ("title", "classes", "queries", "methods", "settings", "labels")}
    return {**data, "outdated": outdated, "undo": [undo]}


@pytest.mark.parametrize("outdated", [False, True])
def test_a_draft_of_the_previous_version_opens(filled: Browser, tmp_path: Path, outdated: bool) -> None:
    filled.predict()
    filled.predict()
    first, second = (row.key for row in filled.document.classes)
    q1, q2, q3 = filled.document.queries
    filled.label(q1, first, first)
    filled.label(q2, NONE, second)
    filled.label(q3, second)
    data = old_draft(filled.document, outdated)
    data["labels"][q3] |= {"suggestion": NONE, "source": "corrected"}  # it was "none of these"
    for result in data["results"]:
        del result["names"], result["descriptions"]  # which came later still
    with closing(previous_version(filled, tmp_path / "old")) as connection:
        with connection:
            connection.execute("INSERT INTO drafts VALUES ('d', 7, 'a tab', ?, 'then')", (json.dumps(data),))
        connection.execute("PRAGMA foreign_keys = ON")
    page = Page(Workspace(tmp_path / "old"), filled.page.registry)
    opened = Browser(page, draft="d")
    assert opened.draft == "d" and opened.open_draft.revision == 7
    assert opened.document.queries == filled.document.queries
    assert opened.document.labels[q2] == GivenLabel(NONE, second, source="corrected", annotator="Ada")
    assert opened.answers == ["red", "blue", "red"]
    assert opened.document.outdated == outdated == opened.parts["data:draft"]["outdated"]
    assert len(opened.document.previous) == 2 and "What moved" in opened.parts["moved"]
    assert "red" in opened.panel("details", query=q1) and not opened.notices
    assert opened.row(q2)["label"] == NONE and opened.row(q3)["source"] == "corrected"
    opened.undo()  # there is nothing that could be undone
    opened.edit("set_title", title="goes on")
    opened.edit("save")
    assert not [notice for notice in opened.notices if notice["kind"] == "error"]
    again = restarted(opened)
    assert again.document.title == "goes on" and again.answers == opened.answers
    assert again.document.outdated == outdated
    assert page.workspace.check() == []


def test_a_draft_of_the_first_version_opens(filled: Browser, tmp_path: Path) -> None:
    """Which had no previous results, captioner or names yet."""
    data = old_draft(filled.document, False)
    for name in ("previous", "captioner", "unsaved"):
        del data[name]
    with closing(previous_version(filled, tmp_path / "old")) as connection, connection:
        connection.execute("INSERT INTO drafts VALUES ('d', 1, 'a tab', ?, 'then')", (json.dumps(data),))
    opened = Browser(Page(Workspace(tmp_path / "old"), filled.page.registry), draft="d")
    assert [row.name for row in opened.document.rows()] == ["red", "blue"] and not opened.document.outdated
    assert opened.predict()["state"] == "done"


def test_a_draft_that_is_no_document_does_not_stop_the_list(filled: Browser) -> None:
    for data in ({}, {"classes": 3}, {"classes": [{"x": 1}], "labels": {}}):
        filled.page.workspace.drafts.create(DraftRevision(data))
    left = filled.draft
    filled.open("new")
    assert left in filled.panel("episodes") and not filled.notices


def test_an_old_episode_with_labels_of_none_opens(filled: Browser) -> None:
    filled.predict()
    q1, q2, q3 = filled.document.queries
    first, second = (row.key for row in filled.document.classes)
    filled.label(q1, NONE, first)
    filled.label(q2, NONE)
    filled.label(q3, first, second)
    filled.edit("save")
    workspace, saved = filled.page.workspace, filled.document.episode_id
    stored = workspace.episode(saved)
    labels = {
        **stored.labels,
        2: Label(0, "Bob", source="corrected", suggestion=None, seconds=1.0),
    }  # the method had said "none of these"
    old = LabelledEpisode(stored.episode, "old", runs=stored.runs, labels=labels)
    filled.open("reopen", episode=workspace.save_episode(old))
    first, second = (row.key for row in filled.document.classes)
    assert list(filled.document.labels.values()) == [
        GivenLabel(NONE, first, source="corrected", annotator="Ada"),
        GivenLabel(NONE, "", source="blind", annotator="Ada"),
        GivenLabel(first, NONE, source="corrected", annotator="Bob", seconds=1.0),
    ]
    assert filled.answers == ["red", "blue", "red"] and "1 of 3 right" in filled.html
    filled.edit("save")
    again = workspace.episode(filled.document.episode_id)
    assert dict(again.labels) == labels


@pytest.mark.slow
def test_results_of_a_method_that_is_gone_are_shown_and_it_is_named(filled: Browser) -> None:
    filled.edit("tick_method", method="prototype", ticked=True)
    filled.predict()
    filled.edit("save")
    again = restarted(filled, {"prototype": Colour()})
    again.edit("set_setting", method="prototype", name="none_below", value="0.9")
    assert "“asif” is not installed here" in again.parts["methods"]
    assert [column["id"] for column in again.parts["data:columns"]] == ["prototype", "asif"]
    assert again.parts["data:columns"][1]["title"] == "asif"
    assert again.row(again.document.queries[0])["methods"].keys() == {"prototype", "asif"}
    again.undo()
    shown = again.panel("details", query=again.document.queries[0], method="asif")
    assert "“asif” is not installed here" in shown and "red" in shown and not again.notices
    again.open("reopen", episode=filled.document.episode_id)
    shown = again.panel("details", query=again.document.queries[0], method="asif")
    assert "“asif” is not installed here" in shown
    assert "asif" in again.panel("episodes") and '"matrix"' in again.panel("plots", method="asif")
    assert again.predict()["state"] == "done"
    assert [result.scores.method for result in again.document.results] == ["prototype"]
    again.label(again.document.queries[0], again.document.classes[0].key)
    assert "1 of 1 right" in again.html


def test_settings_that_a_method_does_not_have_any_more_are_left_alone(filled: Browser) -> None:
    filled.document.settings = {"prototype": {"gone": 3}, "no method": {"x": 1}}
    filled.edit("set_title", title="saves it")
    again = restarted(filled)
    assert again.predict()["state"] == "done"
    assert again.document.settings == {"prototype": {"gone": 3}, "no method": {"x": 1}}


def test_a_reopened_episode_is_up_to_date_after_a_setting_is_set_and_taken_back(filled: Browser) -> None:
    filled.predict()
    filled.edit("save")
    filled.open("reopen", episode=filled.document.episode_id)
    assert not filled.document.outdated
    filled.edit("set_setting", method="prototype", name="none_below", value="0.9")
    assert filled.document.outdated
    filled.edit("set_setting", method="prototype", name="none_below", value="")
    assert not filled.document.outdated


def test_a_workspace_that_cannot_be_written_to_is_worked_in_and_stays(filled: Browser, paint: Paint) -> None:
    workspace = filled.page.workspace
    folder = workspace.folder
    before = {path: path.read_bytes() for path in folder.rglob("*.png")}
    page = Page(reading.copied(folder), filled.page.registry)
    reopened = Browser(page, tab="tab-2", draft=filled.draft)
    reopened.add("queries", paint("q4.png", (1, 2, 3)))
    reopened.predict()
    assert len(reopened.document.queries) == 4 and reopened.document.results
    assert "cannot be written to" in reopened.parts["header"] and str(folder) in reopened.parts["header"]
    assert "cannot be written to" not in filled.parts["header"]
    assert {path: path.read_bytes() for path in folder.rglob("*.png")} == before
    assert len(Browser(filled.page, draft=filled.draft).document.queries) == 3
