"""Where typed words are found, word by word; and what a method says of its own choices."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from fsl_demo.store import Workspace
from fsl_demo.ui import notes
from fsl_demo.ui.context import Context
from fsl_demo.ui.page import Page
from fsl_demo.ui.texts import languages
from tests.ui.conftest import Browser, Colour, Registry
from tests.worded import Worded


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return Page(Workspace(tmp_path / "workspace"), Registry([Colour(), Worded()]))


@pytest.fixture
def filled(filled: Browser) -> Browser:
    filled.edit("tick_method", method="clip", ticked=True)
    filled.predict()
    return filled


def look(browser: Browser, phrase: str = "", method: str = "clip", **values: Any) -> str:
    """The first query, which is red, explained by the method that reads text."""
    return browser.panel("details", query=browser.document.queries[0], method=method, phrase=phrase, **values)


def test_words_are_shown_in_order_with_their_sign(filled: Browser) -> None:
    shown = look(filled, "  red not blue ")
    assert "Where is “red not blue”? (Worded)" in shown and 'value="red not blue"' in shown
    words = shown.partition('class="contributions"')[2].partition("</ol>")[0]
    assert [words.index(f"<em>{word}</em>") for word in ("red", "not", "blue")] == sorted(
        words.index(f"<em>{word}</em>") for word in ("red", "not", "blue")
    )
    assert words.count('class="up"') == 2 and words.count('class="down"') == 1
    assert shown.count('class="heat"') == 1 and '"bar on"' not in shown


def test_without_words_the_class_and_its_own_text(filled: Browser) -> None:
    shown = look(filled)
    assert "Why “red”? (Worded)" in shown and "<em>itap</em>" in shown
    assert look(filled, "   ") == shown != look(filled, "blue")
    second = filled.document.classes[1]
    assert "Why “blue”?" in look(filled, class_key=second.key)


@pytest.mark.parametrize(("phrase", "message"), [("red " * 49, "has"), ("草地上的狗", "does not read this script")])
def test_what_cannot_be_looked_for_is_said_and_the_class_stays(filled: Browser, phrase: str, message: str) -> None:
    shown = look(filled, phrase)
    if message == "has":  # it is not too long
        assert "Where is" in shown
        assert filled.panel("details", query=filled.document.queries[0], phrase="x" * 201) == ""
        assert "not understood (details: phrase" in filled.notice
        return
    assert message in shown and 'role="alert"' in shown
    assert "Why “red”?" in shown and shown.count('class="heat"') == 2


def test_a_method_that_finds_no_words_has_no_field(filled: Browser) -> None:
    assert 'data-param="phrase"' in look(filled)
    assert 'data-param="phrase"' not in look(filled, method="prototype")


def test_words_stay_text(filled: Browser) -> None:
    shown = look(filled, "<img src=x> red")
    assert "<img src=x" not in shown and "<em>&lt;img</em>" in shown


# --- what a method chose -------------------------------------------------------------------------------------------


def note(browser: Browser, language: str = "en", **settings: object) -> str:
    context = Context(browser.page, browser.open_draft, languages()[language])
    result = browser.document.result("clip")
    assert result is not None
    scores = dataclasses.replace(result.scores, settings={**result.scores.settings, **settings})
    return " | ".join(notes.note(context, dataclasses.replace(result, scores=scores)) or ())


def test_how_pictures_and_text_are_mixed(filled: Browser) -> None:
    assert "weight of pictures 0.67" in note(filled)
    assert "leaving each picture out in turn" in note(filled)
    assert "as you chose" in note(filled, pictures=0.3)
    assert "圖片權重 0.67" in note(filled, "zh-TW")
    for row in filled.document.classes:
        filled.edit("remove_picture", source=row.key, sha=row.pictures[1])
    filled.predict()
    assert "weight of pictures 0.50" in note(filled) and "measured on CIFAR-FS" in note(filled)


def test_without_pictures_there_is_nothing_to_mix(filled: Browser) -> None:
    for row in filled.document.classes:
        for sha in list(row.pictures):
            filled.edit("remove_picture", source=row.key, sha=sha)
    filled.edit("tick_method", method="prototype", ticked=False)
    filled.predict()
    assert note(filled) == ""


def test_the_reason_for_a_variant_is_behind_a_summary(filled: Browser) -> None:
    chosen = {"variant": "faces", "reason": "held_out", "accuracy": {"faces": 1.0, "digits": 0.25}}
    first = filled.document.results[0]
    noted = dataclasses.replace(first, scores=dataclasses.replace(first.scores, note=chosen))
    filled.open_draft.put_results(lambda document: document.results.__setitem__(0, noted), save=False)
    shown = look(filled, method="prototype")
    assert "<summary>the network for faces</summary>" in shown
    assert "faces 100 %, digits 25 %" in shown.partition("</summary>")[2]


def test_a_variant_that_somebody_trained_has_its_own_name(filled: Browser) -> None:
    chosen = {"variant": "<my> network", "reason": "asked"}
    first = filled.document.results[0]
    noted = dataclasses.replace(first, scores=dataclasses.replace(first.scores, note=chosen))
    filled.open_draft.put_results(lambda document: document.results.__setitem__(0, noted), save=False)
    assert "the network for &lt;my&gt; network" in look(filled, method="prototype")
