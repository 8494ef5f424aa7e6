"""What axe finds on every tab: nothing serious, in light and dark, wide in English and narrow in Chinese."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, expect

from fsl_demo.services import collections
from tests.browser import stored
from tests.browser.conftest import Workbench, go, open_draft, watched
from tests.browser.shipped.test_journeys import open_example, predict

TABS = {
    "workbench": ("Workbench", "工作台", "#queries-grid img"),
    "results": ("Results", "結果", "#results-list .card-of"),
    "label": ("Label and save", "標記與儲存", "#question-picture"),
    "search": ("Search", "搜尋", ".tile"),
    "collection": ("Collection", "收藏", "#episodes tbody tr"),
    "review": ("Review", "審閱", "#review-picture img"),
    "improve": ("Improve", "改進", "#improvements [data-job=freeze]"),
}
"""Names of the tabs in the two languages, and what is on them once they are drawn."""
AXE = "async (only) => (await axe.run({ resultTypes: ['violations'], ...only })).violations"
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""What may differ between light and dark."""


@pytest.fixture(scope="module")
def draft(browser: Browser, workbench: Workbench) -> str:
    """A draft with an example predicted, a few labels, and the episode saved, by its id."""
    with watched(browser) as context:
        page = context.new_page()
        page.goto(workbench.address)
        open_example(page, "textures")
        predict(page)
        go(page, "Label")
        for labelled in (1, 2, 3):
            page.keyboard.press("Enter")
            expect(page.locator("#label-bar")).to_contain_text(f"{labelled} of 9 labelled")
        page.keyboard.press("Control+s")
        expect(page.locator(".notice")).to_contain_text("Saved in")
        store = workbench.store
        store.collections.create("textures")
        store.collections.add("textures", collections.of_episode(store, store.episodes()[0].id))
        return str(page.evaluate("sessionStorage.fsl_draft"))


def show(page: Page, tab: str, name: str) -> None:
    """Put a tab on view, from the menu where it has no room on the line."""
    on_line = page.get_by_role("tab", name=name)
    if on_line.count():
        on_line.click()
    else:
        page.locator(".overflow-menu > button").click()
        page.locator(".overflow-dropdown").get_by_text(name).click()
    expect(page.locator("body")).to_have_attribute("data-tab", tab)
    expect(page.locator(TABS[tab][2]).first).to_be_visible()


def serious(page: Page, where: str, only: dict[str, Any] | None = None) -> list[str]:
    """What axe, which the page has, finds, with the elements."""
    return [
        f"{where}: {violation['id']} ({violation['impact']}) {node['html'][:160]} "
        f"{[check['message'] for check in node['any']]}"
        for violation in page.evaluate(AXE, only)
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"][:3]
    ]


@pytest.mark.parametrize(("locale", "width"), [("en-US", 1280), ("zh-TW", 390)])
def test_axe(browser: Browser, workbench: Workbench, draft: str, locale: str, width: int) -> None:
    faults = []
    with watched(browser, locale=locale, viewport={"width": width, "height": 844}) as context:
        page = open_draft(context, workbench, draft)
        page.evaluate(AXE_SCRIPT)
        page.add_style_tag(content="* { transition: none !important; }")  # colours are measured at once
        for tab, names in TABS.items():
            show(page, tab, names[locale == "zh-TW"])
            if tab == "results":
                page.locator(".card-of .pick").first.click()
                expect(page.locator("#details .heat").first).to_be_visible()
            faults += serious(page, f"{tab}, light")
            page.evaluate("document.querySelector('[data-action=dark]').click()")
            faults += serious(page, f"{tab}, dark", COLOURS)
            page.evaluate("document.querySelector('[data-action=dark]').click()")
            if tab == "results":
                page.locator("#details [data-action=close-details]").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not faults, "\n".join(faults)


def test_nothing_is_wider_than_a_phone(browser: Browser, workbench: Workbench, draft: str) -> None:
    with watched(browser, viewport={"width": 390, "height": 844}) as context:
        page = open_draft(context, workbench, draft)
        for tab, names in TABS.items():
            show(page, tab, names[0])
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, tab


def test_dark_stays(context: BrowserContext, workbench: Workbench) -> None:
    page = open_draft(context, workbench, stored.draft(workbench.store, 2, 2).id)
    body = page.locator("body")
    expect(body).not_to_contain_class("dark")
    page.get_by_role("button", name="Light or dark").click()
    expect(body).to_contain_class("dark")
    page.reload()
    expect(page.locator(".class-row").first).to_be_visible()
    expect(body).to_contain_class("dark")
