"""Boxes on pictures: found by a method, drawn, named and accepted by a person, undone, saved and opened again."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fsl_demo.core.regions import Box
from fsl_demo.store import Workspace
from fsl_demo.ui.page import Page
from tests.located import Located, scene
from tests.ui.conftest import Browser, Colour, Registry, restarted

BALL: Box = (0.5, 0.25, 0.75, 0.5)
DOG: Box = (0.0, 0.5, 0.25, 1.0)
Draw = Callable[..., Path]


@pytest.fixture
def draw(uploads: Path) -> Draw:
    def make(name: str, *patches: tuple[str, Box]) -> Path:
        scene(*patches, seed=sum(name.encode())).save(uploads / name)
        return uploads / name

    return make


@pytest.fixture
def browser(tmp_path: Path, uploads: Path, draw: Draw) -> Browser:
    """“a dog” and “a red ball”, without pictures; a query with both and one with nothing."""
    opened = Browser(Page(Workspace(tmp_path / "workspace"), Registry([Located(), Colour()])))
    first, second = opened.document.classes
    opened.edits(
        ("rename", {"key": first.key, "name": "a dog"}),
        ("rename", {"key": second.key, "name": "a red ball"}),
        ("tick_method", {"method": "located", "ticked": True}),
        ("tick_method", {"method": "prototype", "ticked": False}),
    )
    opened.add("queries", draw("both.png", ("red", BALL), ("green", DOG)), draw("nothing.png"))
    return opened


def boxes(browser: Browser, query: str) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(browser.panel("regions", query=query))
    return shown


def region(box: Box = BALL, name: str = "a red ball", source: str = "drawn") -> dict[str, Any]:
    return {"box": box, "name": name, "annotator": "Ada", "source": source}


def put(browser: Browser, picture: str, after: Any, before: Any = None, kind: str = "mark_region", **more: Any) -> None:
    browser.edit(kind, picture=picture, before=before, after=after, **more)


def test_a_method_says_what_is_where(browser: Browser) -> None:
    assert browser.predict()["state"] == "done"
    both, nothing = browser.document.queries
    shown = boxes(browser, both)
    assert shown["method"] == "located" and shown["title"] == "Patches"
    other, (box, score, words) = sorted(shown["regions"])
    assert box == list(BALL) and words[0] == ["a red ball", score] and score > 0.9
    assert other[0] == list(DOG) and [word for word, _ in other[2]] == ["a dog", "a red ball"]
    assert boxes(browser, nothing)["regions"] == []
    assert 'id="regions"' in browser.panel("details", query=both)


def test_a_box_is_explained_by_words_and_support_regions(browser: Browser, draw: Draw) -> None:
    browser.add(browser.document.classes[0].key, draw("dog.png", ("green", DOG)))
    (support,) = browser.document.support()
    put(browser, support, DOG, kind="mark_box")
    browser.predict()
    shown = browser.panel("region_details", query=browser.document.queries[0], method="located", box=DOG)
    assert shown.index("green") < shown.index("red") and '<li class="up"' in shown and '<li class="down"' in shown
    assert f"/{support}/shown" in shown and "a dog: dog.png" in shown
    assert "width:400.00%;height:200.00%;left:-0.00%;top:-100.00%" in shown  # the box fills its frame


def test_without_a_method_that_locates_there_are_no_boxes_to_ask_for(browser: Browser) -> None:
    query = browser.document.queries[0]
    assert boxes(browser, query) == {"regions": [], "method": "", "title": "", "wrong": ""}
    assert browser.panel("region_details", query=query, method="prototype", box=BALL) == ""


def test_results_out_of_date_have_no_boxes(browser: Browser) -> None:
    browser.predict()
    browser.edit("rename", key=browser.document.classes[0].key, name="a green dog")
    assert boxes(browser, browser.document.queries[0])["method"] == ""


def test_a_drawn_box_is_at_once_on_view_and_undone(browser: Browser) -> None:
    query = browser.document.queries[0]
    puppy, ball = region(DOG, "a puppy"), region()
    put(browser, query, ball)
    put(browser, query, {**puppy, "name": "  a   puppy "})
    assert browser.row(query)["regions"] == [ball, puppy]
    put(browser, query, None, before=ball)
    assert browser.row(query)["regions"] == [puppy]
    browser.undo()
    assert browser.row(query)["regions"] == [ball, puppy]
    browser.undo()
    browser.undo()
    assert "regions" not in browser.row(query) and not browser.document.regions


def test_moving_a_box_by_key_is_one_step(browser: Browser) -> None:
    query = browser.document.queries[0]
    places = [(0.5 + step / 100, 0.25, 0.75 + step / 100, 0.5) for step in range(4)]
    put(browser, query, region())
    for before, after in pairwise(places):
        put(browser, query, region(after), before=region(before), batch="box-1")
    assert browser.document.regions[query][0].box == places[-1]
    browser.undo()
    again = restarted(browser)
    assert again.document.regions[query][0].box == browser.document.regions[query][0].box == BALL
    again.undo()
    assert again.document.regions == {}


@pytest.mark.parametrize(
    "box", [(0.5, 0.5, 0.5, 0.9), (0.2, 0.9, 0.4, 0.1), (-0.1, 0, 1, 1), (0, 0, 1, 1.01), (0, 0, 1), "box"]
)
def test_a_box_that_is_none_is_refused(browser: Browser, box: Any) -> None:
    put(browser, browser.document.queries[0], region(box))
    assert "not understood (mark_region: after" in browser.notice and not browser.document.regions
    put(browser, browser.document.queries[0], box, kind="mark_box")
    assert "not understood (mark_box: after" in browser.notice and not browser.document.boxes


def test_what_cannot_be_drawn_is_told(browser: Browser, draw: Draw) -> None:
    query = browser.document.queries[0]
    for kind, after in (("mark_region", region()), ("mark_box", BALL)):
        put(browser, "0" * 64, after, kind=kind)
        assert "This picture is no longer here" in browser.notice
        put(browser, query, None, before=after, kind=kind)
        assert "This box is no longer there" in browser.notice
    put(browser, query, BALL, kind="mark_box")  # it is no support picture
    assert "This picture is no longer here" in browser.notice
    assert not browser.document.regions and not browser.document.boxes


def test_a_box_on_a_support_picture_moves_the_answers(browser: Browser, draw: Draw) -> None:
    """“a dog” says nothing to the method, until somebody shows it that a dog is green."""
    dog = browser.document.classes[0].key
    browser.add(dog, draw("dog.png", ("green", DOG), ("red", BALL)))
    browser.predict()
    both = browser.document.queries[0]
    before = min(boxes(browser, both)["regions"])
    (support,) = browser.document.support()
    put(browser, support, DOG, kind="mark_box")
    assert browser.document.outdated and "▢ 1" in browser.parts[f"class:{dog}"]
    assert browser.parts[f"data:boxes:{dog}"] == {support: (DOG,)}
    browser.predict()
    after = min(boxes(browser, both)["regions"])
    assert before[0] == after[0] == list(DOG)
    assert after[2][0][0] == "a dog" and after[1] > before[1]
    assert "Boxes on support pictures changed: 0 before, 1 now." in browser.parts["moved"]
    browser.undo()
    assert browser.document.outdated and browser.parts[f"data:boxes:{dog}"] == {}


def test_a_label_on_a_query_does_not_outdate_what_was_predicted(browser: Browser) -> None:
    browser.predict()
    put(browser, browser.document.queries[0], region())
    assert not browser.document.outdated


def test_what_was_drawn_is_saved_and_opened_again(browser: Browser, draw: Draw) -> None:
    query, dog = browser.document.queries[0], browser.document.classes[0].key
    browser.add(dog, draw("dog.png", ("green", DOG)))
    (support,) = browser.document.support()
    put(browser, support, DOG, kind="mark_box")
    put(browser, query, region(source="accepted"))
    put(browser, query, region(DOG, "a puppy"))
    browser.predict()
    browser.edit("save")
    before = browser.document.regions, browser.document.boxes
    browser.open("reopen", episode=browser.document.episode_id)
    assert (browser.document.regions, browser.document.boxes) == before
    assert [label.annotator for label in before[0][query]] == ["Ada", "Ada"]
    assert browser.document.results[0].boxes == {support: (DOG,)} and not browser.document.outdated
