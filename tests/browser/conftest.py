"""A running workbench and a Chromium for the browser tests."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser_path import chromium

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
expect.set_options(timeout=30_000)


class Workbench:
    """The app in a process of its own, on a workspace of its own."""

    def __init__(self, workspace: Path, *app: str) -> None:
        self.workspace = workspace
        self.app = app or ("app.py",)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *self.app, "--port", str(self.port), "--workspace", str(self.workspace)],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert re.search(r"http://127\.0\.0\.1:\d+", line), line

    def kill(self) -> None:
        """End it as a crash or a power cut would."""
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    running = Workbench(tmp_path_factory.mktemp("workspace"))
    yield running
    running.kill()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh browser profile, in English, whose every request is checked to stay on this machine."""
    opened = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 900}, accept_downloads=True)
    outside: list[str] = []
    opened.on("request", lambda request: outside.append(request.url) if _leaves(request.url) else None)
    yield opened
    opened.close()
    assert not outside, f"requests left the machine: {outside}"


@pytest.fixture
def page(context: BrowserContext, workbench: Workbench) -> Page:
    opened = context.new_page()
    open_workbench(opened, workbench)
    return opened


def open_workbench(page: Page, workbench: Workbench) -> None:
    page.goto(workbench.address)
    expect(page.locator("#board .board")).to_be_visible()


def _leaves(url: str) -> bool:
    return not re.match(r"(https?|wss?)://(127\.0\.0\.1|localhost)[:/]|(data|blob|about):", url)
