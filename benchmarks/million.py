"""A workspace of a million pictures: what it takes to draw, open, list, search and review it, as JSON.

python -m benchmarks.million [--pictures N] [--episodes N] [--folder DIR]

The pictures are rows with thumbnails, captions of every tenth, and files of one pixel (links to a few), their vectors
are those of `benchmarks.vector_indexes`. All are in one named collection, and some in saved episodes. The page is
looked at in Chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.million_app import DrawnSpace
from benchmarks.vector_indexes import BLOCK, Drawing
from fsl_demo.core.collections import CollectionLabel
from fsl_demo.core.episodes import Caption, ClassSpec, Described, Episode, Example, LabelledEpisode
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.services.vector_index import VectorIndex
from fsl_demo.store import Workspace, blobs, pictures
from fsl_demo.store.blobs import Written
from fsl_demo.store.connection import Connections
from tests.browser.conftest import FLAGS, Workbench, go, open_workbench
from tests.browser_path import chromium

NAMES = (
    *("dog", "cat", "horse", "park", "snow", "beach", "street", "night"),
    *("boat", "tree", "child", "ball", "house", "river", "mountain", "car"),
)
COLLECTION, CLASSES, LABELLED = "Everything", ("indoors", "outdoors"), 1_000
A_BATCH, OF_AN_EPISODE, TIMES, NEAREST, QUERIES = 20_000, 12, 9, 10, 50
CLICKED = """([clicked, selector, least]) => new Promise((done) => {
  if (least === 1) document.querySelectorAll(selector).forEach((element) => element.remove());
  const started = performance.now();
  const look = () => (document.querySelectorAll(selector).length >= least && !document.querySelector(".busy")
    ? done(performance.now() - started) : requestAnimationFrame(look));
  clicked && document.querySelector(clicked).click();
  look();
})"""
"""Clicks, and gives the milliseconds until at least so many of something are there; one has to come anew."""
NEXT = """() => new Promise((done) => {
  const shown = () => document.querySelector("#review-picture img");
  const before = shown().dataset.enlarge;
  addEventListener("keydown", () => {
    let frames = 0;
    const look = () => {
      frames += 1;
      shown().dataset.enlarge !== before ? done(frames) : requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, { once: true, capture: true });
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "1", bubbles: true }));
})"""
"""Presses the key of the first class, and gives the frames until another picture is there."""


def drawn(count: int) -> Iterator[list[Picture]]:
    """Pictures without files, batch by batch."""
    image = Image.new("RGB", (1, 1))
    random = np.random.default_rng(3)
    for start in range(0, count, A_BATCH):
        numbers = range(start, min(count, start + A_BATCH))
        words = random.choice(NAMES, size=(len(numbers), 2))
        yield [
            Picture(random.bytes(32).hex(), 1, 1, name=f"{a} {b} {n}.jpg", original_sha256="", source=lambda: image)
            for n, (a, b) in zip(numbers, words.tolist(), strict=True)
        ]


def stock(workspace: Workspace, count: int, episodes: int) -> None:
    """Rows, thumbnails, captions, files, a collection, and episodes."""
    colours = [from_image(Image.new("RGB", (1, 1), (16 * n, 99, 255 - 16 * n)), "") for n in range(16)]
    thumbnails = [
        blobs.thumbnail(from_image(Image.effect_noise((160, 120), 9 + n).convert("RGB"), "")) for n in range(16)
    ]
    originals = [workspace.add_picture(colour) for colour in colours]
    files = [workspace._blobs.path(original.sha256) for original in originals]
    connections, random = Connections(workspace.folder / "fsl_demo.db"), np.random.default_rng(4)
    workspace.collections.create(COLLECTION)
    first: list[Picture] = []
    for batch in drawn(count):
        for number, picture in enumerate(batch):
            target, file = workspace._blobs.path(picture.sha256), files[number % 16]
            target.parent.mkdir(parents=True, exist_ok=True)
            if file.stat().st_nlink > 60_000:
                files[number % 16] = _copied(file, target)
            else:
                os.link(file, target)
        rows = {p: Written(files[n % 16].stat().st_size, thumbnails[n % 16]) for n, p in enumerate(batch)}
        with connections.write() as db:
            pictures.insert(db, rows)
        hashes = [picture.sha256 for picture in batch]
        workspace.gallery.add(hashes)
        workspace.put_captions({sha256: _described(random) for sha256 in hashes[::10]})
        labels = [CollectionLabel(CLASSES[n % 2], "Ada") for n in range(LABELLED)] if not first else []
        with connections.write() as db:
            key = db.execute("SELECT id FROM collections").fetchone()[0]
            db.conn.executemany(
                "INSERT INTO collection_items (collection, picture, name) VALUES (?, ?, ?)",
                [(key, picture.sha256, picture.name) for picture in batch],
            )
        if labels:
            workspace.collections.label(COLLECTION, dict(zip(hashes, labels, strict=False)))
            first = batch
    _save(workspace, first, episodes)


def _copied(file: Path, target: Path) -> Path:
    """A file of its own for the links that follow: one file can have so many."""
    target.write_bytes(file.read_bytes())
    return target


def _described(random: np.random.Generator) -> Described:
    a, b, c = random.choice(NAMES, size=3).tolist()
    return Described("drawn", "-", (Caption(f"a {a} beside a {b} in the {c}", -1.0, fit=0.3, doubtful=False),))


def _save(workspace: Workspace, members: list[Picture], episodes: int) -> None:
    for number in range(episodes):
        start = number * 7 % max(1, len(members) - OF_AN_EPISODE)
        chosen = members[start : start + OF_AN_EPISODE]
        classes = tuple(ClassSpec(f"{NAMES[(number + n) % len(NAMES)]}s") for n in range(2))
        support = tuple(Example(picture, place % 2) for place, picture in enumerate(chosen[:4]))
        workspace.save_episode(LabelledEpisode(Episode(classes, support, tuple(chosen[4:])), f"episode {number}"))


def searched(workspace: Workspace) -> dict[str, Any]:
    """Latency, recall and size of searching by vectors, in this process after the index was mapped."""
    index = VectorIndex(workspace, DrawnSpace())
    started, cpu = time.perf_counter(), time.process_time()
    index.update()
    measured: dict[str, Any] = {"embed and index s": time.perf_counter() - started}
    measured["embed and index CPU s"] = time.process_time() - cpu
    drawing = Drawing()
    drawing.pictures(7)
    queries = np.concatenate([drawing.pictures(QUERIES), drawing.sentences(QUERIES)])
    index.search(queries[0], NEAREST)
    times, rows = [], []
    for query in queries:
        started = time.perf_counter()
        matches = index.search(query, NEAREST)
        times.append(1e3 * (time.perf_counter() - started))
        rows.append({index._file.row_of(match.sha256) for match in matches})
    right = _exact(index._file.map(), queries)
    recalls = [len(mine & set(best)) / NEAREST for mine, best in zip(rows, right.tolist(), strict=True)]
    file = index._file.index()
    size = file.path.stat().st_size if file and file.path else 0
    return measured | {
        "search p50 ms": float(np.percentile(times, 50)),
        "search p95 ms": float(np.percentile(times, 95)),
        "recall@10 pictures": statistics.mean(recalls[:QUERIES]),
        "recall@10 sentences": statistics.mean(recalls[QUERIES:]),
        "index bytes a vector": size / max(1, len(index)),
        "vector bytes a vector": index._file.path.stat().st_size / max(1, len(index)),
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _exact(vectors: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Rows of the nearest vectors of each query."""
    best = np.full((len(queries), NEAREST), -2.0, np.float32)
    rows = np.zeros((len(queries), NEAREST), int)
    for start in range(0, len(vectors), BLOCK):
        block = queries @ np.asarray(vectors[start : start + BLOCK], np.float32).T
        both = np.concatenate([best, block], axis=1)
        places = np.concatenate([rows, np.broadcast_to(np.arange(start, start + block.shape[1]), block.shape)], axis=1)
        nearest = np.argpartition(-both, NEAREST, axis=1)[:, :NEAREST]
        best, rows = np.take_along_axis(both, nearest, 1), np.take_along_axis(places, nearest, 1)
    return rows


