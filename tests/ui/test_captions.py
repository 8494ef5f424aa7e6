"""Captions on the page: the events, called directly."""

from __future__ import annotations

import base64
import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest

from fsl_demo.errors import UserError
from fsl_demo.store import Workspace
from fsl_demo.ui.page import Page
from tests.colours import ColourSpace
from tests.dictated import SENTENCES, Dictated
from tests.ui.conftest import Browser, Colour, Paint


class Describer(Browser):
    """A browser tab in which pictures are described."""

    def describe(self, of: str = "queries") -> list[dict[Any, Any]]:
        event = self.event({"action": "describe", "of": of})
        return [self.take(u) for u in self.page.on_describe(self.draft, self.annotator, self.request, event)]

    def open(self, query: str, **data: Any) -> str:
        self.act(self.page.on_results, "caption", query=query, **data)
        return self.why

    def search(self, action: str, **data: Any) -> str:
        self.act(self.page.on_search, action, **data)
        return self.shown[self.page.search]

    def say(self, words: str) -> str:
        return self.search("say", fields={"sentence": words})

    @property
    def results(self) -> str:
        return self.shown[self.page.results]

    @property
    def why(self) -> str:
        return self.shown[self.page.why]


@pytest.fixture
def captioner() -> Dictated:
    return Dictated()


@pytest.fixture
def page(tmp_path: Path, captioner: Dictated) -> Page:
    searched: Any = Colour("asif")
    searched.joint = ColourSpace()
    built = Page(
        Workspace(tmp_path / "workspace"),
        {"prototype": Colour(), "asif": searched},
        {"dictated": captioner, "other": Dictated("other")},
    )
    built.build()
    return built


@pytest.fixture
def browser(page: Page, uploads: Path) -> Describer:
    return Describer(page, "tab-1")


@pytest.fixture
def described(filled: Describer) -> Describer:
    filled.describe()
    return filled


def test_the_button_is_there_with_queries_and_a_captioner(browser: Describer, paint: Paint) -> None:
    assert 'data-action="describe"' not in browser.shown[browser.page.board]
    browser.add("queries", paint("q1.png", (200, 0, 0)))
    assert "Describe the queries" in browser.shown[browser.page.board]
    assert 'data-action="captioner"' in browser.shown[browser.page.board]
    browser.page.captioners = {"dictated": Dictated()}
    browser.board("add_class")
    assert 'data-action="captioner"' not in browser.shown[browser.page.board]
    browser.page.captioners = {}
    browser.board("add_class")
    assert 'data-action="describe"' not in browser.shown[browser.page.board]


def test_queries_are_described_without_a_prediction(described: Describer, captioner: Dictated) -> None:
    assert captioner.asked == ["q1.png", "q2.png", "q3.png"]
    assert "a red dog runs on the grass" in described.results
    assert "a blue cat" in described.results
    assert described.results.count("may be wrong") == 1
    assert "a cat sleeps" not in described.results
    assert "“a red dog runs on the grass”" in described.why
    assert described.shown[described.page.progress] == ""


def test_progress_names_the_captioner_and_counts(filled: Describer) -> None:
    steps = [updates[filled.page.progress] for updates in filled.describe()]
    assert any("Dictated · describing pictures: 0 of 3" in step for step in steps)
    assert all('data-action="stop"' in step for step in steps[:-1])


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
    assert "a blue cat" in described.results
    assert "Why “" in described.why
    again = Describer(page, "tab-2", "zh-TW")
    again.take(page.on_load(described.draft, "", again.request))
    assert "a blue cat" in again.results
    assert "可能有誤" in again.results
    described.act(page.on_label, "save")
    (saved,) = page.workspace.episodes()
    again.act(page.on_collection, "reopen", episode=saved.id)
    assert "a blue cat" in again.results


