"""The static page of a classifier, in Chromium: the same answers as `classify.py`, and nothing asked of anybody else.

    python -m tests.web.static_page --runtime build/package --data data/photos --count 200

Ends with 1 unless the class is the same for 99.5 % of the pictures and no probability differs by more than 0.02.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import numpy as np
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect, sync_playwright

import fsl_demo
from experiments.many_files import made
from fsl_demo import runtime
from fsl_demo.core.episodes import ClassSpec, Episode, Example, quiet
from fsl_demo.core.pictures import ingest
from fsl_demo.portable.folder import write_folder
from fsl_demo.services import reading
from fsl_demo.services.export_classifier import exported
from tests.browser.conftest import FLAGS
from tests.browser_path import chromium

SAME, NEAR = 0.995, 0.02
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
UNREAD = ("TIFF", "TIFF of 16 bits", "HEIC")
"""Kinds that Chromium does not read."""
SHOTS, CLASSES, SECONDS = 5, 10, 60_000
PREDICT = """async ([page, data]) => {
  const { predict } = await import(page);
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const { label, unlike, ranked } = await predict(new Blob([bytes]));
  return { label, unlike, probabilities: Object.fromEntries(ranked) };
}"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A folder behind a plain web server; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


@contextmanager
def opened(address: str) -> Iterator[tuple[Page, list[str]]]:
    """The page, ready, and what it has asked of others or complained about."""
    troubles: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, *CAMERA])
        page = browser.new_page(locale="en-US", permissions=["camera"])
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: troubles.append(request.url) if address not in request.url else None)
        page.goto(f"{address}/")
        expect(page.locator("#state")).to_have_text("Ready.", timeout=SECONDS)
        yield page, troubles
        browser.close()


def answers_of(page: Page, address: str, files: Sequence[Path]) -> list[dict[str, Any] | str]:
    """What the page says of files, or why it does not read them."""
    answers: list[dict[str, Any] | str] = []
    for file in files:
        data = b64encode(file.read_bytes()).decode()
        try:
            answers.append(page.evaluate(PREDICT, [f"{address}/page/page.js", data]))
        except Exception as error:  # what the page throws
            answers.append(str(error))
    return answers


def folder_of(runtime_folder: Path, data: Path, place: Path) -> list[Path]:
    """Write a classifier with its page; gives pictures of its classes."""
    names = sorted(folder.name for folder in data.iterdir() if folder.is_dir())[:CLASSES]
    files = {name: sorted((data / name).iterdir()) for name in names}
    episode = Episode(
        tuple(ClassSpec(name) for name in names),
        tuple(Example(ingest(file), number) for number, name in enumerate(names) for file in files[name][:SHOTS]),
    )
    registry = reading.registry(None)
    method = registry.method("prototype")
    settings = method.Settings()
    write_folder(
        place, exported(registry, method, episode=episode, settings=settings, progress=quiet, web=runtime_folder)
    )
    return [file for name in names for file in files[name][SHOTS:]]


def dropped(page: Page, folder: Path) -> None:
    """A person chooses a file, and sees the answer that is expected."""
    (example, *_) = json.loads((folder / "classifier.json").read_bytes())["examples"]
    page.set_input_files("#files", folder / example["file"])
    expect(page.locator("#answers li").first).to_contain_text(example["label"], timeout=SECONDS)


def filmed(page: Page) -> None:
    """A person lets the camera answer, and stops it."""
    page.get_by_role("button", name="Camera").click()
    expect(page.locator("#live-answer")).to_contain_text("%", timeout=SECONDS)
    page.get_by_role("button", name="Camera").click()
    expect(page.locator("#live")).to_be_hidden()


def barriers(page: Page) -> list[str]:
    """What axe finds on the page, light and dark."""
    faults: list[str] = []
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        faults += [f"axe, {scheme}: {fault['id']}" for fault in Axe().run(page).response["violations"]]
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runtime", type=Path, required=True, help="the unpacked npm package onnxruntime-web")
    parser.add_argument("--data", type=Path, default=Path("data/photos"), help="class folders")
    parser.add_argument("--count", type=int, default=200, help="files to make")
    chosen = parser.parse_args()
    runtime.prepare("cpu")
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary) / "taken"
        sources = folder_of(chosen.runtime, chosen.data, place)
        files = made(sources, count=chosen.count, place=Path(temporary))
        classifier = fsl_demo.load(place)
        with served(place) as address, opened(address) as (page, troubles):
            dropped(page, place)
            filmed(page)
            troubles += barriers(page)
            there = answers_of(page, address, files)
        return judged(files, here=[classifier.predict(file) for file in files], there=there, troubles=troubles)


def judged(files: Sequence[Path], here: Sequence[Any], there: Sequence[Any], troubles: Sequence[str]) -> int:
    apart: dict[str, float] = {}
    same = marks = 0
    wrong = list(troubles)
    for file, own, answer in zip(files, here, there, strict=True):
        kind = file.stem.split(" ", 1)[1]
        if isinstance(answer, str):
            wrong += [] if kind in UNREAD else [f"{file.name}: {answer}"]
            continue
        shares = answer["probabilities"]
        apart[file.name] = max(abs(own.probabilities[name] - share) for name, share in shares.items())
        same += own.label == answer["label"]
        marks += own.unlike == answer["unlike"]
        if apart[file.name] > NEAR:
            wrong.append(f"{file.name}: {apart[file.name]:.4f} apart")
    print(f"{len(apart)} of {len(files)} files read by the browser; same class {same}, same mark {marks}")
    print(f"probabilities differ by: median {np.median(list(apart.values())):.6f}, and at most")
    for name in sorted(apart, key=apart.__getitem__, reverse=True)[:8]:
        print(f"  {apart[name]:.6f} {name}")
    if same < SAME * len(apart):
        wrong.append(f"the class is the same for {same} of {len(apart)}")
    for trouble in wrong:
        print(f"NOT as expected: {trouble}", file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
