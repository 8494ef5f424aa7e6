"""The Results tab: one answer a query, grouped, filtered, accepted, corrected and explained, with 600 queries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser import stored
from tests.browser.conftest import Workbench, go, open_draft, wait_for, watched
from tests.browser.test_keys import expect_saved

WAYS, QUERIES = 6, 600
METHODS = ("prototype", "can", "clip")


@pytest.fixture(scope="module")
def draft(colours: Workbench) -> stored.Stored:
    return stored.draft(colours.store, WAYS, QUERIES, methods=METHODS)


@pytest.fixture
def results(context: BrowserContext, colours: Workbench, draft: stored.Stored) -> Iterator[Page]:
    """A page with the results on view; what is done to the draft is undone afterwards."""
    page = open_results(context, colours, draft)
    yield page
    page.close()


def open_results(context: BrowserContext, workbench: Workbench, draft: stored.Stored) -> Page:
    page = open_draft(context, workbench, draft.id)
    go(page, "Results")
    expect(page.locator("#results-list .card-of").first).to_be_visible()
    return page


def heads(page: Page) -> dict[str, int]:
    """How many pictures each group has, by its title; all groups, whether they are in view or not."""
    return dict(page.evaluate(HEADS))


HEADS = """async () => {
  const list = document.getElementById("results-list");
  const frame = () => new Promise((resolve, reject) => {
    setTimeout(reject, 30000, new Error("the page draws no more"));
    requestAnimationFrame(() => requestAnimationFrame(resolve));
  });
  const found = new Map();
  for (let top = 0; top <= list.scrollHeight; top += 1000) {
    list.scrollTop = top;
    await frame();
    for (const head of list.querySelectorAll(".group-head h3"))
      found.set(head.firstChild.textContent.trim(), parseInt(head.querySelector("small").textContent));
  }
  list.scrollTop = 0;
  await frame();
  return [...found];
}"""


def scroll(page: Page, top: int) -> None:
    page.locator("#results-list").evaluate("(list, top) => (list.scrollTop = top)", top)


def labels(workbench: Workbench, draft: stored.Stored) -> dict[str, Any]:
    kept = workbench.store.drafts.find(draft.id)
    assert kept is not None
    return dict(kept.data["labels"])


IN_FOLDER = """([id, folder]) => {
  const top = (element) => element.getBoundingClientRect().top;
  const card = document.querySelector(`[data-drag="${id}"]`);
  const above = [...document.querySelectorAll(".group-head")].filter((head) => top(head) < top(card));
  return above.sort((a, b) => top(b) - top(a))[0]?.dataset.folder === folder;
}"""


def expect_in_folder(page: Page, query: str, key: str) -> None:
    wait_for(page, IN_FOLDER, [query, key])


def test_grouped_filtered_and_only_what_is_in_view(results: Page) -> None:
    groups = heads(results)
    assert list(groups) == [*stored.NAMES[:WAYS], "Unsure (below 90 %)", "Unlike your examples"]
    assert sum(groups.values()) == QUERIES
    assert groups["Unlike your examples"] == QUERIES // 50
    for top in (0, 5_000, 12_000):
        scroll(results, top)
        expect(results.locator(".card-of").first).to_be_visible()
        assert results.locator(".card-of").count() < 150
    results.get_by_label("Show").select_option("unlike your examples")
    expect(results.locator("#results-bar")).to_contain_text(f"{QUERIES // 50} of {QUERIES} pictures")
    results.get_by_label("Show").select_option("unsure")
    assert next(iter(heads(results))) == "Unsure (below 90 %)"
    results.get_by_label("Show").select_option("everything")
    results.get_by_label("Class", exact=True).select_option("birch")
    assert "apple" not in heads(results)


def test_where_nobody_can_tell_a_stranger_a_line_says_so(
    context: BrowserContext, colours: Workbench, results: Page
) -> None:
    expect(results.locator("#unlike-unknown")).to_have_count(0)
    few = stored.draft(colours.store, ways=2, queries=3, none_below=float("nan"))
    page = open_results(context, colours, few)
    expect(page.locator("#unlike-unknown")).to_contain_text("Too few examples, or too much alike")
    assert list(heads(page)) == [*stored.NAMES[:2]]
    page.close()


def test_accepting_is_one_step(results: Page, colours: Workbench, draft: stored.Stored) -> None:
    results.locator("#minimum").fill("0.5")
    expect(results.locator("#results-bar output")).to_have_text("50 %")
    accept = results.get_by_role("button", name="above")
    count = int(accept.inner_text().split()[1])
    expect(results.locator("#results-bar")).to_contain_text("expected mistakes")
    accept.click()
    expect(results.locator("#results-bar")).to_contain_text(f"labelled: {count}")
    expect(accept).to_be_disabled()
    expect(accept).to_have_text("Accept 0 above")
    expect_saved(results)
    given = labels(colours, draft)
    assert len(given) == count
    assert {label["source"] for label in given.values()} == {"bulk"}
    results.keyboard.press("Control+z")
    expect(results.locator("#results-bar")).to_contain_text("labelled: 0")
    expect_saved(results)
    assert not labels(colours, draft)


def test_corrections_by_key_menu_and_drag(context: BrowserContext, colours: Workbench) -> None:
    draft = stored.draft(colours.store, WAYS, 9)
    page = open_results(context, colours, draft)
    page.set_viewport_size({"width": 1280, "height": 1800})  # all groups are in view
    bar, ids = page.locator("#results-bar"), [sha[:16] for sha in draft.truth]
    card = {number: page.locator(f'[data-drag="{ids[number]}"]') for number in range(9)}

    card[6].locator(".pick").click()
    page.keyboard.press("3")
    expect(bar).to_contain_text("labelled: 1")
    expect(card[0]).to_contain_class("selected")  # the one that stood after it, of the same class
    page.keyboard.type("ced")
    expect(page.locator("#results-typed")).to_contain_text("cedar")
    page.keyboard.press("Enter")
    expect(bar).to_contain_text("labelled: 2")
    page.keyboard.press("Escape")
    expect(page.locator("#details")).to_be_hidden()

    card[1].hover()
    card[1].get_by_role("button", name="Correct").click()
    menu = page.get_by_role("menu")
    expect(menu.get_by_role("menuitem")).to_have_count(WAYS + 3)
    menu.get_by_role("menuitem", name="daisy").click()
    expect(menu).to_have_count(0)
    expect(bar).to_contain_text("labelled: 3")
    expect(card[1].locator(".given")).to_have_text("✓ daisy")

    expect_in_folder(page, ids[4], draft.keys[4])
    expect_saved(page)
    card[4].drag_to(card[3])
    expect(bar).to_contain_text("labelled: 4")
    expect_saved(page)
    expect_in_folder(page, ids[4], draft.keys[3])
    card[7].drag_to(page.locator(f'.group-head[data-folder="{draft.keys[5]}"]'))
    expect(bar).to_contain_text("labelled: 5")
    expect_saved(page)
    by_id = {sha[:16]: label["answer"] for sha, label in labels(colours, draft).items()}
    wanted = {0: 2, 6: 2, 1: 3, 4: 3, 7: 5}
    assert by_id == {ids[number]: draft.keys[place] for number, place in wanted.items()}
    for left in (4, 3, 2, 1, 0):
        page.keyboard.press("Control+z")
        expect(bar).to_contain_text(f"labelled: {left}")
    expect_in_folder(page, ids[4], draft.keys[4])


def test_why_is_beside_what_was_selected(results: Page) -> None:
    scroll(results, 12_000)
    card = results.locator(f'[data-drag="{results.locator(".card-of").nth(60).get_attribute("data-drag")}"]')
    card.locator(".pick").click()
    details = results.locator("#details")
    expect(details.locator(".heat")).to_have_count(2)
    expect(card).to_be_in_viewport()
    for part in (details, details.locator("h2"), details.locator(".bars"), details.locator(".heat").first):
        expect(part).to_be_in_viewport(ratio=0.9)
    assert overlap(details, card) == 0
    results.keyboard.press("ArrowRight")
    expect(details.locator(".heat")).to_have_count(2)
    expect(results.locator(".card-of.selected")).to_be_in_viewport()
    results.keyboard.press(" ")
    expect(results.locator("#lightbox img")).to_be_visible()
    results.keyboard.press("Escape")
    expect(results.locator("#lightbox")).to_be_hidden()
    results.keyboard.press("Escape")
    expect(details).to_be_hidden()
    expect(results.locator("#results-list .pick:focus")).to_have_count(1)


def test_why_is_a_sheet_on_a_phone(browser: Browser, colours: Workbench, draft: stored.Stored) -> None:
    with watched(browser, viewport={"width": 390, "height": 844}, has_touch=True) as context:
        page = open_results(context, colours, draft)
        page.locator(".card-of .pick").nth(2).tap()
        details = page.locator("#details")
        expect(details.locator(".heat").first).to_be_visible()
        expect(details).to_be_in_viewport()
        box, width = details.bounding_box(), page.evaluate("document.documentElement.scrollWidth")
        assert box is not None
        assert box["width"] > 350
        assert box["y"] >= 0 and box["y"] + box["height"] <= 844
        assert width <= 390
        details.get_by_role("button", name="Close").tap()
        expect(details).to_be_hidden()


def test_columns_are_chosen_and_proposed_again(results: Page) -> None:
    results.get_by_role("button", name="Compare").click()
    head = results.locator(".compare.head")
    expect(head.locator("b")).to_have_count(len(METHODS))
    assert results.locator(".compare").count() < 60
    expect(results.locator(".compare .cell.differs").first).to_be_visible()
    chips = results.get_by_role("group", name="Columns")
    chips.get_by_role("button", name="Part by part").click()
    expect(head.locator("b")).to_have_count(len(METHODS) - 1)
    chips.get_by_role("button", name="Back to the proposed ones").click()
    expect(head.locator("b")).to_have_count(len(METHODS))
    expect(chips.get_by_role("button", name="Back to the proposed ones")).to_have_count(0)
    results.locator(".compare .cell").nth(1).click()
    expect(results.locator("#details h3").first).to_contain_text("Colder")


def overlap(first: Locator, other: Locator) -> float:
    """Square pixels that two elements share."""
    a, b = first.bounding_box(), other.bounding_box()
    assert a is not None and b is not None
    across = min(a["x"] + a["width"], b["x"] + b["width"]) - max(a["x"], b["x"])
    down = min(a["y"] + a["height"], b["y"] + b["height"]) - max(a["y"], b["y"])
    return max(0, across) * max(0, down)
