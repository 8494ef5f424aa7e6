"""The Collection tab: save, reopen, search, delete and restore, export and import; drafts of other days."""

from __future__ import annotations

import json
import re

import pytest

from fsl_demo.core.regions import RegionLabel
from fsl_demo.store import Workspace
from fsl_demo.ui import examples, marks
from fsl_demo.ui.importing import start_import
from fsl_demo.ui.incoming import Upload
from fsl_demo.ui.page import Page
from tests.ui.conftest import Browser, Colour, Paint, Registry, restarted


def test_save_and_reopen(filled: Browser, page: Page) -> None:
    filled.predict()
    first, query = filled.document.classes[0], filled.document.queries[0]
    filled.label(query, first.key, first.key)
    filled.edit("save")
    assert str(page.workspace.folder) in filled.notice and filled.notices[0]["kind"] == "done"
    saved, draft = filled.document, filled.draft
    filled.open("new")
    assert filled.document.is_empty() and filled.draft != draft
    filled.open("reopen", episode=saved.episode_id)
    reopened = filled.document
    assert reopened.queries == saved.queries
    assert [(r.name, r.pictures) for r in reopened.classes] == [(r.name, r.pictures) for r in saved.classes]
    assert reopened.results[0].scores.probabilities.tolist() == saved.results[0].scores.probabilities.tolist()
    assert reopened.class_names()[reopened.labels[query].answer] == "red"
    assert filled.answers == ["red", "blue", "red"] and filled.parts["data:draft"]["episode"] == saved.episode_id
    assert not reopened.unsaved and not reopened.outdated
    filled.open("reopen", episode="gone")
    assert "has no episode gone" in filled.notice and filled.document is reopened


def test_saving_again_is_a_newer_state_of_the_same_episode(filled: Browser, page: Page) -> None:
    filled.edit("save")
    filled.edit("set_title", title="Paint")
    filled.edit("save")
    (saved,) = page.workspace.episodes()
    assert saved.title == "Paint" and filled.parts["data:label"]["saved"]
    filled.undo()
    assert filled.document.title == "" and filled.document.episode_id == saved.id
    filled.open("duplicate")
    assert filled.document.episode_id == "" and filled.document.unsaved
    filled.edit("save")
    assert len(page.workspace.episodes()) == 2


def test_a_duplicate_is_edited_without_touching_what_it_was_made_of(filled: Browser, page: Page, paint: Paint) -> None:
    filled.edit("set_setting", method="prototype", name="none_below", value="0.2")
    original, before = filled.draft, filled.document.to_json()
    before = json.loads(json.dumps(before))
    filled.open("duplicate")
    filled.add(filled.document.classes[0].key, paint("more.png", (250, 0, 0)))
    filled.edit("set_setting", method="prototype", name="none_below", value="0.3")
    filled.edit("remove_picture", source=filled.document.classes[1].key, sha=filled.document.classes[1].pictures[0])
    assert page.drafts.get(original).document.to_json() == before


def test_an_episode_that_cannot_be_saved_says_why(browser: Browser, page: Page, paint: Paint) -> None:
    browser.add("queries", paint("q.png", (1, 2, 3)))
    browser.edit("save")
    assert "One class is not a choice" in browser.notice and not page.workspace.episodes()
    assert browser.document.unsaved and not browser.parts["data:label"]["saved"]


def test_delete_and_restore(filled: Browser, page: Page) -> None:
    filled.edit("save")
    saved = filled.document.episode_id
    filled.edit("delete_episode", episode=saved)
    assert not page.workspace.episodes()
    shown = filled.panel("episodes", deleted=saved)
    assert "The episode is deleted." in shown and f'data-episode="{saved}"' in shown
    filled.edit("restore_episode", episode=saved)
    assert [e.id for e in page.workspace.episodes()] == [saved]
    filled.edit("delete_episode", episode="gone")
    assert "has no episode gone" in filled.notice


@pytest.mark.parametrize("kind", ["imagefolder", "csv"])
def test_export_and_import(filled: Browser, page: Page, kind: str) -> None:
    filled.predict()
    filled.edit("save")
    shown = filled.job("export", episodes=[filled.document.episode_id], format=kind)
    assert shown["text"].startswith("Exported episodes: 1")
    exported = page.exports() / shown["file"]
    copy = page.workspace.folder / "uploads" / "x" / exported.name
    copy.parent.mkdir(parents=True)
    copy.write_bytes(exported.read_bytes())
    start_import(filled.context, Upload(filled.draft, copy))
    (job,) = (job for job in page.jobs.of(filled.draft) if job.kind == "import")
    assert filled.ended(job)["text"] == "Imported episodes: 1."
    assert len(page.workspace.episodes()) == 2 and not copy.exists()


def test_boxes_leave_and_come_in_by_the_page(filled: Browser, page: Page) -> None:
    support, query = filled.document.classes[0].pictures[0], filled.document.queries[0]
    drawn, marked = (0.0, 0.0, 0.5, 1.0), RegionLabel((0.25, 0.25, 1.0, 0.75), "a ball", "Ada")
    filled.open_draft.edit(lambda document: marks.add(document.boxes, support, [drawn]))
    filled.open_draft.edit(lambda document: marks.add(document.regions, query, [marked]))
    filled.edit("save")
    saved = filled.document.episode_id
    stored = page.workspace.episode(saved)
    assert stored.regions == {0: (marked,)}
    assert [example.boxes for example in stored.episode.support] == [(drawn,), (), (), ()]
    filled.open("duplicate")
    assert filled.document.boxes == {support: (drawn,)} and filled.document.regions == {query: (marked,)}
    filled.open("reopen", episode=saved)
    assert filled.document.boxes == {support: (drawn,)} and filled.document.regions == {query: (marked,)}
    filled.edit("join_support", query=query)
    assert filled.document.regions == {query: (marked,)}, "it has no label yet"
    filled.label(query, filled.document.classes[0].key)
    filled.edit("join_support", query=query)
    assert not filled.document.regions and query not in filled.document.boxes
    assert "“red”, so its boxes of other classes (1) are left out" in filled.notice
    filled.undo()
    assert filled.document.regions == {query: (marked,)}


