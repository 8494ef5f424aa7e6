"""The page's events, called directly."""

from __future__ import annotations

import base64
import csv
import io
import re
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest
from PIL import Image

from fsl_demo import methods
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.ui.document import NONE
from fsl_demo.ui.page import Page
from tests.ui.conftest import Browser, Paint


def test_an_empty_page_says_how_to_start(browser: Browser) -> None:
    assert "Which class is each picture?" in browser.shown[browser.page.board]
    assert "No prediction yet" in browser.shown[browser.page.results]
    assert "Nothing to label yet" in browser.shown[browser.page.labelling]


def test_predict_fills_every_tab(filled: Browser) -> None:
    steps = filled.predict()
    assert any(filled.page.progress in step for step in steps[:-1])
    answers = [filled.document.class_names()[filled.document.results[0].answer(q)] for q in filled.document.queries]
    assert answers == ["red", "blue", "red"]
    assert "Why “red”?" in filled.shown[filled.page.why]
    assert filled.shown[filled.page.matrix] is not None
    assert filled.shown[filled.page.map] is not None


def test_uploads_are_moved_into_the_workspace(filled: Browser, uploads: Path) -> None:
    assert not list(uploads.iterdir())
    assert filled.page.workspace.picture(filled.document.queries[0]).name == "q1.png"


def test_what_stands_in_the_fields_counts_before_predict(filled: Browser) -> None:
    key = filled.document.classes[0].key
    filled.predict(**{f"name:{key}": "crimson"})
    assert "crimson" in filled.shown[filled.page.results]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("red", "Red "), "Two classes are called"),
        (("red", ""), "Class 2 has no name"),
        (("x" * 10_000, "blue"), "10000 characters"),
    ],
)
def test_bad_names_are_refused_and_nothing_is_lost(filled: Browser, names: tuple[str, str], message: str) -> None:
    fields = {f"name:{row.key}": name for row, name in zip(filled.document.classes, names, strict=True)}
    filled.predict(**fields)
    assert message in filled.notice
    assert [len(row.pictures) for row in filled.document.classes] == [2, 2]
    assert not filled.document.results


def test_no_queries_and_one_class(browser: Browser, paint: Paint) -> None:
    first, second = browser.document.classes
    browser.predict(**{f"name:{first.key}": "red"})
    assert "One class is not a choice" in browser.notice
    browser.predict(**{f"name:{first.key}": "red", f"name:{second.key}": "blue"})
    assert "There is no query yet" in browser.notice
    browser.add("queries", paint("q.png", (9, 9, 9)))
    browser.predict()
    assert "has no pictures" in browser.notice


def test_no_method_ticked(filled: Browser) -> None:
    filled.predict(**{"method:prototype": False, "method:asif": False})
    assert "No method is chosen" in filled.notice


def test_markup_in_names_stays_text(filled: Browser) -> None:
    key = filled.document.classes[0].key
    evil = "<img src=x onerror=alert(1)>${1+1}"
    filled.predict(**{f"name:{key}": evil})
    for block in (filled.page.board, filled.page.results, filled.page.why, filled.page.labelling):
        assert "<img src=x" not in filled.shown[block]
        assert "&lt;img src=x" in filled.shown[block]


def test_broken_uploads_are_named_and_the_rest_is_kept(browser: Browser, uploads: Path, paint: Paint) -> None:
    text = uploads / "notes.jpg"
    text.write_text("not a picture")
    empty = uploads / "empty.png"
    empty.touch()
    whole = paint("whole.png", (1, 2, 3))
    cut = uploads / "cut.png"
    cut.write_bytes(whole.read_bytes()[:400])
    browser.add("queries", text, empty, whole, cut)
    assert len(browser.document.queries) == 1
    for name in ("notes.jpg", "empty.png", "cut.png"):
        assert name in browser.notice


