"""The Search tab: the collection found by a sentence or a picture, and sent to the workbench."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from fsl_demo.core.errors import UserError
from fsl_demo.store import Workspace
from fsl_demo.ui.page import Page
from fsl_demo.ui.tabs import search
from tests.colours import ColourSpace
from tests.located import Located, scene
from tests.ui.conftest import Browser, Colour, Paint, Registry, SearchingColour

REDS = {"r1.png": (220, 10, 10), "r2.png": (200, 90, 60)}
BLUES = {"b1.png": (10, 10, 220), "b2.png": (60, 90, 200)}


class Searcher(Browser):
    """A browser tab whose Search tab is used.

    Attributes:
        html_of_search: what is on view there.
    """

    html_of_search = ""

    def search(self, **values: Any) -> str:
        html = self.panel("search_results", **values)
        self.html_of_search = html or self.html_of_search
        return self.html_of_search

    def find(self, sentence: str = "", **values: Any) -> list[str]:
        """As the page does: what cannot be ranked yet is made searchable by a job, and then it is searched again."""
        if "data-unranked" in self.search(sentence=sentence, **values):
            self.job("index", method=values.get("method", ""))
            notices = self.notices
            self.search(sentence=sentence, **values)
            self.notices = [*notices, *self.notices]
        return self.names

    def sha(self, name: str) -> str:
        return next(o.picture.sha256 for o in self.page.workspace.collection() if o.picture.name == name)

    @property
    def names(self) -> list[str]:
        """File names of the pictures on view, in order."""
        return re.findall(r'<label title="([^"]+)">', self.html_of_search)


@pytest.fixture
def space() -> ColourSpace:
    return ColourSpace()


@pytest.fixture
def searching_page(tmp_path: Path, space: ColourSpace) -> Page:
    return Page(Workspace(tmp_path / "workspace"), Registry([Colour(), SearchingColour("asif", space)]))


@pytest.fixture
def searcher(searching_page: Page, uploads: Path) -> Searcher:
    return Searcher(searching_page)


@pytest.fixture
def stocked(searcher: Searcher, paint: Paint) -> Searcher:
    """Two red and two blue pictures, added for searching."""
    searcher.add("collection", *(paint(name, rgb) for name, rgb in (REDS | BLUES).items()))
    return searcher


def test_without_a_model_or_pictures_it_says_what_to_do(browser: Browser, searcher: Searcher) -> None:
    assert "No model to search with" in browser.panel("search_results")
    assert browser.job("index") == {} and "nothing to search with" in browser.notice
    opened = searcher.search()
    assert "No pictures to search yet" in opened
    assert 'data-upload="collection"' in opened


def test_added_pictures_are_on_view_and_not_embedded_yet(stocked: Searcher, space: ColourSpace) -> None:
    assert "the latest first" in stocked.search()
    assert sorted(stocked.names) == sorted(REDS | BLUES)
    assert not space.embedded
    assert stocked.document.is_empty() and not stocked.open_draft.history.steps


def test_a_sentence_ranks_the_pictures_and_embeds_each_once(stocked: Searcher, space: ColourSpace) -> None:
    assert stocked.find("red")[:2] == ["r1.png", "r2.png"]
    assert stocked.find("blue")[:2] == ["b1.png", "b2.png"]
    assert sorted(space.embedded) == sorted(REDS | BLUES)
    assert "those most like “blue” first" in stocked.html_of_search
    assert 'title="similarity">1.00<' in stocked.html_of_search


def test_before_they_are_searchable_it_is_said_how_many_are_not(stocked: Searcher) -> None:
    shown = stocked.search(sentence="red")
    assert 'data-unranked="4"' in shown and not stocked.names


def test_similar_shows_the_picture_and_its_nearest(stocked: Searcher) -> None:
    red = stocked.find("red")
    stocked.find(like=stocked.sha("b1.png"), earlier=True)
    assert stocked.names[0] == "b2.png"
    assert "b1.png" not in stocked.names
    assert "those most like b1.png first" in stocked.html_of_search
    assert 'data-action="search-back"' in stocked.html_of_search
    assert stocked.find("red") == red
    assert 'value="red"' in stocked.html_of_search and 'data-action="search-back"' not in stocked.html_of_search


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        (" ", "Nothing to look for yet"),
        ("red " * 2_500, "9999 characters"),
        ("雪地裡的狗", "does not read this script"),
    ],
)
def test_bad_sentences_are_refused_and_what_was_found_stays(stocked: Searcher, sentence: str, message: str) -> None:
    tiles = stocked.find("red")
    assert stocked.find(sentence) == tiles
    assert message in stocked.notice


def test_markup_in_a_sentence_stays_text(stocked: Searcher) -> None:
    evil = 'red "><img src=x onerror=alert(1)>'
    stocked.find(evil)
    assert "<img src=x" not in stocked.html_of_search
    stocked.edit("send_to_support", pictures=[stocked.sha("r1.png")], name=evil)
    assert "<img src=x" not in stocked.search(sentence=evil) + stocked.html


def test_pictures_become_queries_and_undo_takes_them_back(stocked: Searcher) -> None:
    chosen = [stocked.sha("r1.png"), stocked.sha("b1.png")]
    stocked.edit("send_to_queries", pictures=chosen)
    assert stocked.document.queries == chosen
    assert "Sent to the queries: 2." in stocked.notice
    assert stocked.search().count("✓ Query") == 2
    stocked.undo()
    assert not stocked.document.queries
    assert "✓ Query" not in stocked.search()


def test_pictures_become_support_of_a_new_class_named_by_the_sentence(stocked: Searcher) -> None:
    stocked.find("  blue   sky ")
    assert "new class “blue sky”" in stocked.html_of_search
    stocked.edit("send_to_support", pictures=[stocked.sha("b1.png")], name="  blue   sky ")
    assert [(row.name, len(row.pictures)) for row in stocked.document.rows()] == [("blue sky", 1)]
    stocked.edit("send_to_support", pictures=[stocked.sha("b2.png")], name="Blue sky")
    assert [(row.name, len(row.pictures)) for row in stocked.document.rows()] == [("blue sky", 2)]
    stocked.undo()
    stocked.undo()
    assert stocked.document.is_empty()


def test_pictures_become_support_of_a_chosen_class(stocked: Searcher) -> None:
    first, second = stocked.document.classes
    stocked.edits(("rename", {"key": first.key, "name": "warm"}), ("rename", {"key": second.key, "name": "cold"}))
    stocked.edit("send_to_support", pictures=[stocked.sha("b1.png")], key=second.key)
    assert stocked.document.row(second.key).pictures == [stocked.sha("b1.png")]  # type: ignore[union-attr]
    assert "support set of “cold”: 1" in stocked.notice
    assert f'<option value="{second.key}">cold</option>' in stocked.search()


def test_without_a_sentence_a_new_class_has_no_name_yet(stocked: Searcher) -> None:
    stocked.edit("send_to_support", pictures=[stocked.sha("b1.png")])
    assert "support set of “Class 1”: 1" in stocked.notice
    stocked.edit("send_to_support", pictures=[stocked.sha("r1.png")])
    assert [len(row.pictures) for row in stocked.document.classes] == [1, 1]
    assert "✓" in stocked.search()


def test_pictures_of_saved_episodes_are_searched_with_their_class(stocked: Searcher, paint: Paint) -> None:
    first, second = stocked.document.classes
    stocked.edits(("rename", {"key": first.key, "name": "warm"}), ("rename", {"key": second.key, "name": "cold"}))
    stocked.add(first.key, paint("w.png", (240, 0, 0)))
    stocked.add("queries", paint("q.png", (0, 0, 240)))
    stocked.edit("save")
    assert stocked.find("red")[0] == "w.png"
    assert "<em >warm</em>" in stocked.html_of_search
    assert stocked.find("red", only="class:warm") == ["w.png"]
    tiles = stocked.find("red", only="unlabelled")
    assert "q.png" in tiles and "w.png" not in tiles
    assert "Nothing to show. Choose another class" in stocked.search(sentence="red", only="class:of an earlier day")


def test_pictures_added_after_a_search_are_announced(stocked: Searcher, paint: Paint, space: ColourSpace) -> None:
    stocked.find("red")
    stocked.add("collection", paint("r3.png", (255, 0, 0)))
    shown = stocked.search(sentence="red")
    assert "r3.png" not in stocked.names
    assert "added since: 1" in shown
    stocked.job("index")
    assert "added since" not in stocked.search(sentence="red")
    assert stocked.names[0] == "r3.png"
    assert space.embedded.count("r1.png") == 1


def test_pictures_that_cannot_be_read_are_named(searcher: Searcher, uploads: Path, paint: Paint) -> None:
    empty = uploads / "empty.png"
    empty.touch()
    searcher.add("collection", empty, paint("fine.png", (1, 2, 3)))
    assert "empty.png" in searcher.notice
    searcher.search()
    assert searcher.names == ["fine.png"]


def test_added_pictures_can_be_taken_out_and_put_back(stocked: Searcher) -> None:
    out = [stocked.sha("r1.png"), stocked.sha("b1.png")]
    stocked.edit("take_out", pictures=out)
    assert "Taken out of the search: 2" in stocked.search(taken_out=2)
    assert sorted(stocked.names) == ["b2.png", "r2.png"]
    stocked.edit("add_to_collection", pictures=out)
    assert "Taken out" not in stocked.search()
    assert sorted(stocked.names) == sorted(REDS | BLUES)


def test_all_taken_out_can_still_be_put_back(stocked: Searcher) -> None:
    stocked.edit("take_out", pictures=[stocked.sha(name) for name in REDS | BLUES])
    shown = stocked.search(taken_out=4)
    assert "No pictures to search yet" in shown
    assert 'data-action="put-back"' in shown


def test_pictures_of_episodes_stay_when_taken_out(stocked: Searcher, paint: Paint) -> None:
    stocked.edit("send_to_support", pictures=[stocked.sha("r1.png")])
    stocked.add(stocked.document.classes[1].key, paint("c.png", (0, 200, 0)))
    first, second = stocked.document.classes
    stocked.edits(("rename", {"key": first.key, "name": "a"}), ("rename", {"key": second.key, "name": "b"}))
    stocked.edit("save")
    stocked.edit("take_out", pictures=[stocked.sha("r1.png"), stocked.sha("b1.png")])
    assert "stay in the search: 1" in stocked.notice
    stocked.search()
    assert "r1.png" in stocked.names and "b1.png" not in stocked.names


def test_more(stocked: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PAGE", 2)
    assert stocked.find("red") == ["r1.png", "r2.png"]
    assert "More (2)" in stocked.html_of_search
    assert len(stocked.find("red", pages=2)) == 4
    assert "More (" not in stocked.html_of_search


def test_stop_keeps_what_is_searchable(stocked: Searcher, space: ColourSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = space.embed

    def embed_and_stop(*arguments: Any) -> Any:
        for job in stocked.page.jobs.of(stocked.draft):
            stocked.page.jobs.stop(stocked.draft, job.id)
        return inner(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(space, "embed", embed_and_stop)
        assert stocked.job("index")["state"] == "stopped"
    assert sorted(stocked.find()) == sorted(REDS | BLUES)
    assert stocked.find("red")[0] == "r1.png"


def test_a_model_that_cannot_be_loaded_says_why(
    stocked: Searcher, space: ColourSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise UserError("weights_missing", name="Colours")

    with monkeypatch.context() as patch:
        patch.setattr(space, "embed", missing)
        stocked.find("red")
        assert "The weights of Colours are not installed" in stocked.notice
    assert stocked.find("red")[0] == "r1.png"


def test_a_menu_of_models_searches_again(stocked: Searcher) -> None:
    other: Any = SearchingColour("prototype", ColourSpace("other", "Other colours"))
    stocked.page.registry.methods["prototype"] = other
    stocked.find("red", method="asif")
    assert 'value="asif" selected' in stocked.html_of_search
    assert not other.joint.embedded
    assert stocked.find("red", method="prototype")[0] == "r1.png"
    assert 'value="prototype" selected' in stocked.html_of_search
    assert len(other.joint.embedded) == 4
    stocked.find("red", method="a method that is gone")
    assert 'value="prototype" selected' in stocked.html_of_search


def test_a_picture_that_is_gone_is_said(stocked: Searcher) -> None:
    assert stocked.panel("search_results", like="0" * 64) == ""
    assert "has no picture" in stocked.notice


def test_the_tab_in_chinese(searching_page: Page, stocked: Searcher) -> None:
    chinese = Searcher(searching_page, "tab-zh", "zh-TW")
    assert "最新的在前" in chinese.search()
    chinese.find("貓")
    assert "不認得這種文字" in chinese.notice


def test_where_draws_the_best_region_of_each_picture(
    searching_page: Page, searcher: Searcher, uploads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searcher.search(sentence="red", where=True)
    assert "search.where" not in searcher.html_of_search and 'data-action="where"' not in searcher.html_of_search
    searching_page.registry.methods["located"] = Located()
    scenes = {
        "left.png": (("red", (0.0, 0.25, 0.25, 0.75)), ("blue", (0.5, 0.5, 1.0, 1.0))),
        "right.png": (("red", (0.5, 0.0, 1.0, 0.5)),),
        "none.png": (),
    }
    for seed, (name, patches) in enumerate(scenes.items()):
        scene(*patches, seed=seed).save(uploads / name)
    searcher.add("collection", *(uploads / name for name in scenes))
    searcher.find("red", where=True)
    (unplaced,) = re.findall('data-unplaced="([^"]+)"', searcher.html_of_search)
    assert set(unplaced.split()) == {searcher.sha(name) for name in scenes}
    assert searcher.job("find_places", sentence="red", pictures=unplaced.split())["state"] == "done"
    shown = searcher.search(sentence="red", where=True)
    assert "data-unplaced" not in shown and searcher.names[-1] == "none.png"
    assert shown.count('<svg class="place"') == 2
    assert '<rect x="0.0" y="24.0" width="24.0" height="48.0"/>' in shown
    assert '<svg class="place"' not in searcher.search(sentence="red")
    assert "data-unplaced" in searcher.search(sentence="blue", where=True)
    monkeypatch.setattr("fsl_demo.services.places.LEAST", 0.95)
    searcher.job("find_places", sentence="green", pictures=unplaced.split())
    nowhere = searcher.search(sentence="green", where=True)
    assert "Nothing like it is in these pictures" in nowhere and 'id="tile-' not in nowhere
    assert 'id="tile-' in searcher.search(sentence="green")
    assert "data-unplaced" not in searcher.search(where=True)


def test_places_cannot_be_found_without_a_method_that_knows(stocked: Searcher) -> None:
    assert stocked.job("find_places", sentence="red", pictures=[]) == {}
    assert stocked.notice == "None of the methods says where on a picture something is."
