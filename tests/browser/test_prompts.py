"""Prompts, what moved, and where typed words are found, as a person does it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import Workbench, open_workbench
from tests.colours import painted


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    running = Workbench(tmp_path_factory.mktemp("colours"), "-m", "tests.browser.colours_app")
    yield running
    running.kill()


def test_from_definitions_to_words_on_a_picture(context: BrowserContext, colours: Workbench, tmp_path: Path) -> None:
    for seed, (name, rgb) in enumerate({"red": (220, 10, 10), "blue": (10, 10, 220)}.items()):
        painted(rgb, seed).save(tmp_path / f"{name}.png")
    page = context.new_page()
    open_workbench(page, colours)
    page.locator('[data-field="method:asif"]').uncheck()
    first, second = page.locator(".class-row").first, page.locator(".class-row").last
    first.locator("input[type=text]").fill("rouge")
    second.locator("input[type=text]").fill("blue")
    page.locator(".side input[type=file]").set_input_files(sorted(tmp_path.glob("*.png")))
    expect(page.locator(".side .thumb")).to_have_count(2)

    first.get_by_role("button", name="Sentences that are compared").click()
    expect(first.locator(".sentences")).to_contain_text("rouge: the colour red")
    first.get_by_role("button", name="Copy into the description").click()
    description = first.locator("textarea")
    expect(description).to_have_value("a red powder for the cheeks\nthe colour red")
    description.fill("a red thing")
    description.blur()
    expect(first.locator(".sentences")).to_contain_text("rouge: a red thing")
    expect(description).to_have_value("a red thing")

    page.get_by_text("Settings").last.click()
    templates = page.get_by_label("Prompt templates")
    templates.fill("one {}")
    templates.blur()
    expect(first.locator(".sentences")).to_contain_text("one rouge")
    page.get_by_role("button", name="Back to the default").click()
    expect(first.locator(".sentences")).to_contain_text("itap of a rouge.")
    assert templates.input_value().startswith("itap of a {}.")

    page.keyboard.press("Control+Enter")
    expect(page.locator("#results tbody tr")).to_have_count(2)
    expect(page.locator(".moved")).to_have_count(0)
    page.get_by_role("tab", name="Workbench").click()
    description.fill("a green thing")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".moved .edits")).to_contain_text("a green thing")
    expect(page.locator(".moved .signed.down")).to_have_count(1)

    words = page.get_by_label("Where is …?")
    words.fill("red not blue")
    words.press("Enter")
    expect(page.locator("#why h2")).to_contain_text("Where is “red not blue”?")
    expect(page.locator("#why .contributions em")).to_have_text(["red", "not", "blue"])
    expect(words).to_be_focused()
    words.fill("草地")
    words.press("Enter")
    expect(page.locator("#why [role=alert]")).to_contain_text("does not read this script")
    words.fill("")
    words.press("Enter")
    expect(page.locator("#why h2")).to_contain_text("Why")
    page.reload()
    page.get_by_role("tab", name="Results").click()
    expect(page.locator(".moved .edits")).to_contain_text("a green thing")
