"""Describing pictures, and finding them by what was said of them, as a person does it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Workbench, open_workbench
from tests.colours import painted


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    running = Workbench(tmp_path_factory.mktemp("captions"), "-m", "tests.browser.colours_app")
    yield running
    running.kill()


def pictures(folder: Path, *names: str, green: int = 90) -> list[Path]:
    for seed, name in enumerate(names):
        painted((20 * seed, green, 200), seed, 96).save(folder / name)
    return [folder / name for name in names]


def describe(page: Page) -> None:
    page.get_by_role("button", name="Describe the queries").click()


def test_from_queries_to_captions_and_their_words(context: BrowserContext, colours: Workbench, tmp_path: Path) -> None:
    page = context.new_page()
    open_workbench(page, colours)
    page.locator("#pick-queries-add_queries").set_input_files(pictures(tmp_path, "q1.png", "q2.png", "q3.png"))
    expect(page.locator(".side .thumb")).to_have_count(3)
    describe(page)
    captions = page.locator("#results .caption")
    expect(captions).to_have_text(["a red dog runs on the grass", "a blue cat", "a picture called q3"])
    expect(page.locator("#results .doubt")).to_have_count(1)

    why = page.locator("#why")
    expect(why.locator("h2")).to_have_text("“a red dog runs on the grass”")
    expect(why.locator(".chip.on")).to_contain_text("red")
    expect(why.locator(".heat")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(why.locator(".chip.on")).to_contain_text("dog")
    why.locator(".chip", has_text="grass").click()
    expect(why.locator(".chip.on")).to_contain_text("grass")
    page.keyboard.press("ArrowLeft")
    expect(why.locator(".chip.on")).to_contain_text("the")
    captions.nth(1).click()
    why.get_by_role("button", name="a cat sleeps").click()
    expect(why.locator("h2")).to_have_text("“a cat sleeps”")

    page.reload()
    page.get_by_role("tab", name="Results").click()
    expect(captions).to_have_count(3)
    captions.nth(2).click()
    expect(why.locator(".warn")).to_contain_text("unlike the photographs")
    page.get_by_role("button", name="繁中").click()
    page.get_by_role("tab", name="結果").click()
    expect(page.locator("#results .doubt")).to_have_text("? 可能有誤")
    expect(captions.first).to_have_text("a red dog runs on the grass")


def test_stop_keeps_what_was_described(context: BrowserContext, colours: Workbench, tmp_path: Path) -> None:
    page = context.new_page()
    open_workbench(page, colours)
    names = [f"n{number}.png" for number in range(12)]
    page.locator("#pick-queries-add_queries").set_input_files(pictures(tmp_path, *names))
    expect(page.locator(".side .thumb")).to_have_count(12)
    page.get_by_label("Who describes").select_option("slow")
    describe(page)
    expect(page.locator(".progress")).to_contain_text("5 of 12")
    page.keyboard.press("Escape")
    expect(page.locator(".notice")).to_contain_text("Stopped")
    page.get_by_role("tab", name="Results").click()
    expect(page.locator("#results .caption").first).to_be_visible()
    assert page.locator("#results .caption").count() in (5, 10)


def test_the_collection_is_described_and_searched(context: BrowserContext, colours: Workbench, tmp_path: Path) -> None:
    page = context.new_page()
    open_workbench(page, colours)
    page.get_by_role("tab", name="Search").click()
    files = pictures(tmp_path, "q1.png", "q2.png", "q4.png", "d.png", green=180)
    page.locator("#pick-collection-add_pictures").set_input_files(files)
    expect(page.locator(".tile")).to_have_count(4)
    field = page.get_by_label("What the pictures show")
    field.fill("picture dogs")
    page.get_by_role("button", name="Search captions").click()
    expect(page.locator("#search .tiles")).to_contain_text("No picture has been described yet")
    page.get_by_role("button", name="Describe the pictures (4)").click()
    expect(page.locator("#search .tiles")).to_contain_text("No caption says all of this")
    field.fill("dogs")
    page.get_by_role("button", name="Search captions").click()
    expect(page.locator(".tile")).to_have_count(1)
    expect(page.locator(".tile mark")).to_have_text(["dog"])
    page.locator(".tile input").check()
    page.get_by_role("button", name="Send to the queries").click()
    expect(page.locator(".notice")).to_contain_text("Sent to the queries: 1.")
    page.get_by_role("button", name="Back").click()
    expect(page.locator("#search h2")).to_contain_text("“picture dogs”")
