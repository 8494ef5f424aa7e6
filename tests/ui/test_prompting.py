"""Templates, the sentences of a class, and texts in a script that a method does not read."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsl_demo import methods
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.methods.contract import TextMethod
from fsl_demo.methods.prompts import default_templates
from fsl_demo.store import Workspace
from fsl_demo.ui.page import Page
from tests.ui.conftest import Browser, Colour
from tests.worded import DICTIONARY, Worded


@pytest.fixture
def page(tmp_path: Path) -> Page:
    built = Page(Workspace(tmp_path / "workspace"), {"prototype": Colour(), "clip": Worded()})
    built.build()
    return built


def board(browser: Browser) -> str:
    return browser.shown[browser.page.board]


def name(browser: Browser, text: str, description: str = "") -> str:
    """Name and describe the first class, and open its sentences. Gives its key."""
    key = browser.document.classes[0].key
    fields = {f"name:{key}": text, f"description:{key}": description}
    browser.board("fields", field=f"name:{key}", fields=fields)
    if key not in browser.tab.sentences:
        browser.board("sentences", target=key)
    return key


def templates(browser: Browser, text: str) -> None:
    browser.board("fields", field="set:clip.templates", fields={"set:clip.templates": text})


def test_every_method_that_reads_text_says_what_it_compares() -> None:
    for method in methods.build(Networks(FeatureCache())).values():
        assert isinstance(method, TextMethod) == method.card.reads_text


def test_the_default_templates_are_shown_edited_and_restored(browser: Browser) -> None:
    name(browser, "red")
    shown = board(browser)
    assert "\n".join(default_templates()) in shown and "<li>itap of a red.</li>" in shown
    assert 'data-setting="clip.templates"' not in shown
    templates(browser, "a {} thing\n\n  all {}  ")
    shown = board(browser)
    assert "<li>a red thing</li><li>all red</li>" in shown and "itap" not in shown
    browser.board("automatic", setting="clip.templates")
    assert "<li>itap of a red.</li>" in board(browser)


@pytest.mark.parametrize("text", ["", "\n".join(default_templates()), "\n".join(default_templates()) + "\n \n"])
def test_the_default_typed_again_is_the_default(browser: Browser, text: str) -> None:
    templates(browser, "a {}")
    templates(browser, text)
    assert browser.document.settings["clip"] == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a photo", "“a photo” is no prompt template"),
        ("{} and {}", "is no prompt template"),
        ("x" * 10_000 + "{}", "at most 200 characters"),
        ("\n".join(f"{n} {{}}" for n in range(41)), "There are 41 prompt templates"),
    ],
)
def test_bad_templates_are_said_on_the_board_and_refused(filled: Browser, text: str, message: str) -> None:
    templates(filled, text)
    assert message in board(filled)
    filled.predict(**{"method:prototype": False, "method:clip": True})
    assert message in filled.notice and not filled.document.results


def test_definitions_stand_in_and_can_be_taken_over(browser: Browser) -> None:
    key = name(browser, "rouge")
    shown = board(browser)
    assert "From the dictionary" in shown and f"<li>rouge: {DICTIONARY['rouge'][0]}</li>" in shown
    browser.board("define", target=key, method="clip")
    assert browser.document.row(key).description == "\n".join(DICTIONARY["rouge"])
    shown = board(browser)
    assert f"<li>rouge: {DICTIONARY['rouge'][0]}</li>" in shown and "From the dictionary" not in shown
    browser.board("undo")
    assert browser.document.row(key).description == ""


def test_the_sentences_follow_what_is_typed_without_another_step(browser: Browser) -> None:
    key = name(browser, "red", "a warm colour")
    assert "<li>red: a warm colour</li>" in board(browser)
    browser.board("fields", field=f"description:{key}", fields={f"description:{key}": "the colour of <b>blood</b>"})
    assert "<li>red: the colour of &lt;b&gt;blood&lt;/b&gt;</li>" in board(browser)
    browser.board("sentences", target=key)
    assert "<li>" not in board(browser) and 'aria-expanded="false"' in board(browser)


def test_no_sentences_without_a_method_that_reads_them(filled: Browser) -> None:
    filled.board("fields", field="method:clip", fields={"method:prototype": True, "method:clip": False})
    assert 'data-action="sentences"' not in board(filled)


@pytest.mark.parametrize(
    ("called", "described", "said"),
    [
        ("紅色", "", "Worded reads English only"),
        ("紅色", "red", "Worded does not read this script and leaves out: 紅色"),
        ("red", "紅色的\na warm red", "leaves out: 紅色的"),
        ("red", "a warm red", ""),
        ("7", "a warm red", ""),
    ],
)
def test_scripts_that_the_text_tower_does_not_read(browser: Browser, called: str, described: str, said: str) -> None:
    name(browser, called, described)
    hints = ("reads English only", "leaves out")
    assert said in board(browser)
    assert any(hint in board(browser) for hint in hints) == bool(said)


def test_a_new_description_scores_again_without_touching_a_picture(filled: Browser, page: Page) -> None:
    features = FeatureCache(page.workspace)
    built = methods.build(Networks(features))
    page.methods.clear()
    page.methods.update({"prototype": built["prototype"], "asif": built["asif"]})
    filled.predict(**{"method:prototype": False, "method:asif": True})
    before, key = filled.document.results[0], filled.document.classes[0].key
    pictures, everything = features.embedded["efficientnet_lite0"], features.embedded.total()
    filled.predict(**{f"description:{key}": "the colour of blood"})
    assert (filled.document.results[0].scores.probabilities != before.scores.probabilities).any()
    assert features.embedded["efficientnet_lite0"] == pictures == 7
    assert features.embedded.total() > everything  # the new sentence
