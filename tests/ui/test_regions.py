"""Boxes on pictures: found by a method, drawn, named and accepted by a person, undone, saved and opened again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fsl_demo.core.regions import Box
from fsl_demo.store import DraftRevision, Workspace
from fsl_demo.ui import stored_document
from fsl_demo.ui.document import Document
from fsl_demo.ui.page import Page
from fsl_demo.ui.saved_episode import from_episode, to_episode
from fsl_demo.ui.tabs import region_edits
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


def put(browser: Browser, picture: str, region: str = "a", box: Box = BALL, **values: Any) -> None:
    browser.edit("put_region", picture=picture, region=region, box=box, annotator="Ada", **values)


def test_a_method_says_what_is_where(browser: Browser) -> None:
    assert browser.predict()["state"] == "done"
    dog, ball = (row.key for row in browser.document.classes)
    both, nothing = browser.document.queries
    shown = boxes(browser, both)
    assert shown["method"] == "located" and shown["title"] == "Patches"
    other, (box, score, words) = sorted(shown["regions"])
    assert box == list(BALL) and words[0][:2] == [ball, "a red ball"] and score == words[0][2] > 0.9
    assert other[0] == list(DOG) and [word[0] for word in other[2]] == [dog, ball]
    assert boxes(browser, nothing)["regions"] == []
    assert 'id="regions"' in browser.panel("details", query=both)


def test_a_box_is_explained_by_words_and_support_regions(browser: Browser, draw: Draw) -> None:
    browser.add(browser.document.classes[0].key, draw("dog.png", ("green", DOG)))
    (support,) = browser.document.support()
    put(browser, support, box=DOG)
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
    query, ball = browser.document.queries[0], browser.document.classes[1].key
    put(browser, query, answer=ball)
    put(browser, query, region="b", box=DOG, name="  a   puppy ")
    shown = {"a": [list(BALL), ball, "", "drawn"], "b": [list(DOG), "", "a puppy", "drawn"]}
    assert browser.row(query)["regions"] == shown
    assert browser.document.regions[query]["a"].annotator == "Ada"
    browser.edit("remove_region", picture=query, region="a")
    assert browser.row(query)["regions"] == {"b": shown["b"]}
    browser.undo()
    assert browser.row(query)["regions"] == shown
    browser.undo()
    browser.undo()
    assert "regions" not in browser.row(query) and not browser.document.regions


def test_moving_a_box_by_key_is_one_step(browser: Browser) -> None:
    query = browser.document.queries[0]
    put(browser, query)
    for step in range(1, 4):
        put(browser, query, box=(0.5 + step / 100, 0.25, 0.75 + step / 100, 0.5), batch="box-1")
    browser.undo()
    assert browser.document.regions[query]["a"].box == BALL
    again = restarted(browser)
    assert again.document.regions == browser.document.regions
    again.undo()
    assert again.document.regions == {}


@pytest.mark.parametrize(
    "box", [(0.5, 0.5, 0.5, 0.9), (0.2, 0.9, 0.4, 0.1), (-0.1, 0, 1, 1), (0, 0, 1, 1.01), (0, 0, 1), "box"]
)
def test_a_box_that_is_none_is_refused(browser: Browser, box: Any) -> None:
    put(browser, browser.document.queries[0], box=box)
    assert "not understood (put_region: box" in browser.notice and not browser.document.regions


def test_what_cannot_be_drawn_is_told(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    query = browser.document.queries[0]
    put(browser, "0" * 64)
    assert "This picture is no longer here" in browser.notice
    put(browser, query, answer="gone")
    assert "This class is no longer there" in browser.notice
    monkeypatch.setattr(region_edits, "MOST", 1)
    put(browser, query)
    put(browser, query, box=DOG)  # another place of the same one
    assert not browser.notices
    put(browser, query, region="b")
    assert browser.notice == "A picture takes at most 1 boxes. Remove some."
    assert list(browser.document.regions[query]) == ["a"]


def test_a_box_on_a_support_picture_moves_the_answers(browser: Browser, draw: Draw) -> None:
    """“a dog” says nothing to the method, until somebody shows it that a dog is green."""
    dog = browser.document.classes[0].key
    browser.add(dog, draw("dog.png", ("green", DOG), ("red", BALL)))
    browser.predict()
    both = browser.document.queries[0]
    before = min(boxes(browser, both)["regions"])
    (support,) = browser.document.support()
    put(browser, support, box=DOG)
    assert browser.document.outdated and "▢ 1" in browser.parts[f"class:{dog}"]
    assert browser.parts[f"data:boxes:{dog}"] == {support: {"a": [list(DOG), "", "", "drawn"]}}
    browser.predict()
    after = min(boxes(browser, both)["regions"])
    assert before[0] == after[0] == list(DOG)
    assert after[2][0][0] == dog and after[1] > before[1]
    assert "Boxes on support pictures changed: 0 before, 1 now." in browser.parts["moved"]
    browser.undo()
    assert browser.document.outdated and browser.parts[f"data:boxes:{dog}"] == {}


def test_a_label_on_a_query_does_not_outdate_what_was_predicted(browser: Browser) -> None:
    browser.predict()
    put(browser, browser.document.queries[0], answer=browser.document.classes[1].key)
    assert not browser.document.outdated


def test_what_was_drawn_goes_where_the_picture_goes(browser: Browser) -> None:
    query, (dog, ball) = browser.document.queries[0], (row.key for row in browser.document.classes)
    put(browser, query, answer=ball)
    put(browser, query, region="b", box=DOG, answer=dog)
    browser.label(query, ball)
    browser.edit("join_support", query=query)
    (example,) = browser.document.episode(browser.page.workspace.picture).support
    assert (example.picture.sha256, example.boxes) == (query, (BALL,))  # the dog on it is no ball
    browser.edit("move_picture", source=ball, sha=query, target=dog)
    (example,) = browser.document.episode(browser.page.workspace.picture).support
    assert example.boxes == (DOG,)
    browser.edit("remove_class", key=ball)
    assert [region.answer for region in browser.document.regions[query].values()] == [dog]
    browser.edit("remove_picture", source=dog, sha=query)
    assert not browser.document.regions


def test_regions_are_saved_and_opened_again(browser: Browser, draw: Draw) -> None:
    query, (dog, ball) = browser.document.queries[0], (row.key for row in browser.document.classes)
    browser.add(dog, draw("dog.png", ("green", DOG)))
    (support,) = browser.document.support()
    put(browser, support, box=DOG)
    put(browser, query, answer=ball, source="accepted")
    put(browser, query, region="b", box=DOG, name="a puppy")
    put(browser, query, region="c", box=DOG)  # nothing is said of it yet
    labelled = to_episode(browser.document, browser.page.workspace.picture)
    (given,) = labelled.regions.values()
    assert [(region.name, region.source, region.annotator) for region in given] == [
        ("a red ball", "accepted", "Ada"),
        ("a puppy", "drawn", "Ada"),
    ]
    again = from_episode(labelled)
    assert [region.name for region in again.regions[query].values()] == ["", "a puppy"]
    assert [region.answer for region in again.regions[query].values()] == [again.classes[1].key, ""]
    assert [region.box for region in again.regions[support].values()] == [DOG]
    assert to_episode(again, browser.page.workspace.picture).episode.support == labelled.episode.support


def test_a_damaged_region_is_set_aside(browser: Browser) -> None:
    query = browser.document.queries[0]
    put(browser, query)
    data = browser.document.to_json()
    data["regions"] = {query: {**data["regions"][query], "b": {"box": [0, 0, 0, 0]}}, "x" * 64: []}
    document = stored_document.read(json.loads(json.dumps(data)))
    assert document.regions == browser.document.regions
    assert sorted(part.place for part in document.unreadable) == [f"regions.{query}.b", "regions." + "x" * 64]


def test_a_draft_without_boxes_has_the_evidence_of_earlier_versions(browser: Browser) -> None:
    """Or every draft would be out of date after an update."""
    browser.predict()
    data = browser.document.to_json()
    del data["regions"]
    stored = browser.page.workspace.drafts.create(DraftRevision(data, browser.document.results_json()))
    document = stored_document.read(stored.data, stored.results)
    assert isinstance(document, Document) and document.results and not document.outdated
