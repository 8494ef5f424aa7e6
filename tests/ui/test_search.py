"""The Search tab's events, called directly."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from fsl_demo.errors import UserError
from fsl_demo.store import Workspace
from fsl_demo.ui import search
from fsl_demo.ui.page import Page
from tests.colours import ColourSpace
from tests.ui.conftest import Browser, Colour, Paint

REDS = {"r1.png": (220, 10, 10), "r2.png": (200, 90, 60)}
BLUES = {"b1.png": (10, 10, 220), "b2.png": (60, 90, 200)}


class Searcher(Browser):
    """A browser tab whose Search tab is used."""

    def search(self, action: str, **data: Any) -> str:
        if action in ("find", "similar", "back", "method", "again"):
            event = self.event({"action": action, **data})
            for updates in self.page.on_ask(self.draft, self.annotator, self.request, event):
                self.take(updates)
        else:
            self.act(self.page.on_search, action, **data)
        return self.html

    def find(self, sentence: str) -> list[str]:
        self.search("find", fields={"sentence": sentence})
        return self.names

    def add_pictures(self, *files: Path, batch: str = "one") -> None:
        entries = [{"path": str(file), "name": file.name, "size": file.stat().st_size} for file in files]
        self.search("add", target="collection", batch=batch, files=entries)

    def ticks(self, *names: str) -> dict[str, bool]:
        """What the page sends as fields when these pictures are ticked."""
        return {f"pick:{self.sha(name)}": name in names for name in self.names}

    def sha(self, name: str) -> str:
        return next(o.picture.sha256 for o in self.page.workspace.collection() if o.picture.name == name)

    @property
    def html(self) -> str:
        return self.shown[self.page.search]

    @property
    def names(self) -> list[str]:
        """File names of the pictures on view, in order."""
        return re.findall(r'<label title="([^"]+)">', self.html)


@pytest.fixture
def space() -> ColourSpace:
    return ColourSpace()


@pytest.fixture
def searching_page(tmp_path: Path, space: ColourSpace) -> Page:
    method: Any = Colour("asif")
    method.joint = space
    built = Page(Workspace(tmp_path / "workspace"), {"prototype": Colour(), "asif": method})
    built.build()
    return built


@pytest.fixture
def searcher(searching_page: Page, uploads: Path) -> Searcher:
    return Searcher(searching_page, "tab-1")


@pytest.fixture
def stocked(searcher: Searcher, paint: Paint) -> Searcher:
    """Two red and two blue pictures, added for searching."""
    searcher.add_pictures(*(paint(name, rgb) for name, rgb in (REDS | BLUES).items()))
    return searcher


def test_without_a_model_or_pictures_it_says_what_to_do(browser: Browser, searcher: Searcher) -> None:
    page = browser.page
    assert "No model to search with" in page.on_open_search(browser.draft, "", browser.request)
    opened = searcher.page.on_open_search(searcher.draft, "", searcher.request)
    assert "No pictures to search yet" in opened
    assert 'data-drop="collection"' in opened


def test_added_pictures_are_on_view_and_not_embedded_yet(stocked: Searcher, space: ColourSpace, uploads: Path) -> None:
    assert sorted(stocked.names) == sorted(REDS | BLUES)
    assert "the latest first" in stocked.html
    assert not space.embedded
    assert not list(uploads.iterdir())


def test_a_sentence_ranks_the_pictures_and_embeds_each_once(stocked: Searcher, space: ColourSpace) -> None:
    assert stocked.find("red")[:2] == ["r1.png", "r2.png"]
    assert stocked.find("blue")[:2] == ["b1.png", "b2.png"]
    assert sorted(space.embedded) == sorted(REDS | BLUES)
    assert "those most like “blue” first" in stocked.html
    assert 'title="similarity">1.00<' in stocked.html


def test_similar_shows_the_picture_and_its_nearest_and_back_the_earlier_search(stocked: Searcher) -> None:
    red = stocked.find("red")
    stocked.search("similar", sha=stocked.sha("b1.png"))
    assert stocked.names[0] == "b2.png"
    assert "b1.png" not in stocked.names
    assert "those most like b1.png first" in stocked.html
    stocked.search("back", fields={"sentence": "half typed"})
    assert stocked.names == red
    assert 'value="red"' in stocked.html
    stocked.search("back")
    assert "the latest first" in stocked.html
    assert 'data-action="back"' not in stocked.html
    stocked.search("back")
    assert "the latest first" in stocked.html


def test_the_same_search_twice_is_one_step_back(stocked: Searcher) -> None:
    stocked.find("red")
    stocked.find("red")
    stocked.search("back")
    assert "the latest first" in stocked.html


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        (" ", "Nothing to look for yet"),
        ("red " * 2_500, "9999 characters"),
        ("雪地裡的狗", "does not read this script"),
    ],
)
def test_bad_sentences_are_refused_and_what_was_found_stays(stocked: Searcher, sentence: str, message: str) -> None:
    found = stocked.find("red")
    assert stocked.find(sentence) == found
    assert message in stocked.notice
    assert "those most like “red” first" in stocked.html


def test_markup_in_a_sentence_stays_text(stocked: Searcher) -> None:
    stocked.find('red "><img src=x onerror=alert(1)>')
    assert "<img src=x" not in stocked.html
    stocked.search("to_support", fields=stocked.ticks("r1.png"))
    assert "<img src=x" not in stocked.html + stocked.notice + stocked.shown[stocked.page.board]


def test_ticked_pictures_become_queries_and_undo_takes_them_back(stocked: Searcher) -> None:
    stocked.find("red")
    stocked.search("to_queries", fields=stocked.ticks("r1.png", "b1.png"))
    assert stocked.document.queries == [stocked.sha("r1.png"), stocked.sha("b1.png")]
    assert "Sent to the queries: 2." in stocked.notice
    assert stocked.html.count("✓ Query") == 2
    assert "checked" not in stocked.html
    stocked.board("undo")
    assert not stocked.document.queries


def test_ticked_pictures_become_support_of_a_new_class_named_by_the_sentence(stocked: Searcher) -> None:
    stocked.find("  blue   sky ")
    stocked.search("to_support", fields=stocked.ticks("b1.png"))
    assert [(row.name, len(row.pictures)) for row in stocked.document.rows()] == [("blue sky", 1)]
    assert "new class “blue sky”" in stocked.html
    stocked.search("to_support", fields={**stocked.ticks("b2.png"), "target": ""})
    assert [(row.name, len(row.pictures)) for row in stocked.document.rows()] == [("blue sky", 2)]
    stocked.board("undo")
    stocked.board("undo")
    assert stocked.document.is_empty()


def test_ticked_pictures_become_support_of_a_chosen_class(stocked: Searcher) -> None:
    first, second = stocked.document.classes
    stocked.board("fields", field="name", fields={f"name:{first.key}": "warm", f"name:{second.key}": "cold"})
    stocked.search("to_support", fields={**stocked.ticks("b1.png"), "target": second.key})
    assert stocked.document.row(second.key).pictures == [stocked.sha("b1.png")]
    assert f'value="{second.key}" selected' in stocked.html
    assert "support set of “cold”: 1" in stocked.notice


def test_without_a_sentence_a_new_class_has_no_name_yet(stocked: Searcher) -> None:
    stocked.search("to_support", fields=stocked.ticks("b1.png"))
    stocked.search("to_support", fields={**stocked.ticks("r1.png"), "target": ""})
    assert [len(row.pictures) for row in stocked.document.classes] == [1, 1]
    assert "✓ Class 1" in stocked.html


@pytest.mark.parametrize("action", ["to_queries", "to_support", "take_out"])
def test_nothing_ticked(stocked: Searcher, action: str) -> None:
    draft = stocked.page.workspace.draft(stocked.draft)
    stocked.search(action, fields=stocked.ticks())
    assert "No picture is ticked" in stocked.notice
    assert stocked.page.workspace.draft(stocked.draft) == draft


def test_ticks_stay_with_their_search(stocked: Searcher) -> None:
    stocked.find("red")
    stocked.search("fields", field="pick", fields=stocked.ticks("r2.png"))
    stocked.search("similar", sha=stocked.sha("b1.png"), fields=stocked.ticks("r2.png"))
    assert "checked" not in stocked.html
    stocked.search("back", fields=stocked.ticks())
    assert stocked.html.count("checked") == 1


def test_pictures_of_saved_episodes_are_searched_with_their_class(stocked: Searcher, paint: Paint) -> None:
    first, second = stocked.document.classes
    stocked.board("fields", field="name", fields={f"name:{first.key}": "warm", f"name:{second.key}": "cold"})
    stocked.add(first.key, paint("w.png", (240, 0, 0)))
    stocked.add("queries", paint("q.png", (0, 0, 240)))
    stocked.act(stocked.page.on_label, "save")
    assert stocked.find("red")[0] == "w.png"
    assert "<em >warm</em>" in stocked.html
    stocked.search("only", value="class:warm")
    assert stocked.names == ["w.png"]
    stocked.search("only", value="unlabelled")
    assert "q.png" in stocked.names and "w.png" not in stocked.names
    stocked.search("only", value="class:of an earlier day")
    assert "Nothing to show. Choose another class" in stocked.html


def test_pictures_added_after_a_search_are_announced(stocked: Searcher, paint: Paint, space: ColourSpace) -> None:
    stocked.find("red")
    stocked.add_pictures(paint("r3.png", (255, 0, 0)), batch="two")
    assert "r3.png" not in stocked.names
    assert "added since: 1" in stocked.html
    stocked.search("again")
    assert stocked.names[0] == "r3.png"
    assert "added since" not in stocked.html
    assert space.embedded.count("r1.png") == 1


def test_pictures_that_cannot_be_read_are_named(searcher: Searcher, uploads: Path, paint: Paint) -> None:
    empty = uploads / "empty.png"
    empty.touch()
    searcher.add_pictures(empty, paint("fine.png", (1, 2, 3)))
    assert searcher.names == ["fine.png"]
    assert "empty.png" in searcher.notice


def test_added_pictures_can_be_taken_out_and_put_back(stocked: Searcher) -> None:
    stocked.search("take_out", fields=stocked.ticks("r1.png", "b1.png"))
    assert sorted(stocked.names) == ["b2.png", "r2.png"]
    assert "Taken out of the search: 2" in stocked.html
    stocked.search("put_back")
    assert sorted(stocked.names) == sorted(REDS | BLUES)
    assert "Taken out" not in stocked.html


def test_all_taken_out_can_still_be_put_back(stocked: Searcher) -> None:
    stocked.search("take_out", fields=stocked.ticks(*stocked.names))
    assert "No pictures to search yet" in stocked.html
    assert 'data-action="put_back"' in stocked.html


def test_pictures_of_episodes_stay_when_taken_out(stocked: Searcher, paint: Paint) -> None:
    stocked.search("to_support", fields=stocked.ticks("r1.png"))
    stocked.add(stocked.document.classes[1].key, paint("c.png", (0, 200, 0)))
    first, second = stocked.document.classes
    stocked.board("fields", field="name", fields={f"name:{first.key}": "a", f"name:{second.key}": "b"})
    stocked.act(stocked.page.on_label, "save")
    stocked.search("take_out", fields=stocked.ticks("r1.png", "b1.png"))
    assert "stay in the search: 1" in stocked.notice
    assert "r1.png" in stocked.names and "b1.png" not in stocked.names


def test_more(stocked: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PAGE", 2)
    stocked.find("red")
    assert stocked.names == ["r1.png", "r2.png"]
    assert "More (2)" in stocked.html
    stocked.search("more")
    assert len(stocked.names) == 4
    assert "More (" not in stocked.html


def test_stop_keeps_what_was_on_view(stocked: Searcher, space: ColourSpace) -> None:
    running = stocked.page.on_ask(
        stocked.draft, "", stocked.request, stocked.event({"action": "find", "fields": {"sentence": "red"}})
    )
    stocked.tab.stop.clear = lambda: None  # the person presses Stop the moment it starts
    stocked.tab.stop.set()
    for updates in running:
        stocked.take(updates)
    assert "Stopped" in stocked.notice
    assert "the latest first" in stocked.html
    assert stocked.shown[stocked.page.progress] == ""


def test_a_model_that_cannot_be_loaded_says_why(
    stocked: Searcher, space: ColourSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise UserError("weights_missing", name="Colours")

    monkeypatch.setattr(space, "embed", missing)
    stocked.find("red")
    assert "The weights of Colours are not installed" in stocked.notice
    assert "the latest first" in stocked.html
    monkeypatch.undo()
    assert stocked.find("red")[0] == "r1.png"


def test_progress_says_how_far_it_is(stocked: Searcher) -> None:
    event = stocked.event({"action": "find", "fields": {"sentence": "red"}})
    first = next(stocked.page.on_ask(stocked.draft, "", stocked.request, event))
    assert "embedding pictures: 0 of 4" in first[stocked.page.progress]


def test_a_menu_of_models_searches_again(stocked: Searcher) -> None:
    other: Any = Colour("prototype")
    other.joint = ColourSpace("other", "Other colours")
    stocked.page.methods["prototype"] = other
    stocked.search("method", value="asif")
    stocked.find("red")
    assert 'value="asif" selected' in stocked.html
    assert not other.joint.embedded
    stocked.search("method", value="prototype")
    assert 'value="prototype" selected' in stocked.html
    assert "those most like “red” first" in stocked.html
    assert len(other.joint.embedded) == 4


def test_a_picture_that_is_gone_is_said(stocked: Searcher) -> None:
    stocked.search("similar", sha="0" * 64)
    assert "has no picture" in stocked.notice


def test_the_tab_in_chinese(searching_page: Page, stocked: Searcher) -> None:
    chinese = Searcher(searching_page, "tab-zh", "zh-TW")
    chinese.find("貓")
    assert "不認得這種文字" in chinese.notice
    assert "最新的在前" in chinese.html
