"""Stored drafts with something wrong in them open; what cannot be shown is named, and stays."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from fsl_demo.ui import stored_document
from fsl_demo.ui.context import Asker
from fsl_demo.ui.document import Document
from tests.ui.conftest import Browser, restarted

SHA = "ab" * 32


def rewrite(browser: Browser, table: str, text: str) -> None:
    """Put a text in the place of what is stored of the draft."""
    key = "id" if table == "drafts" else "draft"
    with closing(sqlite3.connect(browser.page.workspace.folder / "fsl_demo.db")) as db, db:
        assert db.execute(f"UPDATE {table} SET data = ? WHERE {key} = ?", (text, browser.draft)).rowcount


def changed(browser: Browser, **fields: Any) -> Browser:
    """The session after a restart, with other fields in its stored draft."""
    rewrite(browser, "drafts", json.dumps({**browser.document.to_json(), **fields}))
    return restarted(browser)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"methods": "prototype"}, "methods"),
        ({"methods": [1]}, "methods"),
        ({"settings": {"prototype": {"none_below": float("nan")}}}, "settings.prototype.none_below"),
        ({"settings": {"prototype": [1]}}, "settings.prototype"),
        ({"settings": "x"}, "settings"),
        ({"title": 3}, "title"),
        ({"title": "\ud800"}, "title"),
        ({"queries": {"a": 1}}, "queries"),
        ({"labels": {SHA: {"answer": 1}}}, f"labels.{SHA}"),
        ({"labels": {SHA: {"answer": "none", "seconds": float("inf")}}}, f"labels.{SHA}"),
        ({"labels": {SHA: {"answer": "none", "source": "invented"}}}, f"labels.{SHA}"),
        ({"paths": [1]}, "paths"),
        ({"boxes": {SHA: [[0, 0, 0, 1]]}}, f"boxes.{SHA}"),
        ({"boxes": {SHA: [[0, 0, 1, float("nan")]]}}, f"boxes.{SHA}"),
        ({"boxes": {SHA: [[0, 0, 1]]}}, f"boxes.{SHA}"),
        ({"regions": {SHA: [{"box": [0, 0, 1, 1], "name": " "}]}}, f"regions.{SHA}"),
        ({"regions": {SHA: [{"box": [0, 0, 2, 1], "name": "cat"}]}}, f"regions.{SHA}"),
        ({"regions": [1]}, "regions"),
        ({"captioner": None}, "captioner"),
    ],
)
def test_a_malformed_field_is_named_and_the_rest_is_there(filled: Browser, fields: dict[str, Any], place: str) -> None:
    again = changed(filled, **fields)
    assert place in again.parts["unreadable"]
    assert "red" in again.html and len(again.document.support()) == 4
    if again.document.queries:
        assert again.predict()["state"] == "done"
    again.edit("add_class", key="00000000")
    kept = restarted(again)
    assert place in kept.parts["unreadable"], "it stays in the draft"
    kept.edit("forget_unreadable")
    assert not kept.document.unreadable and not kept.parts["unreadable"].strip()
    kept.undo()
    assert place in kept.parts["unreadable"]


def test_a_class_keeps_what_can_be_read(filled: Browser) -> None:
    data = filled.document.to_json()
    data["classes"][0]["name"] = 3
    data["classes"][1]["pictures"].append("../../etc/passwd")
    data["classes"].append({**data["classes"][1], "name": "twin", "pictures": []})
    data["classes"].append("no class")
    again = changed(filled, classes=data["classes"])
    rows = again.document.classes
    assert [row.name for row in rows] == ["", "blue", "twin"] and [len(row.pictures) for row in rows] == [2, 2, 0]
    assert rows[1].key != rows[2].key
    places = [part.place for part in again.document.unreadable]
    assert places == ["classes.4", "classes.1.name", "classes.2.pictures.3", "classes.3.key"]


@pytest.mark.parametrize("text", ["", "null", "3", "[1]", '"x"', "{", "[" * 100_000, '{"classes": 1}'])
def test_a_draft_that_is_none_opens_empty_and_says_so(filled: Browser, text: str) -> None:
    rewrite(filled, "drafts", text)
    again = restarted(filled)
    assert again.draft == filled.draft and again.document.unreadable
    again.edit("set_title", title="goes on")
    assert again.document.title == "goes on" and not again.notices


def _array(result: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {**result, "scores": {**result["scores"], "similarities": {**result["scores"]["similarities"], **fields}}}


@pytest.mark.parametrize(
    "wrong",
    [
        lambda result: {},
        lambda result: {**result, "classes": result["classes"][:1]},
        lambda result: {**result, "queries": result["queries"][:1]},
        lambda result: {**result, "support": []},
        lambda result: _array(result, shape=[2, 2]),
        lambda result: _array(result, shape=[-1]),
        lambda result: _array(result, float32="?"),
        lambda result: _array(result, float32="AADAfwAAwH8AAMB/AADAfwAAwH8AAMB/"),  # six times NaN
        lambda result: {**result, "scores": {**result["scores"], "seconds": float("nan")}},
        lambda result: {**result, "scores": {**result["scores"], "settings": [1]}},
    ],
)
def test_a_malformed_result_is_left_out_alone(filled: Browser, wrong: Any) -> None:
    filled.edit("tick_method", method="asif", ticked=True)
    assert filled.predict()["state"] == "done"
    stored = filled.document.results_json()
    stored["results"][0] = wrong(stored["results"][0])
    rewrite(filled, "draft_results", json.dumps(stored))
    again = restarted(filled)
    assert [result.scores.method for result in again.document.results] == ["asif"]
    assert "results.1" in again.parts["unreadable"] and all("answer" in row for row in again.rows.values())
    again.edit("forget_unreadable")
    assert not restarted(again).document.unreadable


def test_a_malformed_step_is_passed_over(filled: Browser) -> None:
    filled.edit("set_title", title="first")
    filled.edit("set_title", title="second")
    filled.edit("set_title", title="third")
    steps = len(filled.open_draft.history.steps)
    with closing(sqlite3.connect(filled.page.workspace.folder / "fsl_demo.db")) as db, db:
        db.execute("UPDATE draft_steps SET data = '{\"labels\": 3}' WHERE number = ?", (steps - 2,))
    again = restarted(filled)
    assert f"undo.{steps - 1}" in again.parts["unreadable"]
    again.undo()
    assert again.document.title == "second"
    again.edit("set_title", title="fourth")
    assert len(restarted(again).open_draft.history.steps) == steps - 1
    again.undo()
    again.undo()
    assert again.document.title == ""


def test_pictures_that_are_not_stored_are_named(filled: Browser) -> None:
    again = changed(filled, queries=[*filled.document.queries, SHA])
    assert again.row(SHA)["name"] == SHA[:16]
    answer = again.page.start(again.draft, "predict", values={}, asker=Asker(again.language))
    assert any(SHA in notice["text"] for notice in answer["notices"])
    again.ended(next(job for job in again.page.jobs.of(again.draft) if job.id == answer["job"]))
    assert [("answer" in again.row(query)) for query in again.document.queries] == [True, True, True, False]
    assert again.job("sorted_pictures", minimum=0.5)["state"] == "done"


def test_nan_does_not_come_in(filled: Browser) -> None:
    filled.label(filled.document.queries[0], "none", seconds=float("nan"))
    assert not filled.document.labels and "not understood" in filled.notice


def test_what_is_written_is_read(filled: Browser) -> None:
    data = json.loads(json.dumps(filled.document.to_json()))
    assert stored_document.read(data).unreadable == []
    assert stored_document.read(json.loads(json.dumps(Document().to_json()))).unreadable == []
