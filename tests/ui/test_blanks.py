"""Filling a blank in a query's details, with a model that knows three words."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from fsl_demo.core.capabilities import FillsBlanks, MaskedWord
from fsl_demo.core.episodes import Layer, Progress, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.services.fill import Filled, Guess
from fsl_demo.ui import blanks
from tests.ui.conftest import Browser, Colour


class Guesser:
    """Stands in for the two-stream model."""

    title, weights = "Guesser", ""

    def words(self, picture: Picture, sentence: str) -> tuple[Layer, ...]:
        values = np.eye(9, dtype=np.float32)
        return tuple(
            Layer(picture, "query", values, words=((word, 0.25),), kind="attention") for word in sentence.split()
        )


class Guessing(Colour, FillsBlanks):
    """A method that fills blanks."""

    matcher: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.matcher = Guesser()

    def masked_word(self, picture: Picture, sentence: str, progress: Progress = quiet) -> MaskedWord:
        raise NotImplementedError


def fill(method: Guessing, picture: Picture, sentence: str) -> Filled:
    if "___" not in sentence and "[MASK]" not in sentence:
        raise UserError("blank_none")
    grass, street = Guess("<grass>", 0.7, 0.2), Guess("street", 0.1, 0.6)
    return Filled((grass, street), (street, grass))


@pytest.fixture
def guessing(filled: Browser, monkeypatch: pytest.MonkeyPatch) -> Browser:
    monkeypatch.setattr(blanks, "fill", fill)
    filled.page.registry.methods["prototype"] = Guessing()
    filled.predict()
    return filled


def asked(browser: Browser, sentence: str = "", **values: Any) -> str:
    return browser.panel("blank", query=browser.document.queries[0], sentence=sentence, **values)


def test_without_a_model_there_is_no_field(filled: Browser) -> None:
    filled.predict()
    assert "Fill the blank" not in filled.panel("details", query=filled.document.queries[0])
    assert asked(filled, "a [MASK]") == ""


def test_words_with_the_picture_stand_beside_those_without(guessing: Browser) -> None:
    assert "Fill the blank" in guessing.panel("details", query=guessing.document.queries[0])
    shown = asked(guessing, " a dog runs on the ___ ")
    seen, unseen = shown.split("Likeliest without it")
    assert "&lt;grass&gt;" in seen and "<grass>" not in shown
    assert re.search(r"street</em><i [^>]*width:14%[^>]*></i><b>10 %</b><i [^>]*width:86%", unseen)
    assert re.search(r'"word": 5[^>]*aria-pressed="true"[^>]*>\[MASK\] <small>\+0.25', shown)
    other = asked(guessing, " a dog runs on the ___ ", word=1)
    assert re.search(r'"word": 1[^>]*aria-pressed="true"[^>]*>dog', other)


def test_a_bad_sentence_is_said_and_the_field_stays(guessing: Browser) -> None:
    shown = asked(guessing, 'no blank "><b>')
    assert "The sentence has no blank" in shown and not guessing.notices
    assert 'value="no blank &#34;&gt;&lt;b&gt;"' in shown
    assert "The sentence has no blank" not in asked(guessing)


def test_the_field_is_there_for_every_query(guessing: Browser) -> None:
    query = guessing.document.queries[1]
    shown = guessing.panel("blank", query=query, sentence="a [MASK]")
    assert "Likeliest with the picture" in shown and f"/pictures/{query}/" in shown
