"""The page's small modules, in the browser: what they promise each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Workbench, open_workbench, watched

STATIC = "/workbench/static"
CLASSES = """
  const state = await import(`${STATIC}/state.js`);
  const chooser = await import(`${STATIC}/chooser.js`);
  const give = (names) => state.apply({ at: `test:${names.length}`, whole: true, rows: {}, order: [],
    parts: { "data:classes": names.map((name, n) => ({ key: `k${n}`, name, counts: true })) } });
"""


@pytest.fixture(scope="module")
def plain(browser: Browser, colours: Workbench) -> Iterator[Page]:
    """A page whose modules are at hand and that nothing else happens on."""
    with watched(browser) as context:
        page = context.new_page()
        open_workbench(page, colours)
        page.route("**/workbench/stream*", lambda route: route.abort())
        yield page


@pytest.fixture
def module(plain: Page, colours: Workbench) -> Page:
    """The same on an empty document: modules are loaded afresh."""
    plain.goto(f"{colours.address}/workbench/static/page.css")
    return plain


def run(page: Page, script: str) -> Any:
    """What an async function body gives; `STATIC` is where the modules are."""
    return page.evaluate(f"async () => {{ const STATIC = '{STATIC}'; {script} }}")


@pytest.mark.parametrize(
    ("names", "keys", "wanted"),
    [
        (["ant", "bee", "cow"], "2", [{"answer": "k1"}]),
        (["ant", "bee", "cow"], "0", [{"answer": "none"}]),
        (["ant", "bee", "cow"], "7", [{"typed": ""}]),
        (["ant", "bee", "cow"], "c", [{"typed": "c"}]),
        (["ant", "bee", "cow"], ["c", "Enter"], [{"typed": "c"}, {"answer": "k2"}]),
        (["ant", "bee", "cow"], ["c", "Backspace", "Enter"], [{"typed": "c"}, {"typed": ""}, None]),
        (["ant", "bee", "cow"], ["z", "Enter"], [{"typed": ""}, None]),
        (["ant", "bee", "cow"], ["b", "Escape", "Escape"], [{"typed": "b"}, {"typed": ""}, None]),
        (["cat", "caterpillar"], ["c", "a", "Enter"], [{"typed": "c"}, {"typed": "ca"}, {"answer": "k0"}]),
        (
            ["cat", "caterpillar"],
            [*"cate", "Enter"],
            [*({"typed": "cate"[:n]} for n in (1, 2, 3, 4)), {"answer": "k1"}],
        ),
        (["élan", "3D print"], ["e", "Enter"], [{"typed": "e"}, {"answer": "k0"}]),
        (
            ["red fox", "red"],
            [*"red", " ", "Enter"],
            [*({"typed": "red"[:n]} for n in (1, 2, 3)), {"typed": "red "}, {"answer": "k0"}],
        ),
        (["ant", "bee"], ["+", "?", " ", "ArrowLeft"], [None, None, None, None]),
        ([f"c{n}" for n in range(12)], ["1", "2"], [{"typed": "1"}, {"answer": "k11"}]),
        ([f"c{n}" for n in range(12)], ["0", "0"], [{"typed": "0"}, {"answer": "none"}]),
        ([f"c{n}" for n in range(12)], ["3", "Enter", "Enter"], [{"typed": "3"}, {"answer": "k2"}, None]),
        ([f"c{n}" for n in range(12)], ["0", "Enter"], [{"typed": "0"}, {"answer": "none"}]),
        ([f"c{n}" for n in range(12)], ["9", "9"], [{"typed": "9"}, {"typed": ""}]),
        (
            [f"c{n}" for n in range(12)],
            ["c", "1", "1", "Enter"],
            [{"typed": "c"}, {"typed": "c1"}, {"typed": "c11"}, {"answer": "k11"}],
        ),
    ],
)
def test_chooser(module: Page, names: list[str], keys: list[str] | str, wanted: list[Any]) -> None:
    pressed = module.evaluate(
        f"async ([names, keys]) => {{ const STATIC = '{STATIC}'; {CLASSES} give(names);"
        "return keys.map(chooser.press); }",
        [names, list(keys)],
    )
    assert pressed == wanted


def test_keys_beside_the_classes(module: Page) -> None:
    script = "give(Array.from({ length: N }, (_, n) => `c${n}`)); return [chooser.keyOf(0), chooser.noneKey()];"
    assert run(module, CLASSES + script.replace("N", "9", 1)) == ["1", "0"]
    module.reload()
    assert run(module, CLASSES + script.replace("N", "10", 1)) == ["01", "00"]


STATE = """
  const state = await import(`${STATIC}/state.js`);
  const base = { parts: {}, rows: {}, order: ["a", "b"] };
  state.apply({ ...base, at: "e:3", whole: true, rows: { a: { sha: "A" }, b: { sha: "B", label: "x" } } });
