"""Searching the collection, as a person does it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Served, go, open_workbench
from tests.colours import painted

COLOURS = {"red": (220, 10, 10), "pink": (220, 90, 90), "blue": (10, 10, 220), "navy": (40, 40, 160)}


def search(page: Page, sentence: str) -> None:
    page.get_by_label("What the pictures show").fill(sentence)
    page.keyboard.press("Enter")
    expect(page.locator("#found h2")).to_contain_text(f"“{sentence}”")


def test_from_a_sentence_to_queries_and_support(context: BrowserContext, alone: Served, tmp_path: Path) -> None:
    for seed, (name, rgb) in enumerate(COLOURS.items()):
        painted(rgb, seed).save(tmp_path / f"{name}.png")
    page = context.new_page()
    open_workbench(page, alone)
    go(page, "Search")
    expect(page.locator("#found h2")).to_have_text("No pictures to search yet")
    page.locator("#pick-collection-add_pictures").set_input_files(sorted(tmp_path.glob("*.png")))
    tiles = page.locator(".tile")
    expect(tiles).to_have_count(4)

    search(page, "red")
    for place, name in enumerate(("red", "pink")):
        expect(tiles.nth(place).locator("label")).to_have_attribute("title", f"{name}.png")
    where = page.get_by_role("checkbox", name="Where", exact=True)
    where.check()
    expect(page.locator(".tile .place")).to_have_count(2)  # nothing red is on the others
    expect(page.locator("[data-unplaced]")).to_have_count(0)
    where.uncheck()
    expect(page.locator(".tile .place")).to_have_count(0)
    send = page.locator(".send")
    expect(send).to_be_hidden()
    tiles.nth(0).locator("img").click()
    tiles.nth(1).locator("input").click(modifiers=["Shift"])
    expect(page.locator(".tile :checked")).to_have_count(2)
    send.get_by_role("button", name="Send to the queries").click()
    expect(page.locator(".notice")).to_contain_text("Sent to the queries: 2.")
    expect(page.locator(".where")).to_have_text(["✓ Query", "✓ Query"])
    expect(send).to_be_hidden()

    tiles.nth(3).get_by_role("button", name="Similar").click()
    expect(page.locator(".headline img")).to_be_visible()
    expect(tiles).to_have_count(3)
    expect(tiles.first.locator("label")).to_have_attribute("title", "navy.png")
    page.get_by_role("button", name="Back").click()
    expect(page.locator("#found h2")).to_contain_text("“red”")
    search(page, "blue")
    page.get_by_label("Select all shown").check()
    tiles.nth(2).locator("input").uncheck()
    tiles.nth(3).locator("input").uncheck()
    send.get_by_role("button", name="Send to the support set of").click()
    expect(page.locator(".notice")).to_contain_text("Sent to the support set of “blue”: 2.")

    page.get_by_label("What the pictures show").fill("雪")
    page.keyboard.press("Enter")
    expect(page.locator(".notice.error")).to_contain_text("does not read this script")
    expect(page.locator("#found h2")).to_contain_text("“blue”")

    go(page, "Workbench")
    expect(page.locator("#queries-grid .thumb")).to_have_count(2)
    expect(page.locator(".class-row").first.locator("input[type=text]")).to_have_value("blue")
    expect(page.locator(".class-row").first.locator(".thumb")).to_have_count(2)
    page.keyboard.press("Control+z")
    expect(page.locator(".support .thumb")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(page.locator("#queries-grid .thumb")).to_have_count(0)
