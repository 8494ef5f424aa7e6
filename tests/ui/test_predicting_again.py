"""Predicting again asks the methods about what is new, and shows the answers once."""

from __future__ import annotations

from typing import Any

import pytest

from fsl_demo.core.capabilities import HasWeights
from fsl_demo.ui import live
from tests.ui.conftest import Browser, Colour, Paint


class WeightedColour(Colour, HasWeights):
    """`Colour` that knows its weights."""

    def weights(self, settings: Any) -> str:
        return "-"

    @property
    def asked(self) -> int:
        """How often it was asked about queries."""
        return -self.left


@pytest.fixture
def method(filled: Browser) -> WeightedColour:
    method = WeightedColour("prototype")
    filled.page.registry.methods["prototype"] = method
    filled.edit("tick_method", method="asif", ticked=False)
    filled.predict()
    assert method.asked == 1 and filled.answers == ["red", "blue", "red"]
    return method


def test_nothing_new_is_shown_once(filled: Browser, method: WeightedColour, monkeypatch: pytest.MonkeyPatch) -> None:
    refreshed = []
    inner = filled.page.refresh
    monkeypatch.setattr(filled.page, "refresh", lambda draft: refreshed.append(inner(draft)))
    assert filled.predict()["state"] == "done"
    assert method.asked == len(refreshed) == 1 and filled.answers == ["red", "blue", "red"]


def test_what_is_edited_is_answered_anew(filled: Browser, method: WeightedColour, paint: Paint) -> None:
    red, blue = filled.document.classes
    filled.add("queries", paint("q4.png", (20, 20, 190)))
    filled.predict()
    assert method.asked == 2 and filled.answers == ["red", "blue", "red", "blue"]
    filled.edit("rename", key=blue.key, name="navy")
    filled.predict()
    assert method.asked == 3 and filled.answers == ["red", "navy", "red", "navy"]
    filled.edit("set_setting", method="prototype", name="none_below", value="0.99")
    filled.predict()
    assert method.asked == 4 and all(filled.row(query).get("unlike") for query in filled.document.queries)
    filled.edit("add_pictures", target=blue.key, pictures=[(red.pictures[0], "r1.png")])
    filled.predict()
    assert method.asked == 5
    filled.undo()
    filled.predict()
    assert method.asked == 5 and filled.answers == ["red", "navy", "red", "navy"]


def test_answers_that_cannot_be_saved_are_shown(
    filled: Browser, method: WeightedColour, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError("no space left")

    filled.edit("rename", key=filled.document.classes[0].key, name="crimson")
    monkeypatch.setattr(filled.page.workspace.drafts, "save", full)
    assert filled.predict()["state"] == "failed"
    assert filled.answers == ["crimson", "blue", "crimson"]


def test_cameras_beyond_the_latest_are_forgotten(
    filled: Browser, method: WeightedColour, paint: Paint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CAMERAS", 1)
    camera, frame = live.Live(filled.page), paint("frame.png", (5, 5, 205)).read_bytes()
    fits = []
    inner = method.fit
    monkeypatch.setattr(method, "fit", lambda *arguments: fits.append(1) or inner(*arguments))
    other = Browser(filled.page, tab="tab-2", draft=filled.draft)
    other.open("duplicate")
    assert other.draft != filled.draft
    for browser, fitted in ((filled, 1), (filled, 1), (other, 2), (filled, 3)):
        camera.answer(browser.context, frame)
        assert len(fits) == fitted