"""


def test_state_takes_what_is_newer(module: Page) -> None:
    answer = run(
        module,
        STATE
        + """
        const seen = [];
        state.onChange((change) => seen.push(change.rows));
        const newer = { whole: false, parts: {}, rows: { a: { sha: "new" } } };
        const took = [
          state.apply({ ...newer, at: "e:3", since: "e:1" }), // what is known
          state.apply({ ...newer, at: "e:6", since: "e:5" }), // something is missing before it
          state.apply({ ...newer, at: "f:4", since: "f:3" }), // of another server
        ];
        const kept = state.row("a").sha;
        took.push(state.apply({ ...newer, at: "e:6", since: "e:2", parts: { "data:jobs": [1], go: "<b></b>" } }));
        const then = [state.row("a").sha, state.data("jobs", 0), state.parts.get("go")];
        took.push(state.apply({ at: "e:7", since: "e:6", whole: false, parts: {}, rows: {}, order: ["b"] }));
        const left = state.rows().map((row) => row.id);
        took.push(state.apply({ at: "e:5", since: "", whole: true, parts: {}, rows: {}, order: [] })); // late
        const fresh = { since: "", whole: true, parts: {}, rows: { c: { sha: "C" } }, order: ["c"] };
        took.push(state.apply({ ...fresh, at: "f:1" }));
        return [took, kept, then, left, state.data("jobs", 0), state.rows().map((row) => row.sha), state.at(), seen];
        """,
    )
    took = [True, False, False, True, True, True, True]
    assert answer == [took, "A", ["new", [1], "<b></b>"], ["b"], 0, ["C"], "f:1", [True, True, True]]


def test_state_shows_what_is_being_written(module: Page) -> None:
    answer = run(
        module,
        STATE
        + """
        state.expect([{ effect: { labels: { a: "y", b: "" } } }, { effect: null }, { effect: { labels: { a: "z" } } }]);
        const labels = state.rows().map((row) => [row.label ?? "", Boolean(row.waiting)]);
        state.expect([{ effect: { gone: ["b"] } }]);
        const left = state.order();
        state.expect([]);
        return [labels, left, state.rows().map((row) => row.label ?? "")];
        """,
    )
    assert answer == [[["z", True], ["", True]], ["a"], ["", "x"]]


QUEUE = """
  const sent = [];
  let answers = [];
  window.fetch = async (path, { body }) => {
    sent.push(JSON.parse(body));
    const answer = answers.shift();
    if (answer === "down") throw new TypeError("no network");
    const last = sent.at(-1).edits.at(-1).n;
    const fine = { taken: last, notices: [], at: "e:1", since: "e:0", whole: false, parts: {}, rows: {} };
    const [ok, status, value] = answer ?? [true, 200, fine];
    return { ok, status, statusText: "", json: async () => value };
  };
  localStorage.clear();
  sessionStorage.clear();
  const queue = await import(`${STATIC}/queue.js`);
  await queue.begin();
  queue.use("d1");
  const label = (query, answer) =>
    queue.send("label", { query, answer }, { labels: { [query]: answer } }, { labels: { [query]: "" } });
  const numbers = (edits) => edits.map((edit) => edit.n);
