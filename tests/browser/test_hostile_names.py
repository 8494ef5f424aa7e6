"""Names that are markup stay names: of classes, files and titles, on every tab, in plots and in the picture view."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Workbench, go, open_workbench
from tests.browser.files import queries

EVIL = "<img src=x onerror=window.ran=1>"
BREAKOUT = "\"'><svg onload=window.ran=1><a href='javascript:window.ran=1'>x</a>"
INJECTED = "img[src='x'], svg[onload], a[href^='javascript']"


def expect_nothing_injected(page: Page) -> None:
    assert page.locator(INJECTED).count() == 0 and page.evaluate("window.ran === undefined")


def test_names_that_are_markup(context: BrowserContext, colours: Workbench, tmp_path: Path) -> None:
    page = context.new_page()
    open_workbench(page, colours)
    page.locator(".toolbar .title").fill(EVIL)
    shots = queries(tmp_path / "shots", 2, 6, seed=900_000)
    for n, name in enumerate((EVIL, BREAKOUT)):
        row = page.locator(".class-row").nth(n)
        row.locator("input[type=text]").fill(name)
        row.locator("textarea").fill(name)
        files = [shots[k].rename(shots[k].with_name(f"{EVIL}{k}.png")) for k in (n, n + 2)]
        row.locator("input[type=file]").first.set_input_files(files)
        expect(row.locator(".thumb")).to_have_count(2)
    asked = [shots[k].rename(shots[k].with_name(f"{EVIL}{k}.png")) for k in (4, 5)]
    page.locator("#pick-queries-add_queries").set_input_files([*asked, Path(__file__)])
    expect(page.locator("#queries-grid .thumb")).to_have_count(2)
    expect_nothing_injected(page)

    page.locator(".go .primary").click()
    expect(page.locator(".job[data-kind=predict]")).to_contain_text("Results are ready")
    go(page, "Results")
    expect(page.locator("#results-list .group-head h3").first).to_contain_text("<")
    page.locator("#results-list .pick").first.click()
    expect(page.locator("#details h2")).to_contain_text(EVIL)
    page.locator("#plots summary").click()
    for plot in ("#matrix", "#map"):
        expect(page.locator(f"{plot} .main-svg").first).to_be_visible()
    expect_nothing_injected(page)
    assert page.locator("#plots a[href*=javascript], #plots image[href='x']").count() == 0

    go(page, "Label")
    page.keyboard.press("1")
    expect_nothing_injected(page)
    page.get_by_role("button", name="Save").first.click()
    go(page, "Collection")
    expect(page.locator("#episodes")).to_contain_text(EVIL)
    expect_nothing_injected(page)
    go(page, "Search")
    expect(page.locator("#search")).to_contain_text("<")
    expect_nothing_injected(page)