def looked_at(workspace: Path) -> dict[str, Any]:
    """The page in Chromium, milliseconds."""
    started = time.perf_counter()
    workbench = Workbench(workspace, "-m", "benchmarks.million_app")
    measured: dict[str, Any] = {"server starts s": time.perf_counter() - started}
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            open_workbench(page, workbench)
            measured |= _tabs(page) | _review(page)
            browser.close()
    finally:
        workbench.kill()
    return measured


def _tabs(page: Page) -> dict[str, Any]:
    def until(clicked: str, selector: str, least: int = 1) -> float:
        return float(page.evaluate(CLICKED, [clicked, selector, least]))

    def again(work: Callable[[], Iterable[float]]) -> list[float]:
        return [statistics.median(column) for column in zip(*(work() for _ in range(TIMES)), strict=True)]

    def tab(name: str) -> str:
        button = page.get_by_role("tab", name=name)
        button.evaluate("(button, id) => (button.id = id)", f"bench-{name}")
        return f"#bench-{name}"

    search, collection = tab("Search"), tab("Collection")
    measured = {
        "Search opens first": until(search, ".tile"),
        "Search, next page": until("[data-action=search-more]", ".tile", 61),
    }
    page.locator("#sentence").fill("a dog in the park")
    measured["by a sentence"] = until("[data-action=find]", ".tile .bar b")
    page.locator("#sentence").fill("dog")
    measured["by a word"] = until("[data-action=find-words]", ".tile mark")
    measured["by a word, next page"] = until("[data-action=search-more]", ".tile", 61)
    measured["similar"] = until("[data-action=similar]", ".tile .bar b")
    measured["Collection opens first"] = until(collection, "#named button")

    def open_both() -> list[float]:
        go(page, "Label")
        opened = until(collection, "#named button")
        go(page, "Label")
        return [opened, until(search, ".tile")]

    measured["Collection opens again"], measured["Search opens again"] = again(open_both)
    return measured


