"""What runs for long goes on without the page, can be stopped, and never changes the tab; files come in one by one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import files, stored
from tests.browser.conftest import Workbench, go, open_draft, open_workbench

QUERIES = 40


@pytest.fixture
def held(colours: Workbench) -> Iterator[Workbench]:
    """Predictions wait after their first batch."""
    colours.hold.touch()
    yield colours
    colours.hold.unlink(missing_ok=True)


def start(context: BrowserContext, workbench: Workbench) -> Page:
    """A page on which a prediction has given its first answers and waits."""
    draft = stored.draft(workbench.store, 3, QUERIES, methods=())
    page = open_draft(context, workbench, draft.id)
    page.get_by_label("Worded").uncheck()
    page.get_by_label("Colder").uncheck()
    page.get_by_role("button", name=f"Predict {QUERIES} pictures").click()
    expect(page.locator(".job .job-state")).to_contain_text("16 of 40")
    return page


def test_a_prediction_outlives_a_reload_and_is_seen_by_every_tab(context: BrowserContext, held: Workbench) -> None:
    page = start(context, held)
    page.reload()
    expect(page.locator(".job .job-state")).to_contain_text("16 of 40")
    second = context.new_page()
    open_workbench(second, held)
    go(second, "Results")
    expect(second.locator("#results-bar")).to_contain_text("40 of 40 pictures")
    held.hold.unlink()
    expect(page.locator(".job")).to_contain_text("Results are ready")
    expect(page.get_by_role("tab", name="Workbench")).to_have_attribute("aria-selected", "true")
    expect(second.locator('.group-head[data-folder=":open"]')).to_have_count(0)
    expect(second.locator(".group-head")).to_have_count(3)
    page.locator(".job").get_by_role("button", name="Show").click()
    expect(page.locator(".group-head")).to_have_count(3)
    expect(page.locator(".job")).to_have_count(0)


def test_stop_keeps_what_was_computed(context: BrowserContext, held: Workbench) -> None:
    page = start(context, held)
    page.keyboard.press("Escape")
    expect(page.locator(".job")).to_contain_text("Stopped")
    go(page, "Results")
    page.get_by_label("Show").select_option("everything")
    expect(page.locator('.group-head[data-folder=":open"]')).to_contain_text(str(QUERIES - 16))


def test_a_file_each(context: BrowserContext, colours: Workbench, tmp_path: Path) -> None:
    page = context.new_page()
    open_workbench(page, colours)
    page.get_by_role("button", name="New", exact=True).click()
    good = files.queries(tmp_path / "good", 3, 4)
    (tmp_path / "broken.png").write_bytes(good[0].read_bytes()[:60])
    (tmp_path / "again.png").write_bytes(good[1].read_bytes())
    page.locator("#pick-queries-add_queries").set_input_files([*good, tmp_path / "broken.png", tmp_path / "again.png"])
    box = page.locator(".job")
    expect(box).to_contain_text("Pictures added: 4. Already there: 1.")
    expect(box.get_by_text("Left out: 1")).to_be_visible()
    expect(box.locator("li")).to_contain_text("broken.png")
    expect(page.locator("#queries-grid .thumb")).to_have_count(4)
    box.get_by_role("button", name="Close").click()
    expect(box).to_have_count(0)

    row = page.locator(".class-row").first
    row.locator("input[type=text]").fill("apple")
    row.locator("input[type=text]").press("Enter")
    row.locator("input[type=file]").set_input_files(good[2])
    expect(row.locator(".thumb")).to_have_count(1)
    both = page.locator("#queries-grid .thumb.both")
    expect(both).to_have_count(1)
    expect(both.locator(".where")).to_have_attribute("title", "also an example of apple")
    page.get_by_role("button", name="Undo").click()
    expect(row.locator(".thumb")).to_have_count(0)
    expect(both).to_have_count(0)


def test_an_upload_is_stopped(context: BrowserContext, colours: Workbench, tmp_path: Path) -> None:
    page = context.new_page()
    open_workbench(page, colours)
    page.get_by_role("button", name="New", exact=True).click()
    waiting = []
    page.route("**/workbench/uploads*", lambda r: r.continue_() if len(waiting) < 5 and not waiting.append(r) else None)  # type: ignore[func-returns-value]
    page.locator("#pick-queries-add_queries").set_input_files(files.queries(tmp_path / "many", 3, 20))
    box = page.locator(".job")
    expect(box).to_contain_text("Adding pictures: 5 of 20")
    expect(box.get_by_role("progressbar")).to_be_visible()
    box.get_by_role("button", name="Stop").click()
    expect(box).to_contain_text("Pictures added: 5. Stopped; not added: 15.")
    expect(page.locator("#queries-grid .thumb")).to_have_count(5)
