"""Templates, the sentences of a class, and texts in a script that a method does not read."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsl_demo import methods
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.capabilities import ReadsText
from fsl_demo.inference.prompts import default_templates
from fsl_demo.store import Workspace
from fsl_demo.ui.page import Page
from tests.ui.conftest import Browser, Colour, Registry
from tests.worded import DICTIONARY, Worded


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return Page(Workspace(tmp_path / "workspace"), Registry([Colour(), Worded()]))


@pytest.fixture
def browser(page: Page, uploads: Path) -> Browser:
    made = Browser(page)
    made.edit("tick_method", method="clip", ticked=True)
    return made


def name(browser: Browser, text: str, description: str = "") -> str:
    """Name and describe the first class. Gives its key."""
    key = browser.document.classes[0].key
    browser.edits(("rename", {"key": key, "name": text}), ("redescribe", {"key": key, "description": description}))
    return key


def sentences(browser: Browser) -> str:
    return browser.panel("sentences", key=browser.document.classes[0].key)


def templates(browser: Browser, text: str) -> None:
    browser.edit("set_setting", method="clip", name="templates", value=text)


def test_every_method_that_reads_text_says_what_it_compares() -> None:
    for method in methods.build(Networks(FeatureCache())).values():
        assert isinstance(method, ReadsText) == method.card.reads_text


def test_the_default_templates_are_shown_edited_and_restored(browser: Browser) -> None:
    name(browser, "red")
    shown = browser.parts["methods"]
    assert "\n".join(default_templates()) in shown and "<li>itap of a red.</li>" in sentences(browser)
    assert "Back to the default" not in shown
    templates(browser, "a {} thing\n\n  all {}  ")
    shown = sentences(browser)
    assert "<li>a red thing</li><li>all red</li>" in shown and "itap" not in shown
    assert "Back to the default" in browser.parts["methods"]
    templates(browser, "")
    assert "<li>itap of a red.</li>" in sentences(browser)


@pytest.mark.parametrize("text", ["", "\n".join(default_templates()), "\n".join(default_templates()) + "\n \n"])
def test_the_default_typed_again_is_the_default(browser: Browser, text: str) -> None:
    templates(browser, "a {}")
    templates(browser, text)
    assert browser.document.settings == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a photo", "“a photo” is no prompt template"),
        ("{} and {}", "is no prompt template"),
        ("x" * 10_000 + "{}", "at most 200 characters"),
        ("\n".join(f"{n} {{}}" for n in range(41)), "There are 41 prompt templates"),
    ],
)
def test_bad_templates_are_said_at_the_field_and_refused(filled: Browser, text: str, message: str) -> None:
    templates(filled, text)
    assert message in filled.parts["methods"]
    filled.edit("tick_method", method="prototype", ticked=False)
    filled.predict()
    assert message in filled.notice and not filled.document.results


def test_definitions_stand_in_and_can_be_taken_over(browser: Browser) -> None:
    key = name(browser, "rouge")
    shown = sentences(browser)
    assert "From the dictionary" in shown and f"<li>rouge: {DICTIONARY['rouge'][0]}</li>" in shown
    assert f'data-edit="define" data-key-of="{key}" data-method="clip"' in shown
    browser.edit("define", key=key, method="clip")
    assert browser.document.row(key).description == "\n".join(DICTIONARY["rouge"])  # type: ignore[union-attr]
    shown = sentences(browser)
    assert f"<li>rouge: {DICTIONARY['rouge'][0]}</li>" in shown and "From the dictionary" not in shown
    browser.undo()
    assert browser.document.row(key).description == ""  # type: ignore[union-attr]
    browser.edit("define", key=key, method="prototype")  # which reads no text
    assert browser.document.row(key).description == ""  # type: ignore[union-attr]


def test_the_sentences_follow_what_is_typed(browser: Browser) -> None:
    key = name(browser, "red", "a warm colour")
    assert "<li>red: a warm colour</li>" in sentences(browser)
    browser.edit("redescribe", key=key, description="the colour of <b>blood</b>")
    assert "<li>red: the colour of &lt;b&gt;blood&lt;/b&gt;</li>" in sentences(browser)
    assert browser.panel("sentences", key="gone") == ""


def test_no_sentences_without_a_method_that_reads_them(filled: Browser) -> None:
    key = filled.document.classes[0].key
    assert 'data-panel="sentences"' in filled.html
    filled.edit("tick_method", method="clip", ticked=False)
    assert 'data-panel="sentences"' not in filled.html and not filled.panel("sentences", key=key).strip()


@pytest.mark.parametrize(
    ("called", "described", "shown"),
    [
        ("紅色", "", "Worded reads English only"),
        ("紅色", "red", "Worded does not read this script and leaves out: 紅色"),
        ("red", "紅色的\na warm red", "leaves out: 紅色的"),
        ("red", "a warm red", ""),
        ("7", "a warm red", ""),
    ],
)
def test_scripts_that_the_text_tower_does_not_read(browser: Browser, called: str, described: str, shown: str) -> None:
    name(browser, called, described)
    hints = ("reads English only", "leaves out")
    assert shown in browser.html
    assert any(hint in browser.html for hint in hints) == bool(shown)


def test_a_new_description_scores_again_without_touching_a_picture(filled: Browser, page: Page) -> None:
    features = FeatureCache(page.workspace)
    built = methods.build(Networks(features))
    page.registry.methods.clear()
    page.registry.methods.update({"prototype": built["prototype"], "asif": built["asif"]})
    filled.edits(
        ("tick_method", {"method": "asif", "ticked": True}), ("tick_method", {"method": "prototype", "ticked": False})
    )
    filled.predict()
    before, key = filled.document.results[0], filled.document.classes[0].key
    pictures, everything = features.embedded["efficientnet_lite0"], features.embedded.total()
    filled.edit("redescribe", key=key, description="the colour of blood")
    filled.predict()
    assert (filled.document.results[0].scores.probabilities != before.scores.probabilities).any()
    assert features.embedded["efficientnet_lite0"] == pictures == 7
    assert features.embedded.total() > everything  # the new sentence


def test_beside_the_answers_names_are_said_that_a_method_may_not_know(filled: Browser) -> None:
    key, told = filled.document.classes[0].key, "Not English that the text model knows well: blorp."
    filled.edit("rename", key=key, name="blorp")
    assert told not in filled.parts["results-state"]
    filled.predict()
    assert told in filled.parts["results-state"]
    filled.edit("redescribe", key=key, description="a red thing")
    filled.predict()
    assert told not in filled.parts["results-state"]