def _review(page: Page) -> dict[str, Any]:
    started = time.perf_counter()
    go(page, "Review")
    expect(page.locator("#review-picture img").first).to_be_visible()
    opened = 1e3 * (time.perf_counter() - started)
    page.get_by_label("Your name").fill("Bea")
    page.get_by_label("Your name").press("Tab")
    page.wait_for_timeout(1_000)
    frames = [page.evaluate(NEXT) for _ in range(30)]
    return {"Review opens": opened, "next picture, frames": statistics.median(frames), "at worst": max(frames)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=1_000_000)
    parser.add_argument("--episodes", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, help="keeps the workspace, or measures the one that is there")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = chosen.folder or Path(made) / "workspace"
        is_new, started = not folder.exists(), time.perf_counter()
        workspace = Workspace(folder)
        measured: dict[str, Any] = {"pictures": chosen.pictures, "episodes": chosen.episodes}
        if is_new:
            stock(workspace, chosen.pictures, chosen.episodes)
            measured["draw s"] = time.perf_counter() - started
        measured |= searched(workspace)
        measured["database bytes a picture"] = (folder / "fsl_demo.db").stat().st_size / chosen.pictures
        workspace.close()
        measured |= looked_at(folder)
    print(
        json.dumps(
            {key: round(value, 3) if isinstance(value, float) else value for key, value in measured.items()}, indent=1
        )
    )


if __name__ == "__main__":
    main()
