"""Describing pictures, and finding them by what was said of them, as a person does it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import stored
from tests.browser.conftest import Workbench, go, open_draft, open_workbench
from tests.colours import painted


def pictures(folder: Path, *names: str, green: int = 90) -> list[Path]:
    for seed, name in enumerate(names):
        painted((20 * seed, green, 200), seed, 96).save(folder / name)
    return [folder / name for name in names]


@pytest.fixture
def page(context: BrowserContext, colours: Workbench) -> Page:
    """A page with two classes of examples and no query."""
    return open_draft(context, colours, stored.draft(colours.store, 2, 0).id)


def open_captions(page: Page, files: list[Path]) -> None:
    """Add queries, predict, and unfold the captions of the first."""
    page.locator("#pick-queries-add_queries").set_input_files(files)
    expect(page.locator("#queries-grid .thumb")).to_have_count(len(files))
    page.locator(".go .primary").click()
    page.locator(".job[data-kind=predict]").get_by_role("button", name="Show").click()
    select(page, files[0].name)
    page.locator("#caption-details > summary").click()


def select(page: Page, name: str) -> None:
    page.locator(".pick", has=page.get_by_alt_text(name)).click()
    expect(page.locator("#details h2")).to_have_text(name)


def test_from_queries_to_captions_and_their_words(page: Page, tmp_path: Path) -> None:
    open_captions(page, pictures(tmp_path, "q1.png", "q2.png", "q3.png"))
    why = page.locator("#caption-details")
    why.get_by_role("button", name="Describe the queries").click()
    expect(why.locator(".said")).to_have_text("“a red dog runs on the grass”")
    expect(why.locator(".chip.on")).to_contain_text("red")
    expect(why.locator(".chip").first).to_contain_text("a ")
    expect(why.locator(".heat")).to_be_visible()
    why.locator(".chip.on").focus()
    page.keyboard.press("ArrowRight")
    expect(why.locator(".chip.on")).to_contain_text("dog")
    why.locator(".chip", has_text="grass").click()
    expect(why.locator(".chip.on")).to_contain_text("grass")
    page.keyboard.press("ArrowLeft")
    expect(why.locator(".chip.on")).to_contain_text("the")

    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".compare .caption")).to_have_count(3)
    expect(page.locator(".compare .caption", has_text="? a picture called q3")).to_be_visible()
    select(page, "q2.png")
    page.locator("#caption-details > summary").click()
    why.get_by_role("button", name="a cat sleeps").click()
    expect(why.locator(".said")).to_have_text("“a cat sleeps”")

    page.reload()
    go(page, "Results")
    select(page, "q3.png")
    page.locator("#caption-details > summary").click()
    expect(why.locator(".warn")).to_contain_text("unlike the photographs")


def test_stop_keeps_what_was_described(page: Page, colours: Workbench, tmp_path: Path) -> None:
    names = [f"n{number}.png" for number in range(12)]
    open_captions(page, pictures(tmp_path, *names, green=45))
    why = page.locator("#caption-details")
    why.get_by_label("Who describes").select_option("slow")
    expect(page.locator("#saving")).to_have_attribute("data-waiting", "0")
    why.get_by_role("button", name="Describe the queries").click()
    expect(page.locator(".job[data-kind=describe]")).to_contain_text("5 of 12")
    page.locator(".job[data-kind=describe]").get_by_role("button", name="Stop").click()
    expect(page.locator(".job[data-kind=describe]")).to_contain_text("Stopped")
    kept = colours.store.drafts.find(page.evaluate("sessionStorage.fsl_draft"))
    assert kept is not None
    described = colours.store.captions(kept.data["queries"])
    assert len(described) in (5, 10)
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".compare .caption").first).to_be_visible()


def test_the_collection_is_described_and_searched(context: BrowserContext, colours: Workbench, tmp_path: Path) -> None:
    page = context.new_page()
    open_workbench(page, colours)
    go(page, "Search")
    files = pictures(tmp_path, "q1.png", "q2.png", "q4.png", "d.png", green=180)
    page.locator("#pick-collection-add_pictures").set_input_files(files)
    expect(page.locator(".tile", has=page.get_by_alt_text("d.png"))).to_be_visible()
    results = page.locator("#found")
    field = page.get_by_label("What the pictures show")
    field.fill("picture dogs")
    page.get_by_role("button", name="Search words").click()
    expect(results.locator(".tiles")).to_contain_text("found by their file name alone: 4")
    page.get_by_role("button", name="Describe the pictures").click()
    expect(results.locator(".tiles")).to_contain_text("No caption or file name has all of this")
    field.fill("dogs")
    page.get_by_role("button", name="Search words").click()
    expect(page.locator(".tile")).to_have_count(1)
    expect(page.locator(".tile mark")).to_have_text(["dog"])
    page.locator(".tile input").check()
    page.get_by_role("button", name="Send to the queries").click()
    expect(page.locator(".notice")).to_contain_text("Sent to the queries: 1.")
    page.get_by_role("button", name="Back").click()
    expect(results.locator("h2")).to_contain_text("“picture dogs”")
