"""Edits: numbered by browser tab, taken once, saved whoever else saves, and undone by steps."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from fsl_demo.core.errors import UserError
from fsl_demo.inference import variants
from fsl_demo.store import DraftRevision, StaleDraft, Workspace
from fsl_demo.ui import ranking
from fsl_demo.ui.document import NONE, GivenLabel
from fsl_demo.ui.page import Page, SentEdit
from fsl_demo.ui.tabs import results_edits, workbench_edits
from tests.ui.conftest import Browser, Colour, Paint, ReadingColour, Registry, restarted


def another_tab(browser: Browser, page: Page | None = None) -> Browser:
    """A second browser tab that shows the same draft."""
    return Browser(page or browser.page, "tab-2", draft=browser.draft)


def another_process(browser: Browser) -> Page:
    return Page(Workspace(browser.page.workspace.folder), Registry([Colour(), ReadingColour("asif")]))


def without_save_state(browser: Browser) -> dict[str, Any]:
    """Everything of the document that an undo brings back."""
    data = json.loads(json.dumps(browser.document.to_json()))
    del data["unsaved"]
    return data


# --- taken once ----------------------------------------------------------------------------------------------------


def test_an_edit_that_is_sent_twice_is_made_once(browser: Browser) -> None:
    edit = SentEdit(n=1, type="send_to_support", values={"pictures": [], "name": "cat"})
    browser.send([edit])
    steps = len(browser.open_draft.history.steps)
    assert browser.send([edit])["taken"] == 1
    assert [row.name for row in browser.document.rows()] == ["cat"]
    assert len(browser.open_draft.history.steps) == steps
    answer = browser.send([edit, SentEdit(n=2, type="set_title", values={"title": "Pets"})])
    assert (answer["taken"], browser.document.title) == (2, "Pets")
    assert len(browser.open_draft.history.steps) == steps + 1


def test_an_undo_that_is_sent_twice_takes_back_one_step(filled: Browser) -> None:
    filled.edit("set_title", title="one")
    filled.edit("set_title", title="two")
    filled.undo()
    filled.send([SentEdit(n=filled.number, type="undo", values={})])
    assert filled.document.title == "one"


def test_edits_of_two_tabs_on_one_draft_both_count(filled: Browser) -> None:
    other = another_tab(filled)
    first, second = filled.document.classes
    other.edit("rename", key=first.key, name="crimson")
    filled.edit("rename", key=second.key, name="azure")
    assert list(filled.document.class_names().values()) == ["crimson", "azure"]
    assert other.document is filled.document
    filled.look()
    other.look()
    assert filled.parts == other.parts and filled.rows == other.rows


def test_edits_after_a_restart_continue_where_they_were(filled: Browser) -> None:
    filled.edit("set_title", title="before")
    again = restarted(filled)
    last = SentEdit(n=again.number, type="set_title", values={"title": "sent again"})
    assert again.send([last])["taken"] == again.number
    assert again.document.title == "before"
    again.edit("set_title", title="after")
    assert again.document.title == "after"
    assert restarted(again).document.title == "after"


def test_a_refused_edit_is_told_and_acknowledged_and_the_others_are_made(filled: Browser) -> None:
    key = filled.document.classes[0].key
    answer = filled.edits(
        ("set_title", {"title": "kept"}),
        ("move_picture", {"source": "queries", "sha": filled.document.queries[0], "target": "gone"}),
        ("no_such_edit", {}),
        ("rename", {"key": key, "name": ["not", "a", "text"]}),
        ("rename", {"key": key, "name": "crimson", "also": 1}),
        ("add_pictures", {"target": "queries", "pictures": [["0" * 64, "x.png"]]}),
        ("set_setting", {"method": "prototype", "name": "none_below", "value": "7"}),
        ("rename", {"key": key, "name": "scarlet"}),
    )
    assert answer["taken"] == filled.number
    assert filled.document.title == "kept" and filled.document.row(key).name == "scarlet"  # type: ignore[union-attr]
    assert len(filled.document.queries) == 3 and not filled.document.settings
    assert [notice["kind"] for notice in filled.notices] == ["error"] * 6  # five, and how many more there are
    assert "This class is no longer there" in filled.notice or "not understood" in filled.notice
    assert "and 1 more" in filled.notice


@pytest.mark.parametrize("value", ["7", "nan", "much", "-1"])
def test_a_setting_out_of_bounds_is_refused_by_name(filled: Browser, value: str) -> None:
    filled.edit("set_setting", method="prototype", name="none_below", value=value)
    assert f"none_below” cannot be {value}. It is a number from 0 to 1." in filled.notice
    assert not filled.document.settings


def test_an_unexpected_error_of_an_edit_is_a_sentence(filled: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(edit: Any, context: Any) -> None:
        context.document.title = "half"
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(workbench_edits.Clear, "apply", broken)
    title = filled.document.title
    answer = filled.edits(("clear", {}), ("add_class", {"key": "0123abcd"}))
    assert filled.notice == "Something went wrong, and nothing was lost: ZeroDivisionError: oh"
    assert answer["taken"] == filled.number and filled.document.title == title
    assert len(filled.document.classes) == 3


def test_an_edit_is_acknowledged_when_its_outcome_cannot_be_shown(
    filled: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oh")

    with monkeypatch.context() as patch:
        patch.setattr(ranking, "rows", broken)
        answer = filled.edit("set_title", title="kept")
    assert answer["taken"] == filled.number and "ZeroDivisionError: oh" in filled.notice
    filled.edit("add_class", key="0123abcd")
    assert filled.document.title == "kept" and "kept" in filled.parts["toolbar"]


def test_what_cannot_be_saved_is_not_acknowledged(filled: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise UserError("disk_full", folder="/")

    before, number = without_save_state(filled), filled.number
    with monkeypatch.context() as patch:
        patch.setattr(filled.page.workspace.drafts, "save", full)
        with pytest.raises(UserError, match="The disk is full"):
            filled.edit("set_title", title="later")
    assert without_save_state(filled) == before
    answer = filled.send([SentEdit(n=number + 1, type="set_title", values={"title": "later"})])
    assert (answer["taken"], filled.document.title) == (number + 1, "later")


# --- two processes -------------------------------------------------------------------------------------------------


def test_what_two_processes_save_is_not_lost(filled: Browser) -> None:
    other = another_tab(filled, another_process(filled))
    first, second = filled.document.classes
    for turn in range(3):
        other.edit("rename", key=first.key, name=f"theirs {turn}")
        filled.edit("rename", key=second.key, name=f"ours {turn}")
        assert list(filled.document.class_names().values()) == [f"theirs {turn}", f"ours {turn}"]
    other.edit("set_title", title="both")
    assert list(other.document.class_names().values()) == ["theirs 2", "ours 2"]
    assert len(other.open_draft.history.steps) == len(filled.open_draft.history.steps) + 1
    stored = filled.page.workspace.drafts.find(filled.draft)
    assert stored is not None and stored.taken == {"tab-1": filled.number, "tab-2": other.number}


def test_results_and_labels_of_two_processes_are_not_lost(filled: Browser) -> None:
    other = another_tab(filled, another_process(filled))
    filled.predict()
    other.label(other.document.queries[0], NONE)
    filled.label(filled.document.queries[1], NONE)
    assert set(filled.document.labels) == set(filled.document.queries[:2])
    assert len(other.document.results) == 2
    other.edit("set_title", title="theirs")
    filled.predict()
    assert filled.document.title == "theirs" and len(filled.document.labels) == 2


def test_an_episode_is_saved_once_when_another_process_saved_the_draft_meanwhile(filled: Browser) -> None:
    other = another_tab(filled, another_process(filled))
    other.edit("set_title", title="theirs")
    filled.edit("save")
    (saved,) = filled.page.workspace.episodes()
    assert saved.title == "theirs"
    assert [notice["kind"] for notice in filled.notices] == ["done"]
    assert filled.document.episode_id == saved.id and not filled.document.unsaved


def test_a_draft_that_others_save_all_the_time_is_refused_and_nothing_is_acknowledged(
    filled: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stale(*_: object) -> int:
        raise StaleDraft

    with monkeypatch.context() as patch:
        patch.setattr(filled.page.workspace.drafts, "save", stale)
        with pytest.raises(UserError, match="saves this draft again"):
            filled.edit("set_title", title="ours")
    filled.send([SentEdit(n=filled.number, type="set_title", values={"title": "ours"})])
    assert restarted(filled).document.title == "ours"


def test_an_edit_of_a_draft_that_is_gone_is_refused(filled: Browser) -> None:
    filled.page.workspace.drafts.delete(filled.draft)
    with pytest.raises(UserError, match="does not have this page's draft"):
        filled.edit("set_title", title="ours")


# --- undo ----------------------------------------------------------------------------------------------------------


def test_undo_takes_back_one_step_at_a_time(filled: Browser) -> None:
    first, second = filled.document.classes
    picture = first.pictures[0]
    filled.edit("move_picture", sha=picture, source=first.key, target=second.key)
    assert picture in filled.document.row(second.key).pictures  # type: ignore[union-attr]
    filled.edit("remove_class", key=second.key)
    filled.undo()
    filled.undo()
    assert picture in filled.document.row(first.key).pictures  # type: ignore[union-attr]
    filled.edit("clear")
    assert filled.document.is_empty()
    filled.undo()
    assert len(filled.document.queries) == 3


@pytest.mark.slow
def test_two_hundred_steps_are_taken_back_one_by_one_even_after_a_restart(filled: Browser) -> None:
    key = filled.document.classes[0].key
    filled.edits(*(("rename", {"key": key, "name": f"red {n}"}) for n in range(200)))
    again = restarted(filled)
    for n in reversed(range(199)):
        again.undo()
        if n % 50 == 0:
            assert again.document.row(key).name == f"red {n}"  # type: ignore[union-attr]
    again.undo()
    assert again.document.row(key).name == "red"  # type: ignore[union-attr]


def test_everything_can_be_taken_back(filled: Browser) -> None:
    """Of each kind of edit: what it changed is as it was after Undo, and in the store too."""
    filled.predict()
    first, second = (row.key for row in filled.document.classes)
    q1, q2, q3 = filled.document.queries
    filled.label(q1, first)
    edits: list[tuple[str, dict[str, Any]]] = [
        ("set_title", {"title": "other"}),
        ("rename", {"key": first, "name": "other"}),
        ("redescribe", {"key": first, "description": "other"}),
        ("add_class", {"key": "0123abcd"}),
        ("remove_class", {"key": first}),
        ("remove_picture", {"source": "queries", "sha": q1}),
        ("remove_picture", {"source": first, "sha": filled.document.classes[0].pictures[0]}),
        ("move_picture", {"source": "queries", "sha": q1, "target": second}),
        ("tick_method", {"method": "asif", "ticked": False}),
        ("set_setting", {"method": "prototype", "name": "none_below", "value": "0.9"}),
        ("clear", {}),
        ("label", {"query": q2, "answer": NONE}),
        ("label", {"query": q1, "answer": second, "suggestion": first}),
        ("label", {"query": q1, "answer": ""}),
        ("accept", {"answers": {first: [q1, q3], second: [q2]}}),
        ("join_support", {"query": q1}),
        ("remove_queries", {"queries": [q1, q2]}),
        ("send_to_queries", {"pictures": [filled.document.classes[0].pictures[0]]}),
        ("send_to_support", {"pictures": [q1], "name": "new"}),
    ]
    before = without_save_state(filled)
    for type, values in edits:
        filled.edit(type, **values)
        assert without_save_state(filled) != before, type
        filled.undo()
        assert without_save_state(filled) == before, type
    again = restarted(filled)
    assert without_save_state(again) == before
    assert not again.document.outdated and again.answers == ["red", "blue", "red"]


def test_what_changes_nothing_is_no_step(filled: Browser) -> None:
    steps = len(filled.open_draft.history.steps)
    filled.edit("rename", key=filled.document.classes[0].key, name="red")
    filled.edit("rename", key="gone", name="x")
    filled.edit("label", query="0" * 64, answer=NONE)
    assert len(filled.open_draft.history.steps) == steps
    filled.undo()
    assert len(filled.document.queries) == 0  # the upload before it


def test_an_upload_is_one_step_however_many_parts_it_comes_in(filled: Browser) -> None:
    shas = [sha for row in filled.document.classes for sha in row.pictures]
    for sha in shas:
        filled.edit("add_pictures", target="queries", pictures=[(sha, f"{sha[:4]}.png")], batch="upload-1")
    filled.edit("add_pictures", target="queries", pictures=[(shas[0], "again.png")], batch="upload-2")
    assert len(filled.document.queries) == 7
    assert filled.document.paths[shas[0]] == [f"{shas[0][:4]}.png", "again.png"]
    filled.undo()
    assert filled.document.paths[shas[0]] == [f"{shas[0][:4]}.png"]
    filled.undo()
    assert len(filled.document.queries) == 3 and not set(filled.document.paths) & set(shas)


def test_undo_on_an_empty_history_is_harmless(browser: Browser) -> None:
    answer = browser.undo()
    assert answer["taken"] == 1 and browser.document.is_empty() and not browser.notices


def test_undo_of_an_edit_makes_results_outdated_only_if_they_are(filled: Browser) -> None:
    filled.predict()
    first = filled.document.classes[0]
    filled.edit("remove_picture", source=first.key, sha=first.pictures[0])
    assert filled.document.outdated and filled.parts["data:draft"]["outdated"]
    filled.undo()
    assert not filled.document.outdated and not filled.parts["data:draft"]["outdated"]


# --- labels --------------------------------------------------------------------------------------------------------


def test_labels_land_on_the_picture_that_they_name_in_any_order(filled: Browser) -> None:
    filled.predict()
    first, second = (row.key for row in filled.document.classes)
    q1, q2, q3 = filled.document.queries
    filled.edits(
        ("label", {"query": q3, "answer": second, "suggestion": first, "annotator": "Ada"}),
        ("remove_queries", {"queries": [q2]}),
        ("label", {"query": q1, "answer": first, "suggestion": first, "annotator": "Ada", "seconds": 1.234}),
        ("label", {"query": q2, "answer": second}),
    )
    assert filled.document.labels == {
        q3: GivenLabel(second, first, source="corrected", annotator="Ada", seconds=0.0),
        q1: GivenLabel(first, first, source="accepted", annotator="Ada", seconds=1.23),
    }
    assert (filled.row(q3)["label"], filled.row(q3)["source"]) == (second, "corrected")


@pytest.mark.parametrize(
    ("answer", "suggestion", "source"),
    [
        ("first", "", "blind"),
        ("first", "first", "accepted"),
        ("first", "second", "corrected"),
        ("first", "gone", "blind"),
        (NONE, "", "blind"),
        (NONE, "first", "corrected"),
    ],
)
def test_where_a_label_comes_from(filled: Browser, answer: str, suggestion: str, source: str) -> None:
    keys = dict(zip(("first", "second"), (row.key for row in filled.document.classes), strict=True))
    query = filled.document.queries[0]
    filled.label(query, keys.get(answer, answer), keys.get(suggestion, suggestion))
    label = filled.document.labels[query]
    assert (label.answer, label.suggestion, label.source) == (
        keys.get(answer, answer),
        keys.get(suggestion, ""),
        source,
    )


def test_an_answer_of_a_removed_class_is_ignored(filled: Browser) -> None:
    key, query = filled.document.classes[0].key, filled.document.queries[0]
    filled.label(query, key)
    filled.edits(("remove_class", {"key": key}), ("label", {"query": query, "answer": key}))
    assert not filled.document.labels
    filled.undo()
    assert filled.document.labels[query].answer == key


def test_a_label_is_taken_back(filled: Browser) -> None:
    query = filled.document.queries[0]
    filled.label(query, NONE)
    filled.label(query, "")
    assert not filled.document.labels and "label" not in filled.row(query)


def test_accepting_many_is_one_step_with_its_own_source(filled: Browser) -> None:
    filled.predict()
    first, second = (row.key for row in filled.document.classes)
    q1, q2, q3 = filled.document.queries
    filled.label(q1, second)
    filled.edit("accept", answers={first: [q1, q3], second: [q2, "0" * 64], "gone": [q2]}, annotator="Ada")
    assert filled.document.labels == {
        q1: GivenLabel(first, first, source="bulk", annotator="Ada"),
        q2: GivenLabel(second, second, source="bulk", annotator="Ada"),
        q3: GivenLabel(first, first, source="bulk", annotator="Ada"),
    }
    filled.undo()
    assert list(filled.document.labels) == [q1] and filled.document.labels[q1].answer == second


def test_report_and_joining_the_support_set(filled: Browser) -> None:
    filled.predict()
    first, second = (row.key for row in filled.document.classes)
    q1, q2, q3 = filled.document.queries
    filled.label(q1, first, first)
    filled.label(q2, first, second)
    filled.label(q3, NONE, first)
    report = filled.html
    assert "1 of 3 right" in report and 'class="wrong"' in report
    assert filled.parts["data:label"] == {"labelled": 3, "saved": False}
    filled.undo()
    assert q3 not in filled.document.labels
    filled.edit("join_support", query=q1)
    assert q1 in filled.document.row(first).pictures and q1 not in filled.document.queries  # type: ignore[union-attr]
    assert filled.document.outdated
    filled.label(q3, NONE)
    filled.edit("join_support", query=q3)
    assert q3 in filled.document.queries  # it is none of these


# --- pictures ------------------------------------------------------------------------------------------------------


def test_a_picture_that_is_not_stored_is_refused_wherever_it_is_sent(filled: Browser) -> None:
    before, sha = without_save_state(filled), "0" * 64
    for type, values in (
        ("send_to_queries", {"pictures": [sha]}),
        ("send_to_support", {"pictures": [sha], "name": "new"}),
        ("add_pictures", {"target": filled.document.classes[0].key, "pictures": [(sha, "")]}),
        ("add_class_pictures", {"pictures": [("cat", sha, "")]}),
        ("move_picture", {"source": "queries", "sha": sha, "target": filled.document.classes[0].key}),
        ("add_to_collection", {"pictures": [sha]}),
    ):
        filled.edit(type, **values)
        assert "has no picture" in filled.notice, type
        assert without_save_state(filled) == before, type


def test_a_support_picture_whose_file_is_lost_does_not_stop_the_page(filled: Browser, paint: Paint) -> None:
    sha = filled.document.classes[0].pictures[0]
    filled.page.workspace._blobs.path(sha).unlink()
    variants._kinds.clear()  # as in a process that has not seen it
    again = restarted(filled)
    again.edit("set_title", title="goes on")
    assert again.document.title == "goes on" and "r1.png" in again.html
    assert again.predict()["state"] == "failed"
    assert "r1.png" in again.notice
    again.add("queries", paint("r1.png", (200, 10, 10)))  # the same picture comes in again
    assert again.predict()["state"] == "done"


def test_edits_that_do_not_touch_the_episode_leave_it_saved(filled: Browser) -> None:
    filled.edit("save")
    saved = filled.document.episode_id
    filled.add("collection")
    filled.edit("delete_episode", episode=saved)
    filled.edit("restore_episode", episode=saved)
    filled.edit("rename", key="gone", name="x")
    filled.edit("move_picture", source="queries", sha=filled.document.queries[0], target="gone")
    assert not filled.document.unsaved and filled.parts["data:label"]["saved"]
    filled.edit("set_title", title="changed")
    assert filled.document.unsaved and not filled.parts["data:label"]["saved"]


def test_limits_of_requests_are_kept() -> None:
    with pytest.raises(ValueError, match="at most"):
        results_edits.RemoveQueries(queries=["0" * 64] * 100_001)
    assert dataclasses.is_dataclass(ranking.QueryAnswer)


def test_drafts_are_saved_with_little(filled: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results, which are large, are written when they are new, and steps one by one."""
    filled.predict()
    written: list[DraftRevision] = []
    inner = filled.page.workspace.drafts.save

    def save(draft_id: str, change: DraftRevision, revision: int) -> int:
        written.append(change)
        return inner(draft_id, change, revision)

    monkeypatch.setattr(filled.page.workspace.drafts, "save", save)
    filled.label(filled.document.queries[0], NONE)
    filled.undo()
    filled.predict()
    assert [change.results is not None for change in written] == [False, False, True]
    assert [len(change.new_steps) for change in written] == [1, 0, 0]
