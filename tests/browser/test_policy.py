"""What no other test opens, under the security policy: as in every browser test, `watched` fails on a violation."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import Workbench, go, open_workbench

TABS = ("Workbench", "Results", "Label", "Collection", "Search")


def test_everything_that_can_be_opened(context: BrowserContext, colours: Workbench) -> None:
    page = context.new_page()
    page.goto(f"{colours.address}/nowhere")
    expect(page.get_by_role("alert")).to_contain_text("There is nothing at this address.")
    open_workbench(page, colours)
    page.locator("[data-open=open_example]").first.click()
    expect(page.locator("#queries-grid .thumb").first).to_be_visible()
    page.locator(".go .primary").click()
    expect(page.locator(".job[data-kind=predict]")).to_contain_text("Results are ready")
    go(page, "Results")
    page.locator("#results-list .pick").first.click()
    expect(page.locator("#details h2")).to_be_visible()
    opened: set[str] = set()
    for tab in TABS:
        go(page, tab)
        closed = page.locator("details[id]:not([open]):has(> summary:visible)")
        for name in closed.evaluate_all("all => all.map((details) => details.id)"):
            opened.add(name)
            page.locator(f"[id='{name}'] > summary").click()
            expect(page.locator(f"[id='{name}']")).to_have_attribute("open", "")
        expect(page.locator("details[open] > [data-body]:visible:empty")).to_have_count(0)
    assert {"examples", "plots", "caption-details", "settings-prototype"} <= opened, opened
