"""Prompts, what moved, and where typed words are found, as a person does it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import Workbench, go, open_workbench
from tests.colours import painted


def test_from_definitions_to_words_on_a_picture(context: BrowserContext, colours: Workbench, tmp_path: Path) -> None:
    for seed, (name, rgb) in enumerate({"red": (220, 10, 10), "blue": (10, 10, 220)}.items()):
        painted(rgb, seed).save(tmp_path / f"{name}.png")
    page = context.new_page()
    open_workbench(page, colours)
    first, second = page.locator(".class-row").first, page.locator(".class-row").last
    first.locator("input[type=text]").fill("rouge")
    second.locator("input[type=text]").fill("blue")
    page.locator("#pick-queries-add_queries").set_input_files(sorted(tmp_path.glob("*.png")))
    expect(page.locator("#queries-grid .thumb")).to_have_count(2)

    first.get_by_text("Sentences that are compared").click()
    expect(first.locator(".sentences")).to_contain_text("rouge: the colour red")
    first.get_by_role("button", name="Copy into the description").click()
    description = first.locator("textarea")
    expect(description).to_have_value("a red powder for the cheeks\nthe colour red")
    description.fill("a red thing")
    description.blur()
    expect(first.locator(".sentences")).to_contain_text("rouge: a red thing")
    expect(description).to_have_value("a red thing")

    page.locator("#settings-clip summary").click()
    templates = page.get_by_label("Prompt templates")
    templates.fill("one {}")
    templates.blur()
    expect(first.locator(".sentences")).to_contain_text("one rouge")
    page.get_by_role("button", name="Back to the default").click()
    expect(first.locator(".sentences")).to_contain_text("itap of a rouge.")
    assert templates.input_value().startswith("itap of a {}.")

    page.keyboard.press("Control+Enter")
    job = page.locator(".job[data-kind=predict]")
    job.get_by_role("button", name="Show").click()
    expect(page.locator(".card-of")).to_have_count(2)
    expect(page.locator(".moved")).to_have_count(0)
    go(page, "Workbench")
    description.fill("a green thing")
    page.keyboard.press("Control+Enter")
    job.get_by_role("button", name="Show").click()
    expect(page.locator(".moved .edits")).to_contain_text("a green thing")
    expect(page.locator(".moved .signed.down")).to_have_count(1)

    page.locator(".card-of .pick").first.click()
    words, details = page.get_by_label("Where is …?"), page.locator("#details")
    words.fill("red not blue")
    words.press("Enter")
    expect(details).to_contain_text("Where is “red not blue”?")
    expect(details.locator(".contributions em")).to_have_text(["red", "not", "blue"])
    expect(words).to_be_focused()
    words.fill("草地")
    words.press("Enter")
    expect(details.locator("[role=alert]")).to_contain_text("does not read this script")
    words.fill("")
    words.press("Enter")
    expect(details.locator("h3").first).to_contain_text("Why")
    page.reload()
    go(page, "Results")
    expect(page.locator(".moved .edits")).to_contain_text("a green thing")
