"""The switch that compares the best region of each picture in place of the whole, and what says whether it helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsl_demo.core.episodes import Box
from fsl_demo.core.registry import Registry
from fsl_demo.store import Workspace
from fsl_demo.ui import live
from fsl_demo.ui.page import Page
from tests.located import Located, PatchDetector, scene
from tests.ui.conftest import Browser, Colour, restarted

PLACES: tuple[Box, ...] = ((0.0, 0.0, 0.25, 0.25), (0.5, 0.25, 0.75, 0.5), (0.25, 0.5, 0.5, 0.75))


@pytest.fixture
def browser(tmp_path: Path, uploads: Path) -> Browser:
    """Small red and blue things on grey pictures."""
    page = Page(Workspace(tmp_path / "workspace"), Registry([Colour(), Located()], detectors=[PatchDetector()]))
    opened = Browser(page)

    def painted(colour: str, n: int) -> Path:
        file = uploads / f"{colour}{n}.png"
        scene((colour, PLACES[n]), seed=len(colour) * 10 + n, side=96).save(file)
        return file

    for row, colour in zip(opened.document.classes, ("red", "blue"), strict=True):
        opened.edit("rename", key=row.key, name=colour)
        opened.add(row.key, *(painted(colour, n) for n in range(2)))
    opened.add("queries", painted("red", 2), painted("blue", 2))
    opened.edit("tick_method", method="located", ticked=False)
    return opened


def test_the_switch_outdates_moves_and_is_kept(browser: Browser) -> None:
    browser.predict()
    whole = browser.document.results[0].scores.probabilities.max(axis=1)
    browser.edit("use_region", on=True)
    assert browser.document.outdated and 'data-value="on" checked' in browser.parts["methods"]
    browser.predict()
    (result,) = browser.document.results
    assert (result.scores.probabilities.max(axis=1) > whole).all() and result.scores.note["region"] is True
    assert "Now the best region of each picture is compared, before the whole." in browser.parts["moved"]
    assert browser.answers == ["red", "blue"]
    browser.edit("save")
    again = restarted(browser)
    assert again.document.use_region and not again.document.outdated
    again.open("reopen", episode=again.document.episode_id)
    assert again.document.use_region and not again.document.outdated
    browser.undo()
    assert not browser.document.use_region and browser.document.outdated


def test_a_camera_says_that_it_compares_whole_frames(browser: Browser, uploads: Path) -> None:
    frame = uploads / "frame.png"
    scene(("red", PLACES[2]), seed=1).save(frame)
    camera = live.Live(browser.page)
    assert camera.answer(browser.context, frame.read_bytes())["whole"] is False
    browser.edit("use_region", on=True)
    assert camera.answer(browser.context, frame.read_bytes())["whole"] is True


def test_what_is_explained_lies_on_the_whole_picture(browser: Browser) -> None:
    browser.edit("use_region", on=True)
    browser.predict()
    shown = browser.panel("details", query=browser.document.queries[0])
    assert shown.count("/shown") >= 2 and browser.document.queries[0] in shown and 'role="alert"' not in shown


def test_leave_one_out_is_shown_until_the_support_set_changes(browser: Browser) -> None:
    assert browser.job("check_region")["state"] == "done"
    assert (
        "<b>Prototype</b>: 100 % of 4 support pictures right as a whole, 100 % by the region"
        in browser.parts["methods"]
    )
    assert "Too few pictures to say which is better." in browser.parts["methods"]
    key, sha = browser.document.classes[0].key, browser.document.classes[0].pictures[0]
    browser.edit("mark_box", picture=sha, after=PLACES[0])
    assert "support pictures right" not in browser.parts["methods"]
    browser.edit("remove_picture", source=key, sha=sha)
    assert browser.job("check_region")["state"] == "failed"
    assert "Two pictures of “red” are needed" in browser.notice


def test_without_methods_that_compare_pictures_there_is_no_switch(browser: Browser) -> None:
    assert "use-region" in browser.parts["methods"]
    browser.edits(("tick_method", {"method": "prototype", "ticked": False}))
    assert "use-region" not in browser.parts["methods"]
    assert browser.job("check_region") == {} and "No method is chosen" in browser.notice
    browser.page.registry.detectors.clear()
    browser.edit("tick_method", method="prototype", ticked=True)
    assert "use-region" not in browser.parts["methods"]
