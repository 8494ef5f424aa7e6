"""Takes the documentation's pictures again: `python -m tests.browser.screenshots [FOLDER]`."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from fsl_demo.ui import examples
from tests.browser.conftest import FLAGS, ROOT, Workbench, go, open_workbench
from tests.browser.shipped.test_improving import LONG, textured
from tests.browser.shipped.test_journeys import open_example, predict
from tests.browser_path import chromium

ASSETS = ROOT / "assets"


def photographs(folder: Path) -> list[Path]:
    """The pictures of two examples as files."""
    files = []
    for recipe in ("animals", "things"):
        for picture in examples.preview(recipe):
            files.append(folder / picture.name)
            picture.image().save(files[-1])
    return files


def why(page: Page, card: int = 0) -> None:
    page.locator(".card-of .pick").nth(card).click()
    expect(page.locator("#details .heat").first).to_be_visible()


def sorting(page: Page, take: Callable[[Page, str], None]) -> None:
    """An example from the Workbench to labels."""
    open_example(page, "textures")
    take(page, "workbench")
    predict(page)
    why(page, 4)
    take(page, "results")
    page.locator("#details [data-action=close-details]").click()
    page.get_by_role("button", name="Compare").click()
    page.locator(".compare .cell").nth(1).click()
    expect(page.locator("#details .heat").first).to_be_visible()
    take(page, "compare")
    go(page, "Label")
    for labelled in range(1, 6):
        page.keyboard.press("Enter")
        expect(page.locator("#label-bar")).to_contain_text(f"{labelled} of 9")
    expect(page.locator("#label .report").first).to_be_visible()
    take(page, "label")


def searching(page: Page, take: Callable[[Page, str], None], files: list[Path]) -> None:
    go(page, "Search")
    page.locator("#pick-collection-add_pictures").set_input_files(files)
    expect(page.locator(".tile")).to_have_count(len(files))
    field = page.locator("#sentence")
    field.fill("a wild animal in the grass")
    field.press("Enter")
    expect(page.locator("#found h2")).to_contain_text("a wild animal", timeout=60_000)
    expect(page.locator(".tile").first).to_be_visible()
    expect(page.locator("[data-unranked]")).to_have_count(0, timeout=60_000)
    take(page, "search")


def phrase(page: Page, take: Callable[[Page, str], None]) -> None:
    open_example(page, "animals")
    predict(page)
    page.get_by_role("button", name="Compare").click()
    page.locator(".cell[data-method=compact-vlm]").last.click()
    details = page.locator("#details")
    expect(details).to_contain_text("Compact VLM")
    field = details.locator("[data-param=phrase]")
    field.fill("the head of a cat")
    field.press("Enter")
    expect(details).to_contain_text("the head of a cat")
    take(page, "phrase")


def captions(page: Page, take: Callable[[Page, str], None]) -> None:
    open_example(page, "animals")
    predict(page)
    why(page)
    page.locator("#caption-details > summary").click()
    page.locator("#caption-details").get_by_role("button", name="Describe").click()
    expect(page.locator("#caption-details .said")).to_be_visible(timeout=60_000)
    expect(page.locator("#caption-details .heat")).to_be_visible()
    page.locator("#caption-details").scroll_into_view_if_needed()
    take(page, "captions")


def improving(page: Page, take: Callable[[Page, str], None], folder: Path) -> None:
    """A collection that is reviewed, frozen and learned from."""
    go(page, "Collection")
    page.locator("#new-collection").fill("textures")
    page.locator("[data-action=new-collection]").click()
    named = page.locator("#named")
    named.locator("#pick-named-folder").set_input_files(folder)
    expect(named.get_by_role("button", name="All 60")).to_be_visible()
    named.locator("[data-for='collections.review']").click()
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Your name").press("Tab")
    accept = page.locator("[data-action=review-accept]")
    page.locator("#review-picture").get_by_role("button", name="without my word").click()
    for reviewed in range(1, 8):
        expect(accept).to_be_visible(timeout=LONG)
        page.keyboard.press("Enter")
        expect(page.locator("#review-progress")).to_contain_text(f"{reviewed} of 60 done")
    expect(accept).to_be_visible()
    expect(page.locator("#review-evidence img.heat").first).to_be_visible(timeout=LONG)
    take(page, "review")
    go(page, "Improve")
    page.locator("#improvements [data-job=freeze]").click()
    expect(page.locator("#jobs .job.freeze")).to_contain_text("Frozen as version 1.", timeout=LONG)
    page.locator("#improvements [data-job=finetune]").first.click()
    receipt = page.locator("section.receipt")
    expect(receipt.locator(".verdict")).to_contain_text("picture_space@2", timeout=3 * LONG)
    expect(receipt).not_to_contain_text("still being measured", timeout=3 * LONG)
    expect(page.locator("#curve .main-svg").first).to_be_visible()
    receipt.get_by_text("Answers that changed").click()
    page.evaluate("scrollTo(0, 0)")
    take(page, "improve")


def zero_shot(page: Page, take: Callable[[Page, str], None]) -> None:
    open_example(page, "things")
    page.locator(".go .primary").click()
    page.locator(".job[data-kind=predict]").locator("[data-action=go]").click(timeout=60_000)
    why(page)
    take(page, "zero-shot-zh")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def main() -> None:
    into = Path(sys.argv[1]) if len(sys.argv) > 1 else ASSETS

    def take(page: Page, name: str) -> None:
        while page.locator("[data-action=dismiss-job]").count():
            page.locator("[data-action=dismiss-job]").first.click()
        page.evaluate("document.activeElement?.blur()")
        shot = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
        shot.convert("RGB").save(into / f"{name}.webp", quality=88, method=6)

    def fresh(browser: Browser, locale: str = "en-US") -> Page:
        page = browser.new_context(locale=locale, viewport={"width": 1280, "height": 900}).new_page()
        open_workbench(page, workbench)
        return page

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        workbench = Workbench(Path(folder), "-m", "tests.browser.shipped_app")
        try:
            browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
            sorting(fresh(browser), take)
            searching(fresh(browser), take, photographs(Path(folder)))
            phrase(fresh(browser), take)
            captions(fresh(browser), take)
            improving(fresh(browser), take, textured(_made(Path(folder) / "textures")))
            zero_shot(fresh(browser, "zh-TW"), take)
            browser.close()
        finally:
            workbench.kill()


if __name__ == "__main__":
    main()
