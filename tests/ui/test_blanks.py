"""Filling a blank in a query's details: the events, called directly, with a model that knows three words."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from fsl_demo.episodes import Layer
from fsl_demo.errors import UserError
from fsl_demo.methods.blanks import Filled, Guess
from fsl_demo.pictures import Picture
from fsl_demo.ui import blanks
from tests.ui.conftest import Browser


class Guesser:
    """Stands in for the two-stream model."""

    title = "Guesser"

    def words(self, picture: Picture, sentence: str) -> tuple[Layer, ...]:
        values = np.eye(9, dtype=np.float32)
        return tuple(
            Layer(picture, "query", values, words=((word, 0.25),), kind="attention") for word in sentence.split()
        )


def fill(model: Guesser, picture: Picture, sentence: str) -> Filled:
    if "___" not in sentence and "[MASK]" not in sentence:
        raise UserError("blank_none")
    grass, street = Guess("<grass>", 0.7, 0.2), Guess("street", 0.1, 0.6)
    return Filled((grass, street), (street, grass))


@pytest.fixture
def guessing(filled: Browser, monkeypatch: pytest.MonkeyPatch) -> Browser:
    monkeypatch.setattr(blanks, "fill", fill)
    method: Any = filled.page.methods["prototype"]
    method.matcher = Guesser()
    filled.predict()
    return filled


def asked(browser: Browser, action: str, **data: Any) -> str:
    browser.act(browser.page.on_results, action, **data)
    return browser.shown[browser.page.why]


def test_without_a_model_there_is_no_field(filled: Browser) -> None:
    filled.predict()
    assert "Fill the blank" not in filled.shown[filled.page.why]


def test_words_with_the_picture_stand_beside_those_without(guessing: Browser) -> None:
    assert "Fill the blank" in guessing.shown[guessing.page.why]
    shown = asked(guessing, "blank", fields={"blank": " a dog runs on the ___ "})
    seen, unseen = shown.split("Likeliest without it")
    assert "&lt;grass&gt;" in seen and "<grass>" not in shown
    assert re.search(r"street</em><i [^>]*width:14%[^>]*></i><b>10 %</b><i [^>]*width:86%", unseen)
    assert re.search(r'data-word="5"[^>]*aria-pressed="true"[^>]*>\[MASK\] <small>\+0.25', shown)
    other = asked(guessing, "blank_word", word="1")
    assert re.search(r'data-word="1"[^>]*aria-pressed="true"[^>]*>dog', other)


def test_a_bad_sentence_is_said_and_the_rest_stays(guessing: Browser) -> None:
    shown = asked(guessing, "blank", fields={"blank": 'no blank "><b>'})
    assert "The sentence has no blank" in shown
    assert 'value="no blank &quot;&gt;&lt;b&gt;"' in shown
    assert "Why “" in shown
    assert "The sentence has no blank" not in asked(guessing, "blank", fields={"blank": ""})


def test_the_sentence_goes_along_to_the_next_query(guessing: Browser) -> None:
    asked(guessing, "blank", fields={"blank": "a [MASK]"})
    query = guessing.document.queries[1]
    assert "Likeliest with the picture" in asked(guessing, "explain", query=query, method="prototype")
