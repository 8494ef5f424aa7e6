"""Captions on the page: who describes, what is shown, and what is kept."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fsl_demo.core.errors import UserError
from fsl_demo.services import caption
from fsl_demo.store import Workspace
from fsl_demo.ui import tables
from fsl_demo.ui.captions import _layers
from fsl_demo.ui.page import Page
from tests.dictated import SENTENCES, Dictated
from tests.ui.conftest import Browser, Colour, Paint, Registry, SearchingColour, restarted


class Describer(Browser):
    """A browser tab in which pictures are described."""

    def describe(self, of: str = "queries") -> dict[str, Any]:
        return self.job("describe", of=of)

    def details(self, number: int = 0, **values: Any) -> str:
        return self.panel("caption_details", query=self.document.queries[number], **values)

    def say(self, words: str) -> str:
        return self.panel("search_results", sentence=words, words=True)

    @property
    def captions(self) -> list[str | None]:
        return [row.get("caption") for row in self.rows.values()]


@pytest.fixture
def captioner() -> Dictated:
    return Dictated()


@pytest.fixture
def page(tmp_path: Path, captioner: Dictated) -> Page:
    return Page(
        Workspace(tmp_path / "workspace"),
        Registry([Colour(), SearchingColour("asif")], [captioner, Dictated("other")]),
    )


@pytest.fixture
def browser(page: Page, uploads: Path) -> Describer:
    return Describer(page)


@pytest.fixture
def described(filled: Describer) -> Describer:
    filled.describe()
    return filled


def test_the_button_is_there_with_queries_and_a_captioner(browser: Describer, paint: Paint) -> None:
    browser.add("queries", paint("q1.png", (200, 0, 0)))
    query = browser.document.queries[0]
    assert 'data-panel="caption_details"' in browser.panel("details", query=query)
    assert "Describe the queries" in browser.details()
    assert 'data-edit="choose_captioner"' in browser.details()
    browser.page.registry.captioners = {"dictated": Dictated()}
    assert 'data-edit="choose_captioner"' not in browser.details()
    browser.page.registry.captioners = {}
    assert 'data-panel="caption_details"' not in browser.panel("details", query=query)
    assert browser.describe() == {} and "There is no captioner" in browser.notice


def test_queries_are_described_without_a_prediction(described: Describer, captioner: Dictated) -> None:
    assert captioner.asked == ["q1.png", "q2.png", "q3.png"]
    assert described.captions == ["a red dog runs on the grass", "a blue cat", "a picture called q3"]
    assert [row["doubtful"] for row in described.rows.values()] == [0, 0, 1]
    assert "a cat sleeps" not in str(described.rows)
    assert "“a red dog runs on the grass”" in described.details()
    assert "caption-details" in described.panel("details", query=described.document.queries[0])


def test_nothing_is_described_twice(described: Describer, captioner: Dictated, paint: Paint) -> None:
    described.describe()
    assert len(captioner.asked) == 3
    described.add("queries", paint("q4.png", (1, 2, 3)))
    described.describe()
    assert captioner.asked[3:] == ["q4.png"]
    captioner.weights = "w2"
    described.describe()
    assert len(captioner.asked) == 8


def test_captions_stand_beside_predictions_and_survive(described: Describer, page: Page) -> None:
    described.predict()
    query = described.document.queries[1]
    assert described.row(query)["caption"] == "a blue cat" and described.row(query)["answer"]
    again = restarted(described)
    assert again.row(query)["caption"] == "a blue cat"
    described.edit("save")
    chinese = Describer(page, "tab-2", "zh-TW")
    chinese.open("reopen", episode=described.document.episode_id)
    assert chinese.row(query)["caption"] == "a blue cat"
    assert "可能有誤" in chinese.details(2)


def test_captions_are_known_to_every_query_that_comes_later(described: Describer, paint: Paint) -> None:
    first = described.document.queries[0]
    described.edit("remove_queries", queries=[first])
    described.undo()
    assert described.row(first)["caption"] == "a red dog runs on the grass"


def test_what_was_described_before_a_stop_stays(
    filled: Describer, captioner: Dictated, paint: Paint, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = captioner.describe

    def describe_and_stop(*arguments: Any) -> Any:
        described = inner(*arguments)
        for job in page.jobs.of(filled.draft):
            page.jobs.stop(filled.draft, job.id)
        return described

    filled.add("queries", *(paint(f"n{n}.png", (n, 9, 9)) for n in range(9)))
    with monkeypatch.context() as patch:
        patch.setattr(captioner, "describe", describe_and_stop)
        assert filled.describe()["state"] == "stopped"
    kept = set(page.workspace.captions(filled.document.queries))
    assert kept and kept < set(filled.document.queries)
    assert {query for query in filled.document.queries if "caption" in filled.row(query)} == kept
    filled.describe()
    assert len(page.workspace.captions(filled.document.queries)) == 12


def test_errors_are_said_and_lose_nothing(
    described: Describer, captioner: Dictated, paint: Paint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise UserError("weights_missing", name="prefix")

    described.add("queries", paint("q4.png", (1, 2, 3)))
    monkeypatch.setattr(captioner, "describe", missing)
    assert described.describe()["state"] == "failed"
    assert "The weights of prefix are not installed" in described.notice
    assert described.captions[0] == "a red dog runs on the grass"
    monkeypatch.setattr(captioner, "words", missing)
    shown = described.details(1)
    assert "The weights of prefix are not installed" in shown and "a cat sleeps" in shown


def test_without_queries(browser: Describer) -> None:
    browser.describe()
    assert "There is no query yet" in browser.notice
    browser.describe("collection")
    assert "There is no picture to describe" in browser.notice


def test_details_show_the_first_content_word_and_the_candidates(described: Describer) -> None:
    shown = described.details()
    assert re.search(r'"word": 1\}\' aria-pressed="true">red <small>51 %', shown)
    assert re.search(r'"word": 0\}\' aria-pressed="false">a <small>50 %', shown)
    assert "a dog in a field" in shown
    assert ">-1.20<" in shown and ">0.30<" in shown
    assert 'class="heat"' in shown
    other = described.details(captioner="dictated", rank=0, word=2)
    assert re.search(r'"word": 2\}\' aria-pressed="true">dog', other)
    assert "“dog”" in other
    candidate = described.details(captioner="dictated", rank=1)
    assert "“a dog in a field”" in candidate and "data-point" not in candidate
    assert "“a dog in a field”" in described.details(rank=99) and "“red”" in described.details(word=99)
    support = described.document.classes[0].pictures[0]
    assert "This picture has no caption yet" in described.panel("caption_details", query=support)


def test_details_of_a_doubtful_caption_say_why(described: Describer) -> None:
    assert "this picture is unlike the photographs that the captioner learned from" in described.details(2)


def test_the_chosen_captioner_is_shown_and_remembered(described: Describer, page: Page) -> None:
    described.edit("choose_captioner", captioner="other")
    assert described.captions[0] == "a red dog runs on the grass"  # nobody else has described it yet
    described.describe()
    assert page.workspace.described("other", "w1", described.document.queries) == set(described.document.queries)
    assert "Captioner: Other" in described.details()
    shown = described.details(captioner="dictated")
    assert "Captioner: Dictated" in shown
    assert "Described by others" in shown
    again = Describer(page, "tab-2", draft=described.draft)
    assert "Captioner: Other" in again.details() and again.document.captioner == "other"
    described.edit("choose_captioner", captioner="nobody")
    assert described.document.captioner == "other"


def test_captions_of_a_captioner_that_is_gone_are_shown_without_maps(described: Describer) -> None:
    described.page.registry.captioners = {"other": Dictated("other")}
    shown = described.details()
    assert "dictated is not installed here" in shown
    assert "a dog in a field" in shown


def test_captions_are_in_the_csv(described: Describer) -> None:
    described.predict()
    for browser in (described, restarted(described)):
        browser.open_draft.captions.clear()  # as when nobody has looked at the page yet
        data = tables.results_csv(browser.context).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(data)))
        assert [row["caption"] for row in rows][:2] == ["a red dog runs on the grass", "a blue cat"]


def test_markup_in_a_caption_stays_text(filled: Describer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SENTENCES, "q1.png", ("<img src=x> & </p> dog",))
    filled.describe()
    filled.edit("save")
    for html in (filled.html, filled.details(), filled.say("dog")):
        assert "<img src=x" not in html
    assert "&lt;img" in filled.details()


def test_search_says_how_many_have_no_caption(filled: Describer) -> None:
    filled.edit("save")
    shown = filled.say("dog")
    assert "found by their file name alone: 7" in shown
    assert "Describe the pictures (7)" in shown
    filled.describe("collection")
    shown = filled.say("dog")
    assert "with a caption or a file name that says “dog”" in shown
    assert "a red <mark>dog</mark> runs on the grass" in shown
    assert "Describe the pictures" not in shown


def test_the_collection_is_described_some_at_a_time_and_what_is_lost_is_told(
    filled: Describer, captioner: Dictated, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.edit("save")
    monkeypatch.setattr(caption, "READ", 2)
    lost, *_ = filled.document.queries
    page.workspace._blobs.path(lost).unlink()
    looked_up: list[int] = []
    members = page.workspace.gallery.members
    monkeypatch.setattr(
        page.workspace.gallery, "members", lambda hashes: looked_up.append(len(hashes)) or members(hashes)
    )
    job = filled.describe("collection")
    assert job["state"] == "done" and "q1.png" in str(job)
    assert max(looked_up) <= 2
    assert len(captioner.asked) == len(set(captioner.asked)) == 6
    assert page.workspace.gallery.count_undescribed("dictated", "w1") == 1


def test_search_in_captions(described: Describer) -> None:
    described.edit("save")
    shown = described.say("cats sleep")
    assert "a <mark>cat</mark> <mark>sleeps</mark>" in shown
    assert shown.count('class="tile"') == 1
    assert "may be wrong" in described.say("called")
    assert "No caption or file name has all of this" in described.say("horse")
    assert "found by their file name alone: 4" in described.say("horse")
    assert described.say("  ") == "" and "Nothing to look for yet" in described.notice
    shown = described.say('dog "OR* ' * 1_200)
    assert "No caption or file name has all of this" in shown or "<mark>" in shown
    assert 'data-action="search-back"' in described.panel("search_results", sentence="dog", words=True, earlier=True)


def test_what_is_certain_is_said_beside_a_caption(described: Describer) -> None:
    assert "Certain: red dog (87 %)" in described.details(0)
    assert "No name is certain here" in described.details(1) and "Certain:" not in described.details(1)


def test_maps_that_fail_the_blanking_test_are_not_shown(described: Describer) -> None:
    shown, captioner = described.details(1), described.page.registry.captioners["dictated"]
    captioner.card = replace(captioner.card, maps=False)
    _layers.cache_clear()
    hidden = described.details(1)
    assert "Where the captioner looked" in shown and 'class="figures' in shown
    assert "Where it looked is not shown" in hidden and 'class="figures' not in hidden
    assert ">blue <small>" in shown and ">blue <small>" in hidden


def test_what_captions_find_goes_to_the_workbench(described: Describer) -> None:
    described.edit("save")
    described.edit("send_to_support", pictures=[described.document.queries[1]], name="cat")
    assert [row.name for row in described.document.rows()] == ["red", "blue", "cat"]


def test_the_captioner_is_chosen_for_the_collection_too(described: Describer) -> None:
    described.edit("save")
    described.describe("collection")
    described.edit("choose_captioner", captioner="other")
    assert "Describe the pictures (7)" in described.panel("search_results")


def test_in_chinese(page: Page, filled: Describer) -> None:
    chinese = Describer(page, "tab-zh", language="zh-TW", draft=filled.draft)
    chinese.describe()
    assert "可能有誤" in chinese.details(2)
    filled.edit("save")
    assert "沒有圖說或檔名含有全部這些字" in chinese.say("馬")
