"""Labelling by key: every key acts on the picture that was on view, and nothing that was said is lost."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser import stored
from tests.browser.conftest import Workbench, go, open_draft, open_workbench

PRESSES, QUERIES, WAYS = 40, 60, 6
PACE, DELAY = 25, 1_000
"""Milliseconds between two keys, and before the server hears of an edit."""
RECORD = """
  window.pressed = [];
  addEventListener("keydown", ({ key }) => {
    const picture = document.getElementById("question-picture");
    if (picture) window.pressed.push([key, picture.dataset.enlarge]);
  }, true);
"""

CLICK_BOTH = """() => {
  const boxes = () => [...document.querySelectorAll("[data-edit=tick_method][type=checkbox]")].slice(0, 2);
  boxes().forEach((box) => box.click());
  window.states = new Set();
  const look = () => { window.states.add(boxes().map((box) => box.checked).join(" ")); requestAnimationFrame(look); };
  look();
}"""
PRESS_AT_ONCE = """(keys) => {
  for (const key of keys) document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}"""


def open_labelling(context: BrowserContext, workbench: Workbench, **size: int) -> tuple[Page, stored.Stored]:
    """A page on a new draft, with the Label tab on view; `window.pressed` records what each key was pressed at."""
    draft = stored.draft(workbench.store, **size)
    page = open_draft(context, workbench, draft.id, script=RECORD)
    go(page, "Label")
    expect(page.locator("#question-picture")).to_be_visible()
    return page, draft


def keys(count: int) -> list[str]:
    return [str(1 + (7 * n + n // 5) % WAYS) for n in range(count)]


def press(page: Page, count: int, then: Callable[[int], None] = lambda n: None) -> None:
    due = time.monotonic()
    for n, key in enumerate(keys(count)):
        page.keyboard.press(key)
        then(n)
        due += PACE / 1000
        page.wait_for_timeout(max(0, 1000 * (due - time.monotonic())))


def expect_saved(page: Page, patience: int = 30_000) -> None:
    expect(page.locator("#saving")).to_have_attribute("data-waiting", "0", timeout=patience)


def expect_labels(page: Page, workbench: Workbench, draft: stored.Stored, count: int, others: int = 0) -> None:
    """The store has one label for each key, on the picture that was on view when it was pressed, and one step.

    Args:
        others: steps beside them.
    """
    pressed = page.evaluate("window.pressed")
    wanted = {sha: draft.keys[int(key) - 1] for key, sha in pressed}
    assert len(pressed) == len(wanted) == count
    kept = workbench.store.drafts.find(draft.id)
    assert kept is not None
    assert {sha: label["answer"] for sha, label in kept.data["labels"].items()} == wanted
    assert len(kept.steps) == count + others


def test_keys_are_faster_than_the_server(context: BrowserContext, colours: Workbench) -> None:
    page, draft = open_labelling(context, colours, ways=WAYS, queries=QUERIES)

    def late(route: Route) -> None:
        page.wait_for_timeout(DELAY)
        route.continue_()

    page.route("**/workbench/edits", late)
    press(page, PRESSES)
    expect(page.locator("#label-bar")).to_contain_text(f"{PRESSES} of {QUERIES} labelled")
    expect_saved(page)
    expect_labels(page, colours, draft=draft, count=PRESSES)


def test_a_killed_server_loses_no_key_and_no_class(context: BrowserContext, colours: Workbench) -> None:
    page, draft = open_labelling(context, colours, ways=WAYS, queries=QUERIES)
    lost = []

    def kill(n: int) -> None:
        if n == PRESSES // 2:
            while not lost:
                page.wait_for_timeout(20)
            colours.kill()
            page.evaluate("document.querySelector('[data-action=add-class]').click()")
            expect(page.locator("#saving")).to_contain_text("not saved yet")
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
    expect_labels(page, colours, draft=draft, count=PRESSES, others=1)
    page.reload()
    expect(page.locator(".class-row")).to_have_count(WAYS + 1)
    expect(page.locator(".class-row").first.locator("input[type=text]")).to_have_value(stored.NAMES[0])
    go(page, "Label")
    expect(page.locator("#label-bar")).to_contain_text(f"{PRESSES} of {QUERIES} labelled")


def test_two_keys_before_the_next_picture_is_drawn(context: BrowserContext, colours: Workbench) -> None:
    page, draft = open_labelling(context, colours, ways=WAYS, queries=12)
    page.evaluate(PRESS_AT_ONCE, ["2", "4", "1"])
    expect_saved(page)
    expect_labels(page, colours, draft=draft, count=3)
    page.reload()  # and a page that begins anew gets everything, also what this tab had
    go(page, "Label")
    expect(page.locator("#label-bar")).to_contain_text("3 of 12 labelled")
    expect(page.locator("#label-queue button")).to_have_count(12)


def test_what_could_not_be_sent_is_sent_by_the_next_page(context: BrowserContext, colours: Workbench) -> None:
    page, draft = open_labelling(context, colours, ways=WAYS, queries=12)
    context.route("**/workbench/edits", lambda route: route.abort())
    page.evaluate(PRESS_AT_ONCE, ["2", "4", "1"])
    expect(page.locator("#saving")).to_contain_text("not saved yet: 3")
    expect(page.locator("#saving")).to_contain_text("The workbench does not answer")
    page.reload()
    go(page, "Label")
    expect(page.locator("#saving")).to_have_attribute("data-waiting", "3")
    expect(page.locator("#label-bar")).to_contain_text("3 of 12 labelled")
    assert not colours.store.drafts.find(draft.id).data["labels"]  # type: ignore[union-attr]
    context.unroute("**/workbench/edits")
    expect_saved(page)
    kept = colours.store.drafts.find(draft.id)
    assert kept is not None
    assert sorted(label["answer"] for label in kept.data["labels"].values()) == [draft.keys[n] for n in (0, 1, 3)]
    assert len(kept.steps) == 3


def test_what_is_still_being_sent_is_on_view_after_a_reload(context: BrowserContext, colours: Workbench) -> None:
    page, _ = open_labelling(context, colours, ways=WAYS, queries=12)
    context.route("**/workbench/edits", lambda route: None)  # neither answered nor refused
    page.evaluate(PRESS_AT_ONCE, ["2", "4", "1"])
    expect(page.locator("#saving")).to_have_attribute("data-waiting", "3")
    page.reload()
    go(page, "Label")
    expect(page.locator("#label-bar")).to_contain_text("3 of 12 labelled")


def test_a_closed_tabs_edits_are_sent_by_the_next_tab(context: BrowserContext, colours: Workbench) -> None:
    page, draft = open_labelling(context, colours, ways=WAYS, queries=12)
    context.route("**/workbench/edits", lambda route: route.abort())
    page.evaluate(PRESS_AT_ONCE, ["2", "4"])
    expect(page.locator("#saving")).to_contain_text("not saved yet: 2")
    page.close()
    context.unroute("**/workbench/edits")
    second = open_draft(context, colours, draft.id)
    go(second, "Label")
    expect(second.locator("#label-bar")).to_contain_text("2 of 12 labelled")
    kept = colours.store.drafts.find(draft.id)
    assert kept is not None
    assert sorted(label["answer"] for label in kept.data["labels"].values()) == [draft.keys[n] for n in (1, 3)]
    assert not second.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('fsl_edits:'))")


def test_many_classes_letters_and_undo(context: BrowserContext, colours: Workbench) -> None:
    page, draft = open_labelling(context, colours, ways=12, queries=24)
    bar, queue, question = (page.locator(name) for name in ("#label-bar", "#label-queue", "#question"))

    def given(sha: str) -> str:
        label = colours.store.drafts.find(draft.id).data["labels"].get(sha)  # type: ignore[union-attr]
        return label and label["answer"]

    def on_view() -> str:
        return str(page.locator("#question-picture").get_attribute("data-enlarge"))

    expect(question).to_contain_text("two digits")
    first = on_view()
    page.keyboard.press("1")
    expect(question.locator(".typed")).to_contain_text("1…")
    page.keyboard.press("2")
    expect(bar).to_contain_text("1 of 24 labelled")
    second = on_view()
    assert second != first
    page.keyboard.type("gra")  # no "g" alone answers: whoever types on would label the next picture
    expect(question.locator(".typed")).to_contain_text("grape")
    expect(bar).to_contain_text("1 of 24 labelled")
    page.keyboard.press("Enter")
    expect(bar).to_contain_text("2 of 24 labelled")
    third = on_view()
    page.keyboard.type("00")
    expect(bar).to_contain_text("3 of 24 labelled")
    queue.locator("button:not(.done)").nth(3).click()
    fourth = on_view()
    suggested = question.locator("[data-action=answer].primary").get_attribute("data-answer")
    page.keyboard.press("Enter")
    expect(bar).to_contain_text("4 of 24 labelled")
    expect_saved(page)
    assert [given(sha) for sha in (first, second, third, fourth)] == [draft.keys[11], draft.keys[6], "none", suggested]

    page.keyboard.press("?")
    expect(page.locator("#keys-help")).to_be_visible()
    expect(page.locator("#keys-help tr")).to_have_count(13)
    page.keyboard.press("Escape")
    expect(page.locator("#keys-help")).to_be_hidden()

    queue.locator("button.done").first.click()
    page.keyboard.press("+")
    expect(bar).to_contain_text("3 of 23 labelled")
    for labelled, total in ((4, 24), (3, 24), (2, 24), (1, 24), (0, 24)):
        page.keyboard.press("Control+z")
        expect(bar).to_contain_text(f"{labelled} of {total} labelled")
    expect_saved(page)
    assert given(first) is None
    expect(bar.get_by_role("button", name="Undo")).to_be_disabled()


def test_few_classes_none_of_these_and_clear(context: BrowserContext, colours: Workbench) -> None:
    page, _ = open_labelling(context, colours, ways=3, queries=9)
    page.keyboard.press("0")
    expect(page.locator("#label-queue .done")).to_have_text("✓ none of these")
    page.keyboard.press("9")  # there is no such class
    page.keyboard.press("1")
    expect(page.locator("#label-bar")).to_contain_text("2 of 9 labelled")
    go(page, "Workbench")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".hero")).to_be_visible()
    expect(page.locator("#queries-grid .thumb")).to_have_count(0)
    page.locator("body").press("Control+z")
    expect(page.locator("#queries-grid .thumb")).to_have_count(9)
    expect(page.locator(".class-row")).to_have_count(3)
    go(page, "Label")
    expect(page.locator("#label-bar")).to_contain_text("2 of 9 labelled")


def test_older_answers_do_not_set_back_a_box_that_was_just_clicked(context: BrowserContext, colours: Workbench) -> None:
    page = context.new_page()
    open_workbench(page, colours)
    boxes = page.locator("[data-edit=tick_method][type=checkbox]")
    expect(boxes.nth(1)).to_be_attached()
    before = [boxes.nth(n).is_checked() for n in range(2)]
    answered = []

    def late(route: Route) -> None:
        answer = route.fetch()
        page.wait_for_timeout(DELAY / 2)
        answered.append(answer.json())
        route.fulfill(response=answer)

    page.route("**/workbench/edits", late)
    page.evaluate(CLICK_BOTH)
    expect_saved(page)
    assert len(answered) == 2
    assert page.evaluate("[...window.states]") == [" ".join(str(not checked).lower() for checked in before)]
    page.reload()
    for n, checked in enumerate(before):
        expect(boxes.nth(n)).to_be_checked(checked=not checked)
