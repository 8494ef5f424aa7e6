"""The panel of a method that runs on CLIP weights: it asks before it downloads, and can be stopped."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fsl_demo.backbones.clip_names import folder
from fsl_demo.methods.clip_space import MODEL
from fsl_demo.store import Workspace
from fsl_demo.ui import prediction
from fsl_demo.ui.page import Page
from tests import serving
from tests.backbones import tiny_clip
from tests.serving import Answer, Site
from tests.ui.conftest import Browser, Colour

SAFE = "/somebody/tiny/resolve/main/open_clip_model.safetensors"


@dataclass(frozen=True)
class ModelSettings:
    model: str = field(default="ViT-B-32/laion2b_s34b_b79k", metadata=MODEL)


class Model(Colour):
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
    built = Page(Workspace(tmp_path / "workspace"), {"prototype": Colour(), "asif": Model("asif")})
    built.build()
    return built


def board(browser: Browser) -> str:
    return browser.shown[browser.page.board]


def choose(browser: Browser, model: str) -> str:
    browser.board("fields", field="set:asif.model", fields={"set:asif.model": model})
    return board(browser)


def downloading(browser: Browser) -> Iterator[dict[Any, Any]]:
    event = browser.event({"action": "download", "method": "asif"})
    for updates in browser.page.on_download(browser.draft, browser.annotator, browser.request, event):
        yield browser.take(updates)


def test_absent_weights_are_offered_with_name_size_and_licence(browser: Browser, hub: Site, page: Page) -> None:
    shown = board(browser)
    for part in ("ViT-B-32/laion2b_s34b_b79k", "about 605 MB", "MIT", 'data-action="download"', "local-dir:/folder"):
        assert part in shown
    assert "ViT-B-16/laion2b_s34b_b88k" in shown.partition("<datalist")[2].partition("</datalist>")[0]
    chinese = board(Browser(page, "tab-2", "zh-TW"))
    assert "約 605 MB" in chinese and "要下載嗎" in chinese
    assert not hub.asked


def test_not_now_leaves_the_method_out(browser: Browser) -> None:
    assert 'data-action="without"' in board(browser)
    browser.board("without", method="asif")
    assert browser.document.methods == []
    assert 'data-action="without"' not in board(browser) and 'data-action="download"' not in board(browser)


def test_a_name_is_typed_and_taken_back(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "mine.safetensors"
    assert f"There are no weights at {file}" in choose(browser, f"tiny:{file}")
    file.touch()
    shown = choose(browser, f" tiny:{file} ")
    assert f"tiny:{file} is on this machine." in shown and 'data-action="download"' not in shown
    assert browser.document.settings["asif"] == {"model": f"tiny:{file}"}
    assert "names no CLIP weights" in choose(browser, "anything <script>")
    assert "<script>" not in board(browser)
    choose(browser, "")
    assert browser.document.settings["asif"] == {}


def test_what_stands_in_the_field_counts_without_leaving_it(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, hub: Site
) -> None:
    monkeypatch.setattr(prediction, "predict", lambda view, tab: iter([prediction.Prediction(None, [], {})]))
    browser.predict(**{"set:asif.model": "tiny/plain"})
    assert browser.document.settings["asif"] == {"model": "tiny/plain"}
    assert "its size is shown when the download begins" in board(browser)


def test_a_download_is_shown_and_then_the_weights_are_there(browser: Browser, hub: Site, tmp_path: Path) -> None:
    hub.answers[SAFE] = Answer(tiny_clip.save("tiny", tmp_path / "theirs.safetensors").read_bytes())
    choose(browser, "tiny/plain")
    steps = list(downloading(browser))
    assert "connecting" in steps[0][browser.page.progress] and "downloading" in steps[1][browser.page.progress]
    assert all('data-action="stop"' in step[browser.page.progress] for step in steps[:2])
    assert "The weights are on this machine now." in browser.notice
    assert "tiny/plain is on this machine." in board(browser)
    assert browser.shown[browser.page.progress] == ""
    assert (folder() / "tiny" / "plain.safetensors").is_file()


def test_stop_keeps_nothing(browser: Browser, hub: Site) -> None:
    hub.answers[SAFE] = Answer(b"0" * 9_000_000, gate=threading.Event())
    choose(browser, "tiny/plain")
    steps = downloading(browser)
    next(steps)
    browser.page.on_stop(browser.draft, browser.annotator, browser.request)
    hub.answers[SAFE].gate.set()  # type: ignore[union-attr]
    list(steps)
    assert "Nothing of the download was kept" in browser.notice
    assert 'data-action="download"' in board(browser)
    assert not [path for path in folder().rglob("*") if path.is_file()]


def test_without_network_the_page_says_what_to_do(browser: Browser, hub: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror("Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    choose(browser, "tiny/plain")
    list(downloading(browser))
    assert "cannot be reached" in browser.notice
    assert 'data-action="download"' in board(browser)


def test_a_download_that_breaks_off_says_so(browser: Browser, hub: Site) -> None:
    hub.answers[SAFE] = Answer(b"half", promised=8)
    choose(browser, "tiny/plain")
    list(downloading(browser))
    assert "broke off" in browser.notice
    assert not [path for path in folder().rglob("*") if path.is_file()]
