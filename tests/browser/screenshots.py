"""Takes the README's pictures again: `python -m tests.browser.screenshots`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from fsl_demo.ui import examples
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


def photographs(folder: Path) -> list[Path]:
    """The pictures of two examples as files."""
    files = []
    for recipe in ("animals", "things"):
        for picture in examples.preview(recipe):
            files.append(folder / picture.name)
            picture.image().save(files[-1])
    return files


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
        page.get_by_role("tab").nth(3).click()
        page.locator("#search input[type=file]").first.set_input_files(photographs(Path(folder)))
        expect(page.locator("#search .tile")).to_have_count(8)
        field = page.locator("#search input[type=text]").first
        field.fill("a wild animal in the grass")
        field.press("Enter")
        expect(page.locator("#search h2")).to_contain_text("a wild animal", timeout=60_000)
        take(page, "search")
        page = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 900}).new_page()
        open_workbench(page, workbench)
        example(page, "animals")
        predict(page)
        page.locator("[data-method=compact-vlm].cell").last.click()
        expect(page.locator("#why h2")).to_contain_text("Compact VLM")
        field = page.locator("#why input[type=text]").first
        field.fill("the head of a cat")
        field.press("Enter")
        expect(page.locator("#why h2")).to_contain_text("the head of a cat")
        take(page, "phrase")
        page = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 900}).new_page()
        open_workbench(page, workbench)
        page.locator("#pick-queries-add_queries").set_input_files(photographs(Path(folder)))
        expect(page.locator(".side .thumb")).to_have_count(8)
        page.get_by_role("button", name="Describe the queries").click()
        expect(page.locator("#results .caption")).to_have_count(8, timeout=60_000)
        expect(page.locator("#why .heat").first).to_be_visible()
        take(page, "captions")
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
