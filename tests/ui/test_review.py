"""The Review tab as the page's script asks for it: queue, answers, undo, suggestions, evidence, second opinions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from fsl_demo.core.collections import CollectedPicture, CollectionLabel
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.ui.tabs import review
from tests.colours import painted
from tests.ui.conftest import Browser

PETS = "Pets"
COLOURS = {"red": (200, 10, 10), "blue": (10, 10, 200)}


def made(name: str, seed: int) -> Picture:
    return from_image(painted(COLOURS[name], seed, 12), f"{name} {seed}.png")


def collect(browser: Browser, pictures: Mapping[Picture, Sequence[CollectionLabel]], name: str = PETS) -> None:
    browser.page.workspace.collections.create(name)
    browser.page.workspace.collections.add(name, pictures)


@pytest.fixture
def reviewed(browser: Browser) -> Browser:
    """A collection of four pictures a colour, of which one each is labelled."""
    words = {made(name, 0): [CollectionLabel(name, "Ada")] for name in COLOURS}
    collect(browser, {**words, **{made(name, seed): [] for name in COLOURS for seed in (1, 2, 3)}})
    return browser


def pictures(browser: Browser, name: str = PETS) -> dict[str, CollectedPicture]:
    return {collected.picture.name: collected for collected in browser.page.workspace.collections.pictures(name)}


def words_on(browser: Browser, name: str) -> list[tuple[str, str | None, str]]:
    return [(label.annotator, label.class_name, label.source) for label in pictures(browser)[name].labels]


def sha(browser: Browser, name: str) -> str:
    return pictures(browser)[name].picture.sha256


def ask(browser: Browser, **values: Any) -> Any:
    return browser.data("review_queue", **{"collection": PETS, "annotator": "Ada", **values})


def shown(answer: Any) -> list[str]:
    return [picture["name"] for picture in answer["pictures"]]


def label(browser: Browser, class_name: str | None, *names: str, **values: Any) -> None:
    chosen = [sha(browser, name) for name in names]
    browser.edit("review_label", collection=PETS, pictures=chosen, class_name=class_name, annotator="Ada", **values)


def test_without_a_collection_there_is_nothing_to_review(browser: Browser) -> None:
    answer = browser.data("review_queue")
    assert answer["collections"] == [] and answer["collection"] == "" and not browser.notices


def test_the_queue_has_what_waits_and_how_far_the_collection_is(reviewed: Browser) -> None:
    answer = ask(reviewed)
    assert shown(answer) == [f"{name} {seed}.png" for name in COLOURS for seed in (1, 2, 3)]
    assert answer["counts"] == {"all": 8, "labelled": 2, "disputed": 0, "unread": 0, "none": 0}
    assert answer["classes"] == [("red", 1), ("blue", 1)]
    assert [name for name, _ in answer["methods"]] == ["prototype", "asif"]
    assert reviewed.data("review_queue")["collection"] == PETS, "the one that changed last"


def test_what_a_page_has_looked_at_stays_where_it_was(reviewed: Browser) -> None:
    trail = [sha(reviewed, name) for name in ("blue 2.png", "red 0.png")]
    answer = ask(reviewed, trail=[*trail, "0" * 64])
    assert shown(answer)[:3] == ["blue 2.png", "red 0.png", "red 1.png"] and answer["passed"] == 2
    assert len(answer["pictures"]) == len({picture["sha"] for picture in answer["pictures"]}) == 7


def test_a_page_is_told_of_so_many_pictures_at_a_time(reviewed: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review, "AHEAD", 4)
    answer = ask(reviewed)
    assert len(answer["pictures"]) == 4 and answer["rest"] == 2


def test_suggestions_come_from_the_labelled_pictures(reviewed: Browser) -> None:
    assert reviewed.job("suggest", collection=PETS, method="prototype")["state"] == "done"
    answer = ask(reviewed, order="random", seed=3)
    assert answer["learned"] == 2
    for picture in answer["pictures"]:
        name, probability, unlike = picture["suggestion"]
        assert picture["name"].startswith(name) and probability > 0.9 and unlike is False


def test_an_answer_says_where_it_came_from(reviewed: Browser) -> None:
    suggestions = {sha(reviewed, f"red {seed}.png"): "red" for seed in (1, 2, 3)}
    label(reviewed, "red", "red 1.png", suggestions=suggestions, shown=True, seconds=2.5)
    label(reviewed, "blue", "red 2.png", suggestions=suggestions, shown=True)
    label(reviewed, None, "red 3.png", suggestions=suggestions, shown=False)
    label(reviewed, "blue", "blue 1.png", "blue 2.png", shown=True)
    assert words_on(reviewed, "red 1.png") == [("Ada", "red", "accepted")]
    assert words_on(reviewed, "red 2.png") == [("Ada", "blue", "corrected")]
    assert words_on(reviewed, "red 3.png") == [("Ada", None, "blind")]
    assert words_on(reviewed, "blue 1.png") == words_on(reviewed, "blue 2.png") == [("Ada", "blue", "bulk")]
    assert pictures(reviewed)["red 1.png"].labels[0].seconds == 2.5
    assert pictures(reviewed)["red 3.png"].labels[0].suggestion == "red", "hidden, but to be compared with"
    assert ask(reviewed)["counts"] == {"all": 8, "labelled": 7, "disputed": 0, "unread": 0, "none": 1}


def test_undo_brings_back_what_was_said_before(reviewed: Browser) -> None:
    label(reviewed, "blue", "red 0.png", "red 1.png")
    both = [sha(reviewed, name) for name in ("red 0.png", "red 1.png")]
    reviewed.edit("review_take_back", collection=PETS, pictures=both, annotator="Ada")
    assert words_on(reviewed, "red 0.png") == [("Ada", "red", "blind")] and words_on(reviewed, "red 1.png") == []


def test_an_answer_that_is_sent_again_is_written_once(reviewed: Browser) -> None:
    label(reviewed, "red", "red 1.png")
    reviewed.number, reviewed.open_draft.taken = 0, {}  # as after a crash between the answer and the draft
    label(reviewed, "red", "red 1.png")
    assert words_on(reviewed, "red 1.png") == [("Ada", "red", "blind")]


def test_nothing_is_said_of_what_is_not_there(reviewed: Browser) -> None:
    gone = {"collection": PETS, "pictures": ["0" * 64], "class_name": "red"}
    for values in (gone, {**gone, "collection": "Cars", "pictures": [sha(reviewed, "red 1.png")]}):
        reviewed.edit("review_label", **values)
        assert reviewed.notice
    label(reviewed, "  ", "red 1.png")
    assert "no name" in reviewed.notice
    assert words_on(reviewed, "red 1.png") == []
    assert ask(reviewed, collection="Cars") is None and "Cars" in reviewed.notice


def test_a_class_is_what_its_first_spelling_was(reviewed: Browser) -> None:
    label(reviewed, " RED ", "red 1.png")
    answer = ask(reviewed, which="all")
    assert answer["classes"] == [("red", 2), ("blue", 1)]
    assert next(picture for picture in answer["pictures"] if picture["name"] == "red 1.png")["words"] == [
        ("Ada", "red")
    ]


def test_a_picture_whose_file_is_gone_is_left_out_and_told(reviewed: Browser) -> None:
    lost = sha(reviewed, "red 1.png")
    for file in reviewed.page.workspace.folder.rglob(f"*{lost}*"):
        file.unlink()
    answer = ask(reviewed)
    assert "red 1.png" not in shown(answer) and answer["counts"]["unread"] == 1
    assert reviewed.job("suggest", collection=PETS, method="prototype")["state"] == "done"


def test_a_method_that_cannot_suggest_is_refused(reviewed: Browser) -> None:
    for method in ("gone", ""):
        assert reviewed.job("suggest", collection=PETS, method=method) == {} and "prototype" in reviewed.notice
    collect(reviewed, {made("red", 9): [CollectionLabel("red", "Ada")]}, "One")
    assert reviewed.job("suggest", collection="One", method="prototype") == {} and "One class" in reviewed.notice


def test_evidence_is_probabilities_neighbours_and_a_heat_map(reviewed: Browser) -> None:
    asked = {"collection": PETS, "method": "prototype", "picture": sha(reviewed, "red 1.png")}
    assert reviewed.panel("review_evidence", **asked) == "" and not reviewed.notices
    reviewed.job("suggest", collection=PETS, method="prototype")
    html = reviewed.panel("review_evidence", **asked)
    assert re.findall(r"<em>(\w+)</em>", html) == ["red", "blue"]
    assert f"/workbench/pictures/{sha(reviewed, 'red 0.png')}/thumbnail" in html and "heat-maps" in html
    alone = reviewed.panel("review_evidence", **{**asked, "picture": sha(reviewed, "red 0.png")})
    assert "has no pictures" in alone, "the only picture of its class has no evidence but itself"


def test_second_opinions_are_listed_and_settled(reviewed: Browser) -> None:
    store = reviewed.page.workspace.collections
    store.label(PETS, {sha(reviewed, "red 0.png"): CollectionLabel("blue", "Bea")})
    html = reviewed.panel("opinions", collection=PETS)
    assert "Labelled differently: 1" in html and re.findall(r"(\w+): <b>(\w+)</b>", html) == [
        ("Bea", "blue"),
        ("Ada", "red"),
    ]
    assert shown(ask(reviewed, order="disputed")) == ["red 0.png"]
    assert "too few pictures to say" in html
    settle = {"collection": PETS, "picture": sha(reviewed, "red 0.png"), "annotator": "Eve"}
    reviewed.edit("review_settle", **settle, class_name="red")
    html = reviewed.panel("opinions", collection=PETS)
    assert "Nobody disagrees" in html and ask(reviewed)["counts"]["disputed"] == 0
    assert words_on(reviewed, "red 0.png")[0] == ("Eve", "red", "settled")
    reviewed.edit("review_take_back", collection=PETS, pictures=[settle["picture"]], annotator="Eve")
    assert "Labelled differently: 1" in reviewed.panel("opinions", collection=PETS)


def test_agreement_of_two_people(browser: Browser) -> None:
    words = [("red", "red")] * 12 + [("blue", "blue")] * 10 + [("red", None)] * 2
    collect(
        browser,
        {
            made("red", seed): [CollectionLabel(second, "Bea"), CollectionLabel(first, "Ada")]
            for seed, (first, second) in enumerate(words)
        },
    )
    html = browser.panel("opinions", collection=PETS)
    assert "Ada · Bea" in html and "<td>24</td>" in html and "92 % (" in html and "0.84 (" in html


def test_what_suggestions_do(reviewed: Browser) -> None:
    html = reviewed.panel("blind_spots", collection=PETS)
    assert html.count("No answer here was given beside a suggestion") == 2  # of the collection, and of episodes
    suggestions = {sha(reviewed, name): "red" for name in pictures(reviewed)}
    for name in pictures(reviewed):
        label(reviewed, "red", name, suggestions=suggestions, shown=True)
    html = reviewed.panel("blind_spots", collection=PETS)
    assert "8 / 8" in html and "too few to say (fewer than 10)" in html and "<th>Ada</th>" in html
    assert "0 / 0" in html and "checked, of 8 accepted" in html


def test_what_suggestions_do_in_saved_episodes(filled: Browser) -> None:
    collect(filled, {made("red", 0): []})
    filled.predict()
    red = filled.document.classes[0].key
    for query in filled.document.queries:
        filled.label(query, red, suggestion=filled.row(query)["answer"])
    filled.edit("save")
    html = filled.panel("blind_spots", collection=PETS)
    assert "2 / 3" in html and "<th>Ada</th>" in html
