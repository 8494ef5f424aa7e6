"""The panel of a method that runs on CLIP weights: it asks before it downloads, and can be stopped."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fsl_demo.backbones.clip.names import folder
from fsl_demo.core.settings import Settings, weights
from fsl_demo.store import Workspace
from fsl_demo.ui.page import Page
from tests import serving
from tests.backbones import tiny_clip
from tests.serving import Answer, Site
from tests.ui.conftest import Browser, Colour, ReadingColour, Registry, until

SAFE = "/somebody/tiny/resolve/main/open_clip_model.safetensors"


@dataclass(frozen=True)
class ModelSettings(Settings):
    model: str = weights("ViT-B-32/laion2b_s34b_b79k")


class Model(ReadingColour):
    """Stands in for a method on CLIP."""

    Settings = ModelSettings  # type: ignore[assignment]


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tiny_clip.register(monkeypatch, {"tiny": {"plain": {"hf_hub": "somebody/tiny/"}}})
    with serving.hub(monkeypatch) as site:
        yield site


@pytest.fixture
def page(tmp_path: Path, hub: Site) -> Page:
    return Page(Workspace(tmp_path / "workspace"), Registry([Colour(), Model("asif")]))


@pytest.fixture
def browser(page: Page, uploads: Path) -> Browser:
    made = Browser(page)
    made.edit("tick_method", method="asif", ticked=True)
    return made


def board(browser: Browser) -> str:
    return browser.parts["methods"]


def choose(browser: Browser, model: str) -> str:
    browser.edit("set_setting", method="asif", name="model", value=model)
    return board(browser)


def download(browser: Browser) -> dict[str, Any]:
    return browser.job("download", method="asif")


def test_absent_weights_are_offered_with_name_size_and_licence(browser: Browser, hub: Site, page: Page) -> None:
    shown = board(browser)
    for part in ("ViT-B-32/laion2b_s34b_b79k", "about 605 MB", "MIT", 'data-job="download"', "local-dir:/folder"):
        assert part in shown
    assert "ViT-B-16/laion2b_s34b_b88k" in shown.partition("<datalist")[2].partition("</datalist>")[0]
    chinese = board(Browser(page, "tab-2", language="zh-TW", draft=browser.draft))
    assert "約 605 MB" in chinese and "要下載嗎" in chinese
    assert not hub.asked


def test_not_now_leaves_the_method_out(browser: Browser) -> None:
    assert 'data-edit="tick_method" data-method="asif" data-ticked-is=""' in board(browser)
    browser.edit("tick_method", method="asif", ticked=False)
    assert "asif" not in (browser.document.methods or ())
    assert 'data-ticked-is=""' not in board(browser) and 'data-job="download"' not in board(browser)


def test_a_name_is_typed_and_taken_back(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "mine.safetensors"
    assert f"There are no weights at {file}" in choose(browser, f"tiny:{file}")
    file.touch()
    shown = choose(browser, f" tiny:{file} ")
    assert f"tiny:{file} is on this machine." in shown and 'data-job="download"' not in shown
    assert browser.document.settings["asif"] == {"model": f"tiny:{file}"}
    assert "names no CLIP weights" in choose(browser, "anything <script>")
    assert "<script>" not in board(browser)
    choose(browser, "")
    assert browser.document.settings == {}
    assert "its size is shown when the download begins" in choose(browser, "tiny/plain")


def test_a_download_is_shown_and_then_the_weights_are_there(browser: Browser, hub: Site, tmp_path: Path) -> None:
    gate = threading.Event()
    data = tiny_clip.save("tiny", tmp_path / "theirs.safetensors").read_bytes()
    hub.answers[SAFE] = Answer(data, gate=gate)
    choose(browser, "tiny/plain")
    job = browser.start("download", method="asif")
    assert job is not None
    until(lambda: SAFE in hub.asked, "a request")
    shown = browser.shown_job(job.id)
    assert shown["state"] == "running" and ("connecting" in shown["text"] or "downloading" in shown["text"])
    gate.set()
    assert browser.ended(job)["text"] == "The weights are on this machine now."
    assert "tiny/plain is on this machine." in board(browser)
    assert (folder() / "tiny" / "plain.safetensors").is_file()


def test_stop_keeps_nothing(browser: Browser, hub: Site) -> None:
    gate = threading.Event()
    hub.answers[SAFE] = Answer(b"0" * 9_000_000, gate=gate)
    choose(browser, "tiny/plain")
    job = browser.start("download", method="asif")
    assert job is not None
    until(lambda: SAFE in hub.asked, "a request")
    browser.page.jobs.stop(browser.draft, job.id)
    gate.set()
    assert browser.ended(job)["state"] == "stopped"
    assert 'data-job="download"' in board(browser)
    assert not [path for path in folder().rglob("*") if path.is_file()]


def test_without_network_the_page_says_what_to_do(browser: Browser, hub: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror("Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    choose(browser, "tiny/plain")
    assert download(browser)["state"] == "failed"
    assert "cannot be reached" in browser.notice
    assert 'data-job="download"' in board(browser)


def test_a_download_that_breaks_off_says_so(browser: Browser, hub: Site) -> None:
    hub.answers[SAFE] = Answer(b"half", promised=8)
    choose(browser, "tiny/plain")
    download(browser)
    assert "broke off" in browser.notice
    assert not [path for path in folder().rglob("*") if path.is_file()]


def test_only_methods_on_clip_weights_download(browser: Browser, hub: Site) -> None:
    for method in ("prototype", "gone"):
        assert browser.job("download", method=method) == {}
        assert f"no method “{method}”" in browser.notice
    assert not hub.asked
