"""Where typed words are found, word by word; and what a method says of its own choices."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from fsl_demo.ui.html import View

from fsl_demo.store import Workspace
from fsl_demo.ui import notes
from fsl_demo.ui.document import Result
from fsl_demo.ui.page import Page
from tests.ui.conftest import Browser, Colour
from tests.worded import Worded


@pytest.fixture
def page(tmp_path: Path) -> Page:
    built = Page(Workspace(tmp_path / "workspace"), {"prototype": Colour(), "clip": Worded()})
    built.build()
    return built


@pytest.fixture
def asked(filled: Browser) -> Browser:
    """The first query, which is red, explained by the method that reads text."""
    filled.predict()
    filled.act(filled.page.on_results, "explain", query=filled.document.queries[0], method="clip")
    return filled


def why(browser: Browser) -> str:
    return browser.shown[browser.page.why]


def look(browser: Browser, phrase: str) -> str:
    browser.act(browser.page.on_results, "phrase", fields={"phrase": phrase})
    return why(browser)


def test_words_are_shown_in_order_with_their_sign(asked: Browser) -> None:
    shown = look(asked, "  red not blue ")
    assert "Where is “red not blue”? (Worded)" in shown and 'value="red not blue"' in shown
    words = shown.partition('class="contributions"')[2].partition("</ol>")[0]
    assert [words.index(f"<em>{word}</em>") for word in ("red", "not", "blue")] == sorted(
        words.index(f"<em>{word}</em>") for word in ("red", "not", "blue")
    )
    assert words.count('class="up"') == 2 and words.count('class="down"') == 1
    assert shown.count('class="heat"') == 1 and 'aria-pressed="true"' not in shown


def test_empty_words_return_to_the_class_and_its_own_text(asked: Browser) -> None:
    before = why(asked)
    assert "Why “red”? (Worded)" in before and "<em>itap</em>" in before
    look(asked, "blue")
    assert look(asked, "   ") == before


def test_another_class_or_query_takes_the_place_of_the_words(asked: Browser) -> None:
    look(asked, "blue")
    second = asked.document.classes[1]
    asked.act(asked.page.on_results, "explain", query=asked.document.queries[0], method="clip", **{"class": second.key})
    assert "Why “blue”?" in why(asked) and asked.tab.phrase == ""
    look(asked, "red")
    asked.predict()
    assert "Where is" not in why(asked).partition("<h2>")[2].partition("</h2>")[0]


@pytest.mark.parametrize(
    ("phrase", "message"), [("x" * 10_000, "has 10000 characters"), ("草地上的狗", "does not read this script")]
)
def test_what_cannot_be_looked_for_is_said_and_the_class_stays(asked: Browser, phrase: str, message: str) -> None:
    shown = look(asked, phrase)
    assert message in shown and 'role="alert"' in shown
    assert "Why “red”?" in shown and shown.count('class="heat"') == 2


def test_leaving_the_field_draws_nothing_anew(asked: Browser) -> None:
    updates = asked.act(asked.page.on_results, "fields", field="phrase", fields={"phrase": "half a"})
    assert asked.page.why not in updates and asked.page.results not in updates


def test_a_method_that_finds_no_words_has_no_field(asked: Browser) -> None:
    asked.act(asked.page.on_results, "explain", query=asked.document.queries[0], method="prototype")
    assert 'data-field="phrase"' not in why(asked)


def test_words_stay_text(asked: Browser) -> None:
    shown = look(asked, "<img src=x> red")
    assert "<img src=x" not in shown and "<em>&lt;img</em>" in shown


# --- what a method chose -------------------------------------------------------------------------------------------


def note(browser: Browser, language: str = "en", **settings: object) -> str:
    view = View(language, browser.page.workspace, browser.page.methods)
    result = browser.document.result("clip")
    scores = dataclasses.replace(result.scores, settings={**result.scores.settings, **settings})
    return notes.render(view, dataclasses.replace(result, scores=scores))


def test_how_pictures_and_text_are_mixed(filled: Browser) -> None:
    filled.predict()
    assert "weight of pictures 0.67, beta 10" in note(filled)
    assert "leaving each picture out in turn" in note(filled)
    assert "what you did not set: chosen by leaving" in note(filled, pictures=0.3)
    assert "as you chose" in note(filled, pictures=0.3, sharpness=2.0)
    assert "圖片權重 0.67" in note(filled, "zh-TW")
    for row in filled.document.classes:
        del row.pictures[1:]
    filled.predict()
    assert "weight of pictures 0.50" in note(filled) and "measured on CIFAR-FS" in note(filled)


def test_without_pictures_there_is_nothing_to_mix(filled: Browser) -> None:
    for row in filled.document.classes:
        row.pictures.clear()
    filled.predict(**{"method:prototype": False})
    assert note(filled) == ""


def test_the_reason_for_a_variant_is_behind_a_summary(filled: Browser) -> None:
    filled.predict()
    chosen = {"variant": "faces", "reason": "held_out", "accuracy": {"faces": 1.0, "digits": 0.25}}
    result: Result = filled.document.results[0]
    scores = dataclasses.replace(result.scores, note=chosen)
    view = View("en", filled.page.workspace, filled.page.methods)
    shown = notes.render(view, dataclasses.replace(result, scores=scores))
    assert "<summary>the network for faces</summary>" in shown
    assert "faces 100 %, digits 25 %" in shown.partition("</summary>")[2]