def test_what_was_described_before_a_stop_stays(
    filled: Describer, captioner: Dictated, paint: Paint, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = captioner.describe

    def describe_and_stop(*arguments: Any) -> Any:
        found = inner(*arguments)
        page.on_stop(filled.draft, "", filled.request)
        return found

    filled.add("queries", *(paint(f"n{n}.png", (n, 9, 9)) for n in range(9)))
    with monkeypatch.context() as patch:
        patch.setattr(captioner, "describe", describe_and_stop)
        last = filled.describe()[-1]
    assert "Stopped" in filled.notice
    assert page.workspace.described("dictated") == set(filled.document.queries[:5])
    assert "a red dog runs" in filled.results
    assert page.tabs not in last
    filled.describe()
    assert len(page.workspace.described("dictated")) == 12


def test_errors_are_said_and_lose_nothing(
    described: Describer, captioner: Dictated, paint: Paint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise UserError("weights_missing", name="prefix")

    described.add("queries", paint("q4.png", (1, 2, 3)))
    monkeypatch.setattr(captioner, "describe", missing)
    described.describe()
    assert "The weights of prefix are not installed" in described.notice
    assert "a red dog runs" in described.results
    monkeypatch.setattr(captioner, "words", missing)
    assert "The weights of prefix are not installed" in described.open(described.document.queries[1])
    assert "a cat sleeps" in described.why


def test_without_queries(browser: Describer) -> None:
    browser.describe()
    assert "There is no query yet" in browser.notice


def test_details_show_the_first_content_word_and_the_candidates(described: Describer) -> None:
    query = described.document.queries[0]
    shown = described.open(query)
    assert re.search(r'data-word="1"[^>]*aria-pressed="true"[^>]*>red <small>51 %', shown)
    assert re.search(r'data-word="0"[^>]*aria-pressed="false" data-key=ArrowLeft', shown)
    assert "a dog in a field" in shown
    assert ">-1.20<" in shown and ">0.30<" in shown
    assert 'class="heat"' in shown
    other = described.open(query, captioner="dictated", rank="0", word="2")
    assert re.search(r'data-word="2"[^>]*aria-pressed="true"[^>]*>dog', other)
    assert "“dog”" in other
    candidate = described.open(query, captioner="dictated", rank="1")
    assert "“a dog in a field”" in candidate
    assert 'data-action="point"' not in candidate and "data-point" not in candidate


def test_details_of_a_doubtful_caption_say_why(described: Describer) -> None:
    shown = described.open(described.document.queries[2])
    assert "this picture is unlike the photographs that the captioner learned from" in shown


def test_an_answer_takes_the_place_of_the_details(described: Describer) -> None:
    described.predict()
    query = described.document.queries[0]
    described.open(query)
    described.act(described.page.on_results, "explain", query=query, method="prototype")
    assert "Why “" in described.why
    described.open(query)
    described.board("remove", **{"from": "queries", "sha": query})
    described.act(described.page.on_results, "page", value="0")
    assert "red dog" not in described.why


def test_the_chosen_captioner_is_shown_and_remembered(described: Describer, page: Page) -> None:
    described.board("captioner", value="other")
    assert "a red dog" in described.results  # nobody else has described it yet
    described.describe()
    assert page.workspace.described("other") == set(described.document.queries)
    assert "Captioner: Other" in described.why
    shown = described.open(described.document.queries[0], captioner="dictated")
    assert "Captioner: Dictated" in shown
    assert "Described by others" in shown
    again = Describer(page, "tab-2")
    again.take(page.on_load(described.draft, "", again.request))
    assert 'value="other" selected' in again.shown[page.board]
    described.board("captioner", value="nobody")
    assert described.document.captioner == "other"


def test_captions_of_a_captioner_that_is_gone_are_shown_without_maps(described: Describer) -> None:
    described.page.captioners = {"other": Dictated("other")}
    shown = described.open(described.document.queries[0])
    assert "dictated is not installed here" in shown
    assert "a dog in a field" in shown


def test_captions_are_in_the_csv(described: Describer) -> None:
    described.predict()
    address = re.search(r'href="data:text/csv;base64,([^"]+)"', described.results)
    assert address
    rows = list(csv.DictReader(io.StringIO(base64.b64decode(address[1]).decode("utf-8-sig"))))
    assert [row["caption"] for row in rows][:2] == ["a red dog runs on the grass", "a blue cat"]


def test_markup_in_a_caption_stays_text(filled: Describer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SENTENCES, "q1.png", ("<img src=x> & </p> dog",))
    filled.describe()
    filled.act(filled.page.on_label, "save")
    assert "<img src=x" not in filled.results + filled.why + filled.say("dog")


def test_search_says_what_to_do_before_anything_is_described(filled: Describer) -> None:
    filled.act(filled.page.on_label, "save")
    shown = filled.say("dog")
    assert "No picture has been described yet" in shown
    assert "Describe the pictures (7)" in shown
    filled.describe("collection")
    shown = filled.shown[filled.page.search]
    assert "with a caption that says “dog”" in shown
    assert "a red <mark>dog</mark> runs on the grass" in shown
    assert "Describe the pictures" not in shown
    assert filled.page.tabs not in filled.describe("collection")[-1]


def test_search_in_captions(described: Describer) -> None:
    described.act(described.page.on_label, "save")
    shown = described.say("cats sleep")
    assert "a <mark>cat</mark> <mark>sleeps</mark>" in shown
    assert shown.count('class="tile"') == 1
    shown = described.say("called")
    assert "may be wrong" in shown
    assert "No caption says all of this" in described.say("horse")
    assert "cannot be found this way: 4" in described.say("horse")
    described.say("  ")
    assert "Nothing to look for yet" in described.notice
    shown = described.say('dog "OR* ' * 1_200)
    assert "No caption says all of this" in shown or "<mark>" in shown
    for updates in described.page.on_ask(described.draft, "", described.request, described.event({"action": "back"})):
        described.take(updates)
    assert "“horse”" in described.shown[described.page.search]


def test_what_captions_find_goes_to_the_workbench(described: Describer) -> None:
    described.act(described.page.on_label, "save")
    described.say("cat")
    sha = described.document.queries[1]
    described.search("to_support", fields={f"pick:{sha}": True, "target": ""})
    assert [row.name for row in described.document.rows()] == ["red", "blue", "cat"]


def test_the_captioner_is_chosen_on_the_search_tab_too(described: Describer) -> None:
    described.act(described.page.on_label, "save")
    described.describe("collection")
    described.search("captioner", value="other")
    assert described.document.captioner == "other"
    assert "Describe the pictures (7)" in described.shown[described.page.search]


def test_in_chinese(page: Page, filled: Describer) -> None:
    chinese = Describer(page, "tab-zh", "zh-TW")
    chinese.take(page.on_load(filled.draft, "", chinese.request))
    chinese.describe()
    assert "可能有誤" in chinese.results
    assert "每個字的依據" in chinese.results
    filled.act(page.on_label, "save")
    assert "沒有圖說含有全部這些字" in chinese.say("馬")