def test_an_export_in_no_format(filled: Browser) -> None:
    assert filled.job("export", episodes=[], format="floppy") == {}
    assert "floppy" in filled.notice


def test_search_and_filter(filled: Browser) -> None:
    assert "No saved episode yet" in filled.panel("episodes")
    filled.edit("set_title", title="Paint")
    filled.predict()
    filled.edit("save")
    assert "Paint" in filled.panel("episodes", text="paint")
    assert "No episode matches" in filled.panel("episodes", text="zebra")
    assert "Paint</button>" in filled.panel("episodes", class_name="red", method="asif")
    assert "No episode matches" in filled.panel("episodes", class_name="green")
    assert "No episode matches" in filled.panel("episodes", since="2999-01-01")
    shown = filled.panel("episodes", text='"><b>')
    assert 'value="&#34;&gt;&lt;b&gt;"' in shown
    assert "4 support · 3 queries · 0 labelled" in filled.panel("episodes")
    assert re.search(r"<b>1</b><span>episodes</span>", filled.panel("episodes"))


def test_unsaved_work_of_another_page_can_be_continued(filled: Browser) -> None:
    left = filled.draft
    filled.open("new")
    assert f'data-draft="{left}"' in filled.panel("episodes")
    filled.open("continue", draft=left)
    assert filled.draft == left and len(filled.document.queries) == 3
    filled.edit("save")
    filled.open("new")
    assert left not in filled.panel("episodes")
    filled.open("continue", draft="gone")
    assert "does not have this page's draft" in filled.notice


def test_a_draft_is_forgotten(filled: Browser) -> None:
    left = filled.draft
    filled.open("new")
    filled.edit("forget_draft", draft=left)
    assert left not in filled.panel("episodes")
    filled.draft = left
    filled.open("latest")
    assert filled.draft != left and filled.document.is_empty()
    filled.edit("set_title", title="goes on")


def test_a_reload_and_a_restart_lose_nothing(filled: Browser, page: Page) -> None:
    filled.predict()
    filled.label(filled.document.queries[0], filled.document.classes[0].key)
    before = filled.document.to_json(), filled.document.results_json()
    reloaded = Browser(page, filled.tab, draft=filled.draft)
    assert reloaded.document is filled.document
    assert (reloaded.parts, reloaded.rows, reloaded.order) == (filled.parts, filled.rows, filled.order)
    again = restarted(filled)
    assert (again.document.to_json(), again.document.results_json()) == before
    assert again.rows == filled.rows
    assert again.parts.keys() == filled.parts.keys()
    changed = {name for name in again.parts if again.parts[name] != filled.parts[name]}
    assert changed <= {"data:jobs"}


def test_a_draft_that_is_gone_gives_a_new_one(page: Page) -> None:
    browser = Browser(page, draft="gone")
    assert browser.draft != "gone" and browser.document.is_empty() and not browser.notices


def test_an_example_is_opened_in_the_language_of_the_page(page: Page) -> None:
    recipe = examples.recipes()[0]
    browser = Browser(page, language="zh-TW")
    browser.open("open_example", example=recipe.id)
    assert browser.document.title == recipe.title["zh-TW"] and len(browser.order) >= 4
    browser.open("open_example", example="no such")
    assert "no such" in browser.notice


def test_the_page_in_chinese(page: Page) -> None:
    chinese = Browser(page, language="zh-TW")
    assert "每張圖片屬於哪一類" in chinese.parts["examples"]
    chinese.predict()
    assert "只有一個類別無從選擇" in chinese.notice


def test_two_languages_on_one_draft(filled: Browser, page: Page) -> None:
    chinese = Browser(page, "tab-2", language="zh-TW", draft=filled.draft)
    filled.predict()
    chinese.look()
    assert "沒有" not in chinese.parts["results-state"] and chinese.rows == filled.rows
    assert chinese.parts["support"] != filled.parts["support"]


def test_another_page_on_the_same_workspace(filled: Browser) -> None:
    other = Page(Workspace(filled.page.workspace.folder), Registry([Colour()]))
    assert Browser(other, draft=filled.draft).document.queries == filled.document.queries


def test_episodes_are_listed_page_by_page(filled: Browser, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsl_demo.ui.tabs.collection.PAGE", 2)
    for number in range(3):
        filled.edit("set_title", title=f"number {number}")
        filled.edit("save")
        filled.open("duplicate")
    first = filled.panel("episodes")
    assert re.findall(r">(number \d)</button>", first) == ["number 2", "number 1"] and "Show more" in first
    both = filled.panel("episodes", pages=2)
    assert (
        re.findall(r">(number \d)</button>", both) == ["number 2", "number 1", "number 0"] and "Show more" not in both
    )
    assert "red" in both and page.workspace.episode_choices().episodes == 3
