"""What the page costs in a real browser: bytes, waiting and memory. As JSON.

python -m benchmarks.page actions|upload|cold [PICTURES]
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Request, expect, sync_playwright
from skimage import data

from tests.browser import stored
from tests.browser.conftest import FLAGS, Workbench, go, open_draft, open_workbench
from tests.browser_path import chromium

WAYS, QUERIES = 20, 1_000
TIMES, ACTIONS = 9, 100
PICTURES, MEGAPIXELS = 300, (4_000, 3_000)
SHOWN = """
  window.waits = [];
  addEventListener("keydown", () => {
    const sha = () => document.getElementById("question-picture")?.dataset.enlarge;
    const [pressed, before] = [performance.now(), sha()];
    let frames = 0;
    const look = () => {
      frames += 1;
      if (sha() !== before) window.waits.push([performance.now() - pressed, frames]);
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, true);
"""
WAITED = """(n) => new Promise((done) => {
  const look = () => (window.waits.length >= n ? done() : requestAnimationFrame(look));
  look();
})"""


def actions(browser: Browser, workbench: Workbench) -> dict[str, Any]:
    """Single actions at 1,000 queries x 20 classes, and the renderer's memory after 100 of them."""
    draft = stored.draft(workbench.store, WAYS, QUERIES, methods=("prototype", "asif"))
    context = _context(browser)
    context.add_init_script(SHOWN)
    page = open_draft(context, workbench, draft.id)
    session = context.new_cdp_session(page)
    measured: dict[str, Any] = {"heap before": _heap(session), "resident before": _resident(browser)}
    row = page.locator(".class-row").first.locator("input[type=text]")
    box = page.locator("#method-compact-vlm input[type=checkbox]")
    for folded in page.locator("#workbench details").all():
        folded.evaluate("(details) => (details.open = true)")

    def rename(n: int) -> None:
        row.fill(f"name {n}")
        row.press("Enter")

    measured["tick"] = [_edit(page, box.click) for _ in range(TIMES)]
    measured["rename"] = [_edit(page, lambda n=n: rename(n)) for n in range(TIMES)]  # type: ignore[misc]
    go(page, "Label")
    expect(page.locator("#question-picture")).to_be_visible()
    measured["label"] = [_edit(page, lambda: page.keyboard.type("07")) for _ in range(TIMES)]
    measured["undo"] = [_edit(page, lambda: page.keyboard.press("Control+z")) for _ in range(TIMES)]
    page.evaluate("window.waits = []")
    for n in range(ACTIONS):
        page.keyboard.type(f"{1 + n % WAYS:02}")
        page.evaluate(WAITED, n + 1)
    expect(page.locator("#saving")).to_have_attribute("data-waiting", "0")
    waits = page.evaluate("window.waits")
    measured["wait"] = statistics.median(wait for wait, _ in waits)
    measured["frames"] = statistics.median(frames for _, frames in waits)
    go(page, "Results")
    for top in range(0, 20_000, 1_000):
        page.locator("#results-list").evaluate("(list, top) => (list.scrollTop = top)", top)
    expect(page.locator(".card-of").first).to_be_visible()
    measured |= {"heap after": _heap(session), "resident after": _resident(browser)}
    context.close()
    return {**measured, **{name: _medians(measured[name]) for name in ("tick", "rename", "label", "undo")}}


def upload(browser: Browser, workbench: Workbench, folder: Path, count: int) -> dict[str, Any]:
    """Adding photographs of 12 megapixels, and how long a click of somebody else takes meanwhile."""
    files = _photographs(folder, count)
    first, second = _context(browser), _context(browser)
    page, other = first.new_page(), second.new_page()
    open_workbench(page, workbench)
    open_workbench(other, workbench)
    requests: list[Request] = []
    page.on("requestfinished", lambda request: requests.append(request))
    alone = [_edit(other, other.get_by_role("button", name="Add class").click)[0] for _ in range(TIMES)]
    started = time.perf_counter()
    page.locator("#pick-queries-add_queries").set_input_files(files)
    done, clicks = page.get_by_text(f"Pictures added: {count}."), []
    while not done.is_visible():
        clicks.append(_edit(other, other.get_by_role("button", name="Undo").click)[0])
        clicks.append(_edit(other, other.get_by_role("button", name="Add class").click)[0])
        page.wait_for_timeout(200)
    seconds = time.perf_counter() - started
    up = sum(int(request.all_headers().get("content-length", 0)) for request in requests)
    down = sum(
        sizes["responseBodySize"] + sizes["responseHeadersSize"] for sizes in (request.sizes() for request in requests)
    )
    first.close()
    second.close()
    return {
        "files": sum(file.stat().st_size for file in files),
        "up": up,
        "down": down,
        "requests": len(requests),
        "seconds": seconds,
        "click alone": statistics.median(alone),
        "click": statistics.median(clicks),
        "click, worst": max(clicks),
    }


def cold(browser: Browser, folder: Path) -> dict[str, Any]:
    """From the printed address to the board, and from the click on the first example to its first answer."""
    workbench = Workbench(folder)
    try:
        context = _context(browser)
        page, started = context.new_page(), time.perf_counter()
        open_workbench(page, workbench)
        board, started = time.perf_counter() - started, time.perf_counter()
        page.locator("[data-open=open_example]").first.click()
        expect(page.locator("#queries-grid .thumb").first).to_be_visible()
        page.locator(".go .primary").click()
        go(page, "Results")
        expect(page.locator(".card-of").first).to_be_visible()
        return {"board": board, "answer": time.perf_counter() - started}
    finally:
        workbench.kill()


def _context(browser: Browser) -> BrowserContext:
    return browser.new_context(locale="en-US", viewport={"width": 1280, "height": 900})


def _edit(page: Page, act: Callable[[], Any]) -> tuple[float, int]:
    """Milliseconds that the browser waits for the answer to an edit, and the answer's bytes."""
    with page.expect_response("**/workbench/edits") as waiting:
        act()
    waiting.value.finished()
    timing = waiting.value.request.timing
    size = len(waiting.value.body())
    expect(page.locator("#saving")).to_have_attribute("data-waiting", "0")
    return timing["responseEnd"] - timing["requestStart"], size


def _medians(measured: list[tuple[float, int]]) -> dict[str, float]:
    return {
        "milliseconds": statistics.median(wait for wait, _ in measured),
        "bytes": statistics.median(size for _, size in measured),
    }


def _heap(session: CDPSession) -> float:
    """Megabytes of the page's objects."""
    session.send("Performance.enable")
    session.send("HeapProfiler.collectGarbage")
    metrics = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["JSHeapUsedSize"]) / 1e6


def _resident(browser: Browser) -> float:
    """Megabytes that the largest renderer holds."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    renderers = [psutil.Process(process["id"]) for process in processes if process["type"] == "renderer"]
    return max(float(process.memory_info().rss) for process in renderers) / 1e6


def _photographs(folder: Path, count: int) -> list[Path]:
    """Files of 12 megapixels, made of one photograph that is rolled by other amounts."""
    large = np.asarray(Image.fromarray(data.chelsea()).resize(MEGAPIXELS, Image.Resampling.BICUBIC))
    noise = np.random.default_rng(0).integers(-6, 7, (*large.shape[:2], 1))
    large = (large + noise).clip(0, 255).astype(np.uint8)
    folder.mkdir()
    files = [folder / f"photo-{n:03}.jpg" for n in range(count)]
    for n, file in enumerate(files):
        Image.fromarray(np.roll(large, 13 * (n + 1), axis=1)).save(file, quality=85)
    return files


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


def main() -> None:
    what, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else PICTURES
    with tempfile.TemporaryDirectory() as made, _browser() as browser:
        folder = Path(made)
        if what == "cold":
            print(json.dumps(cold(browser, folder / "workspace")))
            return
        workbench = Workbench(folder / "workspace")
        try:
            if what == "actions":
                print(json.dumps(actions(browser, workbench)))
            else:
                photographs = folder / "photographs"
                print(json.dumps(upload(browser=browser, workbench=workbench, folder=photographs, count=count)))
        finally:
            workbench.kill()


if __name__ == "__main__":
    main()
