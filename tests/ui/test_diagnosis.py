"""The doctor on the page: what it says of the classes, and what its buttons do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from fsl_demo.core.registry import Registry
from fsl_demo.store import Workspace
from fsl_demo.ui.page import Page
from tests.averaged import COLOURS, Averaged, patterned
from tests.ui.conftest import Browser, Colour, restarted

Row = dict[str, str]


@pytest.fixture
def browser(tmp_path: Path, uploads: Path) -> Browser:
    """Red and green, five pictures each; a green one is red, and a red one is there twice."""
    opened = Browser(Page(Workspace(tmp_path / "workspace"), Registry([Averaged(), Colour()])))

    def painted(name: str, image: Image.Image) -> Path:
        file = uploads / f"{name}.png"
        image.save(file)
        return file

    for row, colour in zip(opened.document.classes, ("red", "green"), strict=True):
        opened.edit("rename", key=row.key, name=colour)
        files = [painted(f"{colour}{seed}", patterned(colour, seed + 10 * len(colour))) for seed in range(5)]
        opened.add(row.key, *files)
    red, green = opened.document.classes
    opened.add(green.key, painted("wrong", patterned("red", 77)))
    opened.add(red.key, painted("copy", ImageOps.mirror(patterned("red", 30))))
    return opened


def finding(browser: Browser, kind: str) -> str:
    """The HTML of the first finding of a kind; "" where there is none."""
    match = re.search(rf'<li class="finding"[^>]*data-kind="{kind}">.*?</li>', browser.parts["diagnosis"], re.DOTALL)
    return match[0] if match else ""


def press(browser: Browser, html: str, edit: str) -> None:
    """Press the first button of an edit, as the page's script does."""
    button = re.search(rf'<button[^>]*data-edit="{edit}"[^>]*>', html)
    assert button, html
    fields = dict(re.findall(r'data-(\w+)="([^"]*)"', button[0]))
    browser.edit(fields.pop("edit"), **fields)


def test_what_was_planted_is_found_and_put_right(browser: Browser) -> None:
    assert 'data-job="diagnose"' in browser.parts["diagnosis"]
    before = [list(row.pictures) for row in browser.document.classes]
    assert browser.job("diagnose")["text"] == "The doctor has 2 findings, below the classes."
    assert "Labelled “green”, but the others say “red”" in finding(browser, "wrong_label")
    assert "Nearly the same picture 2 times in “red”" in finding(browser, "duplicates")
    press(browser, finding(browser, "wrong_label"), "move_picture")
    red, green = browser.document.classes
    assert before[1][-1] in red.pictures and len(green.pictures) == 5
    assert not finding(browser, "wrong_label")
    assert "changed since: look again" in browser.parts["diagnosis"]
    press(browser, finding(browser, "duplicates"), "keep_copy")
    assert len(red.pictures) == 6 and not finding(browser, "duplicates")
    assert "Nothing suspicious." in browser.parts["diagnosis"]
    for _ in range(2):
        browser.undo()
    assert [row.pictures for row in browser.document.classes] == before
    assert finding(browser, "wrong_label") and finding(browser, "duplicates")


def test_what_is_right_does_not_come_again_until_that_is_taken_back(browser: Browser) -> None:
    browser.job("diagnose")
    press(browser, finding(browser, "wrong_label"), "settle_finding")
    assert not finding(browser, "wrong_label")
    again = restarted(browser)
    again.job("diagnose")
    assert not finding(again, "wrong_label") and finding(again, "duplicates")
    assert "1 findings are marked as right." in again.parts["diagnosis"]
    again.undo()
    assert finding(again, "wrong_label")


def test_the_panel_names_what_was_looked_at_and_draws_the_curve(browser: Browser) -> None:
    browser.job("diagnose")
    html = browser.parts["diagnosis"]
    assert "Looked at: 12 pictures of 2 classes" in html
    assert "cannot tell yet" in html
    curve = browser.panel("learning_curve")
    assert "from 3 to 4 pictures of each class" in curve and "data-figure" in curve
    press(browser, finding(browser, "wrong_label"), "remove_picture")
    assert not finding(browser, "wrong_label")


def test_a_finding_of_another_time_takes_nothing_out(browser: Browser) -> None:
    sha = browser.document.classes[0].pictures[0]
    browser.edit("keep_copy", finding="0" * 16, sha=sha, source=browser.document.classes[0].key)
    assert "no longer known" in browser.notice
    assert len(browser.document.classes[0].pictures) == 6


def test_lost_files_are_told_and_the_rest_is_looked_at(browser: Browser) -> None:
    sha = browser.document.classes[0].pictures[2]
    browser.page.workspace._blobs.path(sha).unlink()
    assert browser.job("diagnose")["state"] == "done"
    assert "red2.png" in browser.notice and "Looked at: 11 pictures" in browser.parts["diagnosis"]


def test_an_empty_page_is_refused(tmp_path: Path, uploads: Path) -> None:
    empty = Browser(Page(Workspace(tmp_path / "other"), Registry([Averaged()])))
    assert empty.job("diagnose") == {}
    assert "no labelled picture" in empty.notice
    assert COLOURS and not empty.parts["diagnosis"].strip()