def test_what_an_upload_left_out_is_still_said_after_its_last_part(
    browser: Browser, uploads: Path, paint: Paint
) -> None:
    empty = uploads / "empty.png"
    empty.touch()
    for batch, file in (("one", empty), ("one", paint("whole.png", (1, 2, 3))), ("two", paint("other.png", (9, 2, 3)))):
        entry = {"path": str(file), "name": file.name, "size": file.stat().st_size}
        browser.board("add", target="queries", batch=batch, files=[entry])
        assert ("empty.png" in browser.notice) == (batch == "one")
    assert len(browser.document.queries) == 2


def test_a_page_cannot_name_files_outside_its_uploads(browser: Browser, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    Image.new("RGB", (8, 8)).save(secret)
    browser.add("queries", secret)
    assert not browser.document.queries
    assert secret.exists()
    assert "secret.png" in browser.notice


def test_folders_and_zips_fill_the_rows(browser: Browser, uploads: Path, paint: Paint) -> None:
    browser.add(
        "classes", (paint("1.png", (200, 0, 0)), "pets/cat/1.png"), (paint("2.png", (0, 0, 200)), "pets/dog/2.png")
    )
    assert [row.name for row in browser.document.rows()] == ["cat", "dog"]
    archive = uploads / "more.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.write(paint("3.png", (0, 200, 0)), "Dog/3.png")
        out.write(paint("4.png", (0, 90, 0)), "owl/4.png")
    browser.add("classes", archive)
    assert [(row.name, len(row.pictures)) for row in browser.document.rows()] == [("cat", 1), ("dog", 2), ("owl", 1)]


def test_a_zip_that_climbs_out_is_refused(browser: Browser, uploads: Path, paint: Paint) -> None:
    archive = uploads / "evil.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.write(paint("3.png", (0, 200, 0)), "../../owl/3.png")
    browser.add("classes", archive)
    assert not browser.document.rows()
    assert "evil.zip" in browser.notice


def test_undo_takes_back_one_step_at_a_time(filled: Browser) -> None:
    first, second = filled.document.classes
    picture = first.pictures[0]
    filled.board("move", sha=picture, value=second.key, **{"from": first.key})
    assert picture in filled.document.row(second.key).pictures
    filled.board("remove_class", target=second.key)
    filled.board("undo")
    filled.board("undo")
    assert picture in filled.document.row(first.key).pictures
    filled.board("clear")
    assert filled.document.is_empty()
    filled.board("undo")
    assert len(filled.document.queries) == 3


def test_a_refresh_and_a_restart_lose_nothing(filled: Browser, page: Page) -> None:
    filled.predict()
    again = Browser.__new__(Browser)
    again.__dict__.update(filled.__dict__)
    again.request.session_hash = "tab-after-refresh"
    page.desk._tabs.clear()
    again.take(page.on_load(filled.draft, "", again.request))
    assert again.document.to_json() == filled.document.to_json()
    assert "red" in again.shown[page.results]


def test_two_tabs_on_one_draft(filled: Browser, page: Page) -> None:
    other = Browser.__new__(Browser)
    other.__dict__.update({**filled.__dict__, "shown": {}})
    other.request = type(filled.request)(**{**filled.request.__dict__, "session_hash": "tab-2"})
    other.take(page.on_load(filled.draft, "", other.request))
    other.board("fields", field="title", fields={"title": "Theirs"})
    filled.board("fields", field="title", fields={"title": "Mine"})
    assert "Continue as a copy" in filled.notice
    draft = filled.draft
    filled.act(page.on_notice, "copy")
    assert filled.draft != draft
    assert filled.document.title == "Mine"
    assert page.workspace.draft(draft).data["title"] == "Theirs"  # type: ignore[union-attr]


def test_label_by_suggestion_correct_undo_join(filled: Browser, page: Page) -> None:
    filled.predict()
    first = filled.document.classes[0]
    q1, q2, q3 = filled.document.queries
    filled.act(page.on_label, "label", query=q1, answer=first.key)
    filled.act(page.on_label, "label", query=q2, answer=first.key)
    filled.act(page.on_label, "label", query=q3, answer=NONE)
    labels = filled.document.labels
    assert [labels[q].source for q in (q1, q2, q3)] == ["accepted", "corrected", "corrected"]
    assert labels[q1].annotator == "Ada"
    report = filled.shown[page.labelling]
    assert "1 of 3 right" in report
    assert 'class="wrong"' in report
    filled.act(page.on_label, "undo")
    assert q3 not in filled.document.labels
    filled.act(page.on_label, "join", query=q1)
    assert q1 in filled.document.row(first.key).pictures
    assert q1 not in filled.document.queries
    assert filled.document.outdated


def test_save_reopen_delete_restore_export_import(filled: Browser, page: Page, uploads: Path) -> None:
    filled.predict()
    first = filled.document.classes[0]
    filled.act(page.on_label, "label", query=filled.document.queries[0], answer=first.key)
    filled.act(page.on_label, "save")
    assert str(page.workspace.folder) in filled.notice
    saved = filled.document
    filled.board("new")
    filled.act(page.on_collection, "reopen", episode=saved.episode_id)
    reopened = filled.document
    assert reopened.queries == saved.queries
    assert [(r.name, r.pictures) for r in reopened.classes] == [(r.name, r.pictures) for r in saved.classes]
    assert reopened.results[0].scores.probabilities.tolist() == saved.results[0].scores.probabilities.tolist()
    assert reopened.class_names()[reopened.labels[saved.queries[0]].answer] == "red"

    filled.act(page.on_collection, "delete", episode=saved.episode_id)
    assert not page.workspace.episodes()
    filled.act(page.on_collection, "restore", episode=saved.episode_id)
    assert [e.id for e in page.workspace.episodes()] == [saved.episode_id]

    filled.act(page.on_collection, "export", fields={"format": "imagefolder"})
    address = re.search(r'href="gradio_api/file=([^"]+)"', filled.notice)
    assert address
    exported = Path(unquote(address[1]))
    copy = uploads / "export.zip"
    copy.write_bytes(exported.read_bytes())
    files = [{"path": str(copy), "name": "export.zip", "size": copy.stat().st_size}]
    filled.act(page.on_collection, "add", target="import", files=files)
    assert "Imported episodes: 1" in filled.notice
    assert len(page.workspace.episodes()) == 2


def test_search_and_filter(filled: Browser, page: Page) -> None:
    filled.board("fields", field="title", fields={"title": "Paint"})
    filled.predict()
    filled.act(page.on_label, "save")
    found = filled.act(page.on_collection, "fields", field="text", fields={"text": "paint"})[page.collection]
    assert "Paint" in found
    missed = filled.act(page.on_collection, "fields", field="text", fields={"text": "zebra"})[page.collection]
    assert "No episode matches" in missed


def test_the_table_downloads_as_csv_that_is_safe_to_open(filled: Browser) -> None:
    key = filled.document.classes[0].key
    filled.predict(**{f"name:{key}": "=cmd()"})
    address = re.search(r'href="data:text/csv;base64,([^"]+)"', filled.shown[filled.page.results])
    assert address
    rows = list(csv.DictReader(io.StringIO(base64.b64decode(address[1]).decode("utf-8-sig"))))
    assert [row["file_name"] for row in rows] == ["q1.png", "q2.png", "q3.png"]
    assert rows[0]["prototype.answer"] == "'=cmd()"
    assert float(rows[1]["prototype.p[blue]"]) > 0.5


def test_moving_the_none_slider_and_back_to_automatic(filled: Browser) -> None:
    filled.board("fields", field="set:prototype.none_below", fields={"set:prototype.none_below": "1.0"})
    filled.predict()
    assert filled.document.results[0].answer(filled.document.queries[0]) == NONE
    assert filled.document.results[1].answer(filled.document.queries[0]) != NONE
    filled.board("automatic", setting="prototype.none_below")
    filled.predict()
    assert filled.document.results[0].answer(filled.document.queries[0]) != NONE


def test_sorting_paging_and_explaining_a_cell(filled: Browser, page: Page, paint: Paint) -> None:
    filled.add("queries", *(paint(f"more{i}.png", (i * 8, 0, 255 - i * 8)) for i in range(30)))
    filled.predict()
    assert "page 1 of 2" in filled.shown[page.results]
    filled.act(page.on_results, "page", value="1")
    assert "page 2 of 2" in filled.shown[page.results]
    filled.act(page.on_results, "sort", value="uncertain")
    assert "page 1 of 2" in filled.shown[page.results]
    query, other = filled.document.queries[1], filled.document.classes[0]
    filled.act(page.on_results, "explain", query=query, method="asif", **{"class": other.key})
    assert "Why “red”? (Asif)" in filled.shown[page.why]


def test_stop_ends_a_prediction_and_keeps_the_page(filled: Browser, page: Page) -> None:
    event = filled.event({"action": "predict", "fields": {}})
    running = page.on_predict(filled.draft, "", filled.request, event)
    filled.tab.stop.set()
    real = filled.tab.stop.clear
    filled.tab.stop.clear = lambda: None  # the person presses Stop the moment it starts
    updates = list(running)
    filled.tab.stop.clear = real
    assert "Stopped" in updates[-1][page.notice]
    assert not filled.document.results


def test_an_edit_during_a_prediction_makes_its_results_outdated(filled: Browser, page: Page) -> None:
    running = page.on_predict(filled.draft, "", filled.request, filled.event({"action": "predict", "fields": {}}))
    next(running)
    first = filled.document.classes[0]
    filled.board("remove", sha=first.pictures[0], **{"from": first.key})
    list(running)
    assert filled.document.results
    assert filled.document.outdated


def test_the_page_in_chinese(page: Page, uploads: Path) -> None:
    chinese = Browser(page, "tab-zh", "zh-TW")
    assert "每張圖片屬於哪一類" in chinese.shown[page.board]
    chinese.predict()
    assert "只有一個類別無從選擇" in chinese.notice


def test_class_names_in_another_script_ask_for_english(browser: Browser, page: Page) -> None:
    key = browser.document.classes[0].key
    browser.board("fields", field="name", fields={f"name:{key}": "貓"})
    browser.board("add_class")
    assert "reads English only" in browser.shown[page.board]
    browser.board("fields", field="description", fields={f"description:{key}": "a cat"})
    browser.board("add_class")
    assert "reads English only" not in browser.shown[page.board]


def test_unsaved_work_of_another_page_can_be_continued(filled: Browser, page: Page) -> None:
    left = filled.draft
    filled.board("new")
    listed = page.on_open_collection(filled.draft, "", filled.request)
    assert f'data-id="{left}"' in listed
    filled.act(page.on_collection, "continue", id=left)
    assert filled.draft == left
    assert len(filled.document.queries) == 3
    filled.act(page.on_label, "save")
    filled.board("new")
    assert left not in page.on_open_collection(filled.draft, "", filled.request)


def test_a_query_that_joins_the_support_set_embeds_nothing_anew(filled: Browser, page: Page) -> None:
    features = FeatureCache(page.workspace)
    page.methods.clear()
    page.methods.update(methods.build(Networks(features)))
    filled.predict()
    assert [result.scores.method for result in filled.document.results] == ["prototype", "asif", "compact-vlm", "can"]
    embedded = features.embedded["efficientnet_lite0"]
    assert embedded == 7
    first = filled.document.classes[0]
    query = filled.document.queries[0]
    filled.act(page.on_label, "label", query=query, answer=first.key)
    filled.act(page.on_label, "join", query=query)
    filled.predict()
    assert filled.document.results[0].queries == filled.document.queries
    assert features.embedded["efficientnet_lite0"] == embedded
