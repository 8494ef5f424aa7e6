"""Takes the README's pictures again: `python -m tests.browser.screenshots`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.conftest import FLAGS, ROOT, Workbench, open_workbench
from tests.browser_path import chromium

ASSETS = ROOT / "assets"


def example(page: Page, name: str) -> None:
    page.locator(f"[data-example={name}]").click()
    expect(page.locator(".side .thumb").first).to_be_visible()


def predict(page: Page) -> None:
    page.locator(".go .primary").click()
    expect(page.locator("#why .heat").first).to_be_visible()
    expect(page.locator("#map .js-plotly-plot")).to_be_visible()


def take(page: Page, name: str) -> None:
    page.evaluate("document.activeElement?.blur()")
    page.screenshot(path=ASSETS / f"{name}.png", animations="disabled")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        workbench = Workbench(Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 900}).new_page()
        open_workbench(page, workbench)
        example(page, "textures")
        take(page, "workbench")
        predict(page)
        page.locator("#results .cell").nth(1).click()
        expect(page.locator("#why h2")).to_contain_text("ASIF")
        take(page, "results")
        page.get_by_role("tab").nth(2).click()
        for labelled in range(1, 6):
            page.keyboard.press("Enter")
            expect(page.locator("#labelling")).to_contain_text(f"{labelled} of 9")
        take(page, "label")
        browser.close()
        chinese = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = chinese.new_context(locale="zh-TW", viewport={"width": 1280, "height": 900}).new_page()
        open_workbench(page, workbench)
        example(page, "things")
        predict(page)
        take(page, "zero-shot-zh")
        chinese.close()
        workbench.kill()


if __name__ == "__main__":
    main()
