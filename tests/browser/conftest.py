"""Running workbenches and a Chromium for the browser tests."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from fsl_demo.store import Workspace
from tests.browser.colours_app import HOLD, serving
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
DEFAULTS: dict[str, Any] = {
    "locale": "en-US",
    "viewport": {"width": 1280, "height": 900},
    "accept_downloads": True,
}
POLICY = "Content Security Policy"
REPORT = """document.addEventListener("securitypolicyviolation", (event) =>
  forbiddenByPolicy(`${event.violatedDirective}: ${event.blockedURI} (${event.sourceFile}:${event.lineNumber})`));"""
RESTING = """const frames = window.requestAnimationFrame;
window.requestAnimationFrame = (draw) =>
  document.getElementById("tabs") && new Error().stack.includes("/statustracker-") ? 0 : frames(draw);"""
"""Gradio's loading screen asks for frame after frame, also when it is gone, which keeps a core busy for nothing."""
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
        self.begin()
        self.await_page()

    def begin(self) -> None:
        """Start the process without waiting for it."""
        self.process = subprocess.Popen(
            [sys.executable, *self.app, "--port", str(self.port), "--workspace", str(self.workspace)],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )

    def await_page(self) -> None:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert re.search(r"http://127\.0\.0\.1:\d+", line), line

    def kill(self) -> None:
        """End it as a crash or a power cut would."""
        self.process.kill()
        self.process.wait()

    @property
    def store(self) -> Workspace:
        """Its workspace, as another process opens it."""
        return Workspace(self.workspace)

    @property
    def hold(self) -> Path:
        """While this file is there, a prediction of the colours' workbench waits after its first batch."""
        return self.workspace / HOLD


@pytest.fixture(scope="session")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """The workbench with the methods that it ships."""
    running = Workbench(tmp_path_factory.mktemp("workspace"), "-m", "tests.browser.shipped_app")
    yield running
    running.kill()


@pytest.fixture(scope="session")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """The workbench with methods that need no network and take no time."""
    running = Workbench(tmp_path_factory.mktemp("colours"), "-m", "tests.browser.colours_app")
    yield running
    running.kill()


@dataclass(frozen=True)
class Served:
    """A workbench in this process."""

    address: str


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The colours' workbench on an empty workspace."""
    workspace = tmp_path_factory.mktemp("alone")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(workspace / "uploads"))
        with serving(workspace) as address:
            yield Served(address)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    yield started
    started.close()


@pytest.fixture(scope="session")
def profile(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Profile]:
    folder = tmp_path_factory.mktemp("profile")
    opened = playwright.chromium.launch_persistent_context(folder, executable_path=chromium(), args=FLAGS, **DEFAULTS)
    yield Profile(opened)
    opened.close()


@pytest.fixture
def context(profile: Profile) -> Iterator[BrowserContext]:
    """A browser in which nothing is stored and nothing open, watched as by `watched`."""
    yield profile.context
    profile.clear()
    profile.watch.check()


@pytest.fixture
def page(context: BrowserContext, workbench: Workbench) -> Page:
    opened = context.new_page()
    open_workbench(opened, workbench)
    return opened


class Watch:
    """What a browser must not do: requests that leave this machine, scripts that fail, what the policy forbids."""

    def __init__(self, context: BrowserContext) -> None:
        self._outside: list[str] = []
        self._failed: list[str] = []
        self._forbidden: list[str] = []
        context.on("request", lambda request: self._outside.append(request.url) if _leaves(request.url) else None)
        context.on("weberror", lambda error: self._failed.append(str(error.error.stack or error.error)))
        context.on("console", lambda line: self._forbidden.append(line.text) if POLICY in line.text else None)
        context.expose_function("forbiddenByPolicy", lambda violation: self._forbidden.append(violation))
        context.add_init_script(REPORT)
        context.add_init_script(RESTING)

    def check(self) -> None:
        """Nothing of it was done since the last time."""
        watched = (self._outside, self._failed, self._forbidden)
        outside, failed, forbidden = map(tuple, watched)
        for happened in watched:
            happened.clear()
        assert not forbidden, f"the security policy was violated: {forbidden}"
        assert not outside, f"requests left the machine: {outside}"
        assert not failed, f"scripts failed: {failed}"


class Profile:
    """A browser that a worker's tests share: what it has compiled of the page's scripts, it keeps."""

    def __init__(self, context: BrowserContext) -> None:
        self.context, self.watch = context, Watch(context)
        (self._empty,) = context.pages
        self._origins: set[str] = set()
        context.on("request", lambda request: self._origins.update(re.findall(r"^https?://[^/]+", request.url)))

    def clear(self) -> None:
        """Close what is open and forget what is stored; compiled scripts stay."""
        for page in self.context.pages:
            if page is not self._empty:
                page.close()
        self.context.unroute_all(behavior="ignoreErrors")
        self.context.clear_cookies()
        self.context.clear_permissions()
        session = self.context.new_cdp_session(self._empty)
        for origin in self._origins:
            session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "local_storage"})
        session.detach()


@contextmanager
def watched(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """A fresh browser profile, in English, in which nothing of what `Watch` looks for may happen."""
    opened = browser.new_context(**{**DEFAULTS, **options})
    watch = Watch(opened)
    yield opened
    opened.close()
    watch.check()


def open_workbench(page: Page, workbench: Workbench | Served) -> None:
    page.goto(workbench.address)
    expect(page.locator("#workbench .class-row").first).to_be_visible()


def open_draft(context: BrowserContext, workbench: Workbench, draft: str, script: str = "") -> Page:
    """A page that has this draft on view, and runs a script first."""
    page = context.new_page()
    page.add_init_script(f"sessionStorage.fsl_draft ??= {draft!r}; {script}")
    open_workbench(page, workbench)
    return page


def wait_for(page: Page, expression: str, arg: Any = None) -> None:
    """Wait until an expression is true. Playwright's own wait evaluates it in the page, which the policy forbids."""
    end = time.monotonic() + 30
    while not page.evaluate(expression, arg):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(20)


def go(page: Page, tab: str) -> None:
    page.get_by_role("tab", name=tab).click()


def _leaves(url: str) -> bool:
    return not re.match(r"(https?|wss?)://(127\.0\.0\.1|localhost)[:/]|(data|blob|about):", url)
