"""The doctor of a collection: what it says, and what the edits behind its buttons change and take back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import ImageOps

from fsl_demo.core.collections import CollectionLabel
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.core.registry import Registry
from fsl_demo.store import Workspace
from fsl_demo.ui.page import Page
from tests.averaged import Averaged, patterned
from tests.ui.conftest import Browser

NAME = "colours"


def painted(colour: str, seed: int) -> Picture:
    return from_image(patterned(colour, seed), f"{colour}{seed}.png")


WRONG, COPY = painted("red", 70), from_image(ImageOps.mirror(patterned("blue", 20)), "copy.png")


@pytest.fixture
def browser(tmp_path: Path, uploads: Path) -> Browser:
    """A collection of red and blue; a red picture is called blue, and a blue one is there twice."""
    opened = Browser(Page(Workspace(tmp_path / "workspace"), Registry([Averaged()])))
    members = {painted("red", seed): "red" for seed in range(5)}
    members |= {painted("blue", seed): "blue" for seed in range(20, 25)} | {WRONG: "blue", COPY: "blue"}
    labelled = {picture: [CollectionLabel(name, "Ada")] for picture, name in members.items()}
    opened.page.workspace.collections.add(NAME, {**labelled, painted("green", 90): []}, new=True)
    return opened


def shown(browser: Browser) -> str:
    return browser.panel("collection_doctor", collection=NAME)


def test_findings_of_a_collection_and_their_edits(browser: Browser) -> None:
    assert shown(browser) == ""
    assert (
        browser.job("diagnose_collection", collection=NAME)["text"] == "The doctor has 2 findings in this collection."
    )
    html = shown(browser)
    assert "Labelled “blue”, but the others say “red”" in html and "Nearly the same picture 2 times in “blue”" in html
    assert "Looked at: 12 pictures of 2 classes" in html
    word = {"collection": NAME, "pictures": [WRONG.sha256], "annotator": "Ada"}
    browser.edit("review_label", **word, class_name="red", suggestions={WRONG.sha256: "red"}, shown=True)
    assert "Labelled" not in shown(browser)
    browser.edit("review_take_back", **word)
    assert "Labelled" in shown(browser)
    browser.edit("remove_from_collection", collection=NAME, pictures=[COPY.sha256])
    assert "Nearly the same" not in shown(browser)
    browser.edit("put_back_into_collection", collection=NAME, pictures=[COPY.sha256])
    assert "Nearly the same" in shown(browser)
    assert "data-figure" in browser.panel("learning_curve", collection=NAME)


def suspected(browser: Browser) -> list[tuple[str, str]]:
    answer = browser.data("review_queue", collection=NAME, order="suspect")
    return [(picture["sha"], picture["suspicion"][0]) for picture in answer["pictures"]]


def test_what_is_marked_as_right_comes_neither_from_the_doctor_nor_to_review_until_undone(browser: Browser) -> None:
    browser.job("diagnose_collection", collection=NAME)
    assert suspected(browser) == []
    browser.job("suggest", collection=NAME, method="averaged", suspects=True)
    ((sha, key),) = suspected(browser)
    (finding, _) = browser.open_draft.diagnosed_collections[NAME].findings
    assert (sha, key) == (WRONG.sha256, finding.key)
    right = {"collection": NAME, "findings": [key], "annotator": "Ada"}
    browser.edit("mark_right", **right)
    assert suspected(browser) == []
    html = shown(browser)
    assert "1 findings are marked as right." in html and "<small>Ada, 20" in html and "Labelled" in html
    assert browser.job("diagnose_collection", collection=NAME)["text"].startswith("The doctor has 1 findings")
    browser.edit("take_back_right", **right)
    assert "marked as right" not in shown(browser) and suspected(browser) == [(WRONG.sha256, key)]
    browser.edit("mark_right", **{**right, "findings": ["no key"]})
    assert "no key of a finding" in browser.notice


def test_a_collection_without_labels_is_refused(browser: Browser) -> None:
    browser.page.workspace.collections.add("bare", {painted("green", 91): []}, new=True)
    assert browser.job("diagnose_collection", collection="bare") == {}
    assert "no labelled picture" in browser.notice