"""


def test_queue_sends_in_order_and_again_after_a_break(module: Page) -> None:
    answer = run(
        module,
        QUEUE
        + """
        answers = ["down"];
        label("a", "x");
        label("b", "y");
        const kept = numbers(JSON.parse(localStorage.getItem(`fsl_edits:${queue.currentTab()}`)));
        await queue.settled();
        const came = sent.map(({ draft, edits }) => [draft, numbers(edits)]);
        return [kept, came, queue.waiting(), Object.keys(localStorage)];
        """,
    )
    # the first request left before the second edit; the second one carries both
    assert answer == [[1, 2], [["d1", [1]], ["d1", [1, 2]]], 0, []]


def test_queue_keeps_drafts_apart_and_drops_what_is_gone(module: Page) -> None:
    answer = run(
        module,
        QUEUE
        + """
        answers = ["down", [false, 409, { code: "draft_missing", error: "gone" }]];
        label("a", "x");
        queue.use("d2");
        label("b", "y");
        await queue.settled();
        return sent.map(({ draft, edits }) => [draft, numbers(edits)]);
        """,
    )
    assert answer == [["d1", [1]], ["d1", [1]], ["d2", [2]]]


def test_queue_takes_back_on_view_what_undo_takes_back(module: Page) -> None:
    answer = run(
        module,
        QUEUE
        + """
        const state = await import(`${STATIC}/state.js`);
        state.apply({ at: "e:0", whole: true, parts: {}, rows: { a: { sha: "a" } }, order: ["a"] });
        const shown = () => state.row("a").label ?? "";
        answers = ["down"];
        const seen = [shown()];
        label("a", "x");
        seen.push(shown());
        queue.send("undo", {});
        seen.push(shown());
        await queue.settled();
        let wrong = "";
        try { queue.send("label", { sha: "a" }); } catch (error) { wrong = error.message; }
        return [...seen, wrong];
        """,
    )
    assert answer == ["", "x", "", "edit label: sha not known"]


LIST = """
  const { VirtualList } = await import(`${STATIC}/virtual.js`);
  document.body.innerHTML = '<div style="height:300px;overflow:auto"></div>';
  const scroller = document.body.firstChild;
  let made = 0;
  const draw = (item) => {
    made += 1;
    return Object.assign(document.createElement("button"), { textContent: item.key });
  };
  const list = new VirtualList(scroller, draw);
  const items = (count, mark = {}) =>
    Array.from({ length: count }, (_, n) => ({ key: n, height: 20, sign: mark[n] ?? "" }));
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const numbers = () => [...scroller.querySelectorAll("button")].map((node) => Number(node.textContent));
  const shown = () => numbers().sort((a, b) => a - b);
"""


def test_virtual_list_draws_what_is_in_view(module: Page) -> None:
    answer = run(
        module,
        LIST
        + """
        list.show(items(1000));
        await frame();
        const first = shown();
        scroller.scrollTop = 10000;
        await frame();
        const middle = shown();
        list.reveal(999);
        const last = shown();
        return [scroller.firstChild.offsetHeight, first, middle, last];
        """,
    )
    height, first, middle, last = answer
    assert height == 20_000
    assert first == list(range(0, 40))  # 300 in view and 500 below it
    assert middle[0] == 474 and middle[-1] == 539
    assert last[-1] == 999


def test_virtual_list_draws_again_only_what_changed(module: Page) -> None:
    answer = run(
        module,
        LIST
        + """
        list.show(items(30));
        await frame();
        const before = made;
        const kept = scroller.querySelector("button");
        list.show(items(30, { 3: "changed" }));
        const changed = made - before;
        list.show(items(2));
        return [before, changed, kept.isConnected, shown()];
        """,
    )
    assert answer == [30, 1, True, [0, 1]]


def test_what_was_done_leaves_by_itself_and_an_error_stays(module: Page) -> None:
    module.add_style_tag(url="page.css")
    module.evaluate("document.body.insertAdjacentHTML('beforeend', '<div id=notices></div>')")
    show = "async (kind) => (await import('/workbench/static/notices.js')).show([{ kind, text: 'so it is' }])"
    finish = "() => document.querySelector('.notice').getAnimations().forEach((leaving) => leaving.finish())"
    module.evaluate(show, "done")
    expect(module.locator(".notice")).to_contain_text("so it is")
    module.evaluate(finish)
    expect(module.locator(".notice")).to_have_count(0)
    module.evaluate(show, "error")
    module.evaluate(finish)
    expect(module.locator(".notice.error")).to_contain_text("so it is")
