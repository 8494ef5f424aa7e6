"""Reviewing a collection, as a person does it: by keys, in bulk, blind, and over a reload."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from fsl_demo.core.collections import CollectionLabel
from fsl_demo.core.pictures import from_image
from tests.browser.conftest import Workbench, go, open_workbench, wait_for
from tests.colours import painted

PETS = "Pets"
COLOURS = {"red": (200, 10, 10), "blue": (10, 10, 200)}
FRAME = """() => { window.kept = null; addEventListener("keydown", () => requestAnimationFrame(() => {
  const image = document.querySelector("#review-picture img");
  window.kept = { src: image?.src ?? "", ready: Boolean(image?.complete && image.naturalWidth) };
}), { once: true, capture: true }); }"""
"""Remembers which picture is there, whole, in the first frame after the next key."""


@pytest.fixture(scope="module")
def reviewing(colours: Workbench) -> Workbench:
    """The workbench with a collection of 30 pictures of two classes, of which one each is labelled."""
    store = colours.store
    store.collections.create(PETS)
    wanted: dict[Any, list[CollectionLabel]] = {}
    for seed in range(15):
        for name, rgb in COLOURS.items():
            labels = [CollectionLabel(name, "Bea")] if not seed else []
            wanted[from_image(painted(rgb, seed, 16), f"{name} {seed}.png")] = labels
    store.collections.add(PETS, wanted)
    return colours


def truth(page: Page) -> str:
    """The colour of the picture on view."""
    return page.locator("#review-picture img").get_attribute("alt").split()[0]  # type: ignore[union-attr]


def labels(workbench: Workbench) -> dict[str, list[CollectionLabel]]:
    return {
        collected.picture.name: list(collected.labels)
        for collected in workbench.store.collections.pictures(PETS)
        if collected.labels
    }


def progress(page: Page) -> Locator:
    return page.locator("#review-progress")


def test_a_collection_is_reviewed(context: BrowserContext, reviewing: Workbench) -> None:
    page = context.new_page()
    open_workbench(page, reviewing)
    go(page, "Collection")
    page.get_by_role("button", name=f"Review: {PETS}").click()
    expect(progress(page)).to_contain_text("2 of 30 done")
    picture = page.locator("#review-picture img")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Your name").press("Tab")
    accept = page.locator("[data-action=review-accept]")
    expect(accept).to_be_visible()
    expect(page.locator("#review-evidence .neighbour")).to_have_count(2)
    expect(page.locator("#review-evidence img.heat").first).to_be_visible()

    # Enter accepts, a digit says otherwise; the next picture is there in the next frame
    page.locator("#review-picture").click(position={"x": 2, "y": 2})
    page.keyboard.press("Escape")
    keys = {"red": "1", "blue": "2"}
    for number in range(4):
        before, answer = picture.get_attribute("src"), truth(page)
        expect(accept).to_contain_text(answer)
        page.evaluate(FRAME)
        page.keyboard.press("Enter" if number % 2 else keys[answer])
        wait_for(page, "() => window.kept")
        kept = page.evaluate("() => window.kept")
        assert kept["ready"] and not kept["src"].endswith(str(before))
    expect(progress(page)).to_contain_text("6 of 30 done")
    page.keyboard.press("n")
    expect(progress(page)).to_contain_text("7 of 30 done")
    page.keyboard.press("u")
    page.keyboard.press("Control+z")
    expect(progress(page)).to_contain_text("5 of 30 done")
    page.get_by_label("new class").fill("green")
    page.keyboard.press("Enter")
    page.keyboard.press("3")
    expect(page.locator("#review .choice", has_text="green")).to_contain_text("1")
    page.keyboard.press("u")
    expect(progress(page)).to_contain_text("5 of 30 done")
    page.keyboard.press("?")
    expect(page.locator("#keys-help")).to_contain_text("select the picture")
    page.keyboard.press("Escape")

    # what is taken back comes on view, also in another queue
    before = str(picture.get_attribute("alt"))
    page.keyboard.press("2")
    expect(picture).not_to_have_attribute("alt", before)
    page.locator("[data-review=order]").select_option("random")
    expect(picture).to_be_visible()
    page.locator("[data-action=review-undo]").click()
    expect(picture).to_have_attribute("alt", before)
    expect(progress(page)).to_contain_text("5 of 30 done")

    # where the person stopped is kept
    page.keyboard.press("ArrowRight")
    at = picture.get_attribute("src")
    expect(page.locator("#saving")).to_contain_text("Saved")
    page.reload()
    expect(page.locator("#review-picture img, #workbench .class-row").first).to_be_visible()
    go(page, "Review")
    expect(picture).to_have_attribute("src", str(at))
    assert sum(bool(words) for words in labels(reviewing).values()) == 5
    assert {words[0].source for words in labels(reviewing).values() if words[0].annotator == "Ada"} == {"accepted"}

    # several of the strip by one key
    strip = page.locator("#review-strip button:not(.done)")
    strip.nth(1).click()
    strip.nth(3).click(modifiers=["Shift"])
    expect(page.locator("#review-answers")).to_contain_text("3 pictures selected")
    page.keyboard.press("1")
    expect(progress(page)).to_contain_text("8 of 30 done")
    expect(page.locator("#saving")).to_contain_text("Saved")
    assert [words[0].source for words in labels(reviewing).values()].count("bulk") == 3

    # blind: the suggestion comes after the answer
    page.get_by_role("checkbox", name="Blind").check()
    expect(accept).to_have_count(0)
    expect(page.locator("#review-answers")).to_contain_text("the suggestion comes after your answer")
    other = {"red": "2", "blue": "1"}[truth(page)]
    page.keyboard.press(other)
    expect(page.locator("#review-verdict")).to_contain_text("you differ")
    blind = picture.get_attribute("alt")
    page.keyboard.press("Enter")
    expect(page.locator("#review-verdict")).to_have_count(0)
    expect(page.locator("#saving")).to_contain_text("Saved")
    word = labels(reviewing)[str(blind)][0]
    assert word.source == "blind" and word.suggestion is not None and word.suggestion != word.class_name
    page.get_by_role("checkbox", name="Blind").uncheck()

    # a second opinion, and what becomes of it
    page.get_by_label("Your name").fill("Cem")
    page.get_by_label("Your name").press("Tab")
    page.locator("[data-review=which]").select_option("mine")
    page.locator("[data-review=order]").select_option("random")
    expect(picture).to_be_visible()
    page.locator("#review-opinions > summary").click()
    expect(page.locator("#review-opinions")).to_contain_text("Nobody disagrees")
    reviewing.store.collections.label(PETS, {_hash(reviewing, str(blind)): CollectionLabel("red", "Cem")})
    reviewing.store.collections.label(PETS, {_hash(reviewing, str(blind)): CollectionLabel("blue", "Bea")})
    page.locator("#review-opinions > summary").click()
    page.locator("#review-opinions > summary").click()
    expect(page.locator(".dispute")).to_have_count(1)
    page.locator("[data-action=review-settle]", has_text="blue").click()
    expect(page.locator("#review-opinions")).to_contain_text("Nobody disagrees")
    page.locator("#review-blind_spots > summary").click()
    expect(page.locator("#review-blind_spots")).to_contain_text("too few to say")


def _hash(workbench: Workbench, name: str) -> str:
    known = workbench.store.collections.pictures(PETS)
    return next(collected.picture.sha256 for collected in known if collected.picture.name == name)


def test_answers_survive_a_break(context: BrowserContext, reviewing: Workbench) -> None:
    page = context.new_page()
    open_workbench(page, reviewing)
    go(page, "Review")
    picture = page.locator("#review-picture img")
    expect(picture).to_be_visible()
    page.route("**/workbench/edits", lambda route: route.abort())
    names = []
    for _ in range(3):
        names.append(str(picture.get_attribute("alt")))
        page.keyboard.press("n")
        expect(picture).not_to_have_attribute("alt", names[-1])
    expect(page.locator("#saving")).to_contain_text("3")
    page.unroute("**/workbench/edits")
    page.reload()
    expect(page.locator("#saving")).to_contain_text("Saved")
    assert [labels(reviewing)[name][0].class_name for name in names] == [None] * 3


def test_a_queue_that_comes_after_an_answer_does_not_go_back(context: BrowserContext, reviewing: Workbench) -> None:
    page, held = context.new_page(), list[Route]()
    open_workbench(page, reviewing)
    go(page, "Review")
    picture = page.locator("#review-picture img")
    expect(picture).to_be_visible()
    asks = "/workbench/static/review_queue.js"
    page.route("**/workbench/data", lambda route: held.append(route))
    with page.expect_request("**/workbench/data"):
        page.evaluate("(asks) => { window.loaded = import(asks).then((queue) => queue.load()); }", asks)
    before = str(picture.get_attribute("alt"))
    page.keyboard.press({"red": "1", "blue": "2"}[truth(page)])
    expect(picture).not_to_have_attribute("alt", before)
    after = picture.get_attribute("alt")
    for route in held:
        route.continue_()
    assert page.evaluate("() => window.loaded")
    assert page.evaluate("async (asks) => (await import(asks)).current().name", asks) == after


def test_where_all_is_labelled_there_is_more_to_do(context: BrowserContext, reviewing: Workbench) -> None:
    known = reviewing.store.collections.pictures(PETS)
    store = reviewing.store.collections
    store.create("Labelled")
    words = {each.picture: [CollectionLabel(each.picture.name.split()[0], "Bea")] for each in known}
    store.add("Labelled", words)
    page = context.new_page()
    open_workbench(page, reviewing)
    go(page, "Review")
    expect(page.locator("#review-picture h2")).to_have_text("Nothing left here")
    expect(page.locator("#review-learning")).to_have_text("Suggestions from 30 labelled pictures")
    expect(page.get_by_role("button", name="labels that may be wrong")).to_be_visible()
    page.get_by_role("button", name="without my word").click()
    expect(page.locator("#review-picture img")).to_be_visible()
    store.delete("Labelled")


def test_a_phone_has_room_for_it(context: BrowserContext, reviewing: Workbench) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    open_workbench(page, reviewing)
    page.get_by_role("button", name="More tabs").click()
    page.get_by_role("button", name="Review", exact=True).click()
    expect(page.locator("#review-picture img")).to_be_visible()
    assert page.evaluate("() => document.scrollingElement.scrollWidth") <= 390
    box = page.locator("#review .choice").first.bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390
