"""Labelling by key: every key acts on the picture that was on view, and nothing that was said is lost."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser import stored
from tests.browser.conftest import Workbench, go, open_draft

PRESSES, WAYS = 200, 6
PACE, DELAY = 50, 2_000
"""Milliseconds between two keys, and before the server hears of an edit."""
RECORD = """
  window.pressed = [];
  addEventListener("keydown", ({ key }) => {
    const picture = document.getElementById("question-picture");
    if (picture) window.pressed.push([key, picture.dataset.enlarge]);
  }, true);
"""

PRESS_AT_ONCE = """(keys) => {
  for (const key of keys) document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}"""


def open_labelling(context: BrowserContext, workbench: Workbench, **size: int) -> tuple[Page, stored.Stored]:
    """A page on a new draft, with the Label tab on view; `window.pressed` records what each key was pressed at."""
    draft = stored.draft(workbench.store, **size)
    context.add_init_script(RECORD)
    page = open_draft(context, workbench, draft.id)
    go(page, "Label")
    expect(page.locator("#question-picture")).to_be_visible()
    return page, draft


def keys(count: int) -> list[str]:
    return [str(1 + (7 * n + n // 5) % WAYS) for n in range(count)]


def press(page: Page, count: int, then: Callable[[int], None] = lambda n: None) -> None:
    for n, key in enumerate(keys(count)):
        page.keyboard.press(key)
        then(n)
        page.wait_for_timeout(PACE)


def expect_saved(page: Page, patience: int = 30_000) -> None:
    expect(page.locator("#saving")).to_have_attribute("data-waiting", "0", timeout=patience)


def expect_labels(page: Page, workbench: Workbench, draft: stored.Stored, count: int) -> None:
    """The store has one label for each key, on the picture that was on view when it was pressed, and one step."""
    pressed = page.evaluate("window.pressed")
    wanted = {sha: draft.keys[int(key) - 1] for key, sha in pressed}
    assert len(pressed) == len(wanted) == count
    kept = workbench.store.draft(draft.id)
    assert kept is not None
    assert {sha: label["answer"] for sha, label in kept.data["labels"].items()} == wanted
    assert len(kept.steps) == count


def test_keys_are_faster_than_the_server(context: BrowserContext, colours: Workbench) -> None:
    page, draft = open_labelling(context, colours, ways=WAYS, queries=300)

    def late(route: Route) -> None:
        page.wait_for_timeout(DELAY)
        route.continue_()

    page.route("**/workbench/edits", late)
    press(page, PRESSES)
    expect(page.locator("#label-bar")).to_contain_text("200 of 300 labelled")
    expect_saved(page)
    expect_labels(page, colours, draft, PRESSES)


def test_a_killed_server_loses_no_key(context: BrowserContext, colours: Workbench) -> None:
    page, draft = open_labelling(context, colours, ways=WAYS, queries=300)
    lost = []

    def kill(n: int) -> None:
        if n == PRESSES // 2:
            colours.kill()
            colours.begin()

    def late(route: Route) -> None:
        page.wait_for_timeout(DELAY)
        if not lost:  # made and saved, but the answer is lost
            lost.append(route.fetch())
            return route.abort()
        return route.continue_()

    page.route("**/workbench/edits", late)
    press(page, PRESSES, kill)
    colours.await_page()
    expect_saved(page)
    assert lost
    expect_labels(page, colours, draft, PRESSES)


def test_two_keys_before_the_next_picture_is_drawn(context: BrowserContext, colours: Workbench) -> None:
    page, draft = open_labelling(context, colours, ways=WAYS, queries=12)
    page.evaluate(PRESS_AT_ONCE, ["2", "4", "1"])
    expect_saved(page)
    expect_labels(page, colours, draft, 3)
