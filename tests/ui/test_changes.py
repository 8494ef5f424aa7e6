"""What moved since the last prediction: computed, shown, kept with the draft."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from fsl_demo.episodes import Scores
from fsl_demo.store import Workspace
from fsl_demo.ui import changes
from fsl_demo.ui.changes import Edit
from fsl_demo.ui.document import NONE, Document, Result
from fsl_demo.ui.page import Page
from tests.ui.conftest import Browser, Colour
from tests.worded import Worded


def result(*rows: tuple[float, float], none_below: float = 0.0, **more: object) -> Result:
    values = np.array(rows, np.float32)
    scores = Scores("clip", "-", {"templates": None}, 0.1, values, values, none_below, values)
    plain = Result(scores, ["a", "b"], ["p", "q", "r"][: len(rows)], ["s"], "cpu", ["cat", "dog"], ["", ""])
    return dataclasses.replace(plain, **more)  # type: ignore[arg-type]


BEFORE = result((0.9, 0.1), (0.6, 0.4), (0.2, 0.8))


def test_changed_answers_come_first_then_the_largest_shifts() -> None:
    found = changes.moves(BEFORE, result((0.5, 0.5), (0.45, 0.55), (0.196, 0.804)))
    assert [(move.query, move.before, move.after) for move in found] == [("q", "a", "b"), ("p", "a", "a")]
    assert found[0].shifts == pytest.approx({"a": -0.15, "b": 0.15}, abs=1e-6)
    assert found[1].shifts == pytest.approx({"a": -0.4}, abs=1e-6)


def test_an_answer_that_became_none_of_these_counts_without_a_shift() -> None:
    found = changes.moves(BEFORE, result((0.9, 0.1), (0.6, 0.4), (0.2, 0.8), none_below=0.7))
    assert [(move.query, move.before, move.after, move.size) for move in found] == [("q", "a", NONE, 0.0)]


def test_nothing_moved() -> None:
    assert changes.moves(BEFORE, BEFORE) == [] and changes.edits(BEFORE, BEFORE) == []


@pytest.mark.parametrize(
    "other",
    [
        dataclasses.replace(BEFORE, queries=["p", "r", "q"]),
        dataclasses.replace(BEFORE, classes=["b", "a"]),
        dataclasses.replace(BEFORE, scores=dataclasses.replace(BEFORE.scores, method="asif")),
    ],
)
def test_only_the_same_method_classes_and_queries_are_compared(other: Result) -> None:
    assert changes.kept([BEFORE], [other]) == []
    kept = changes.kept([BEFORE], [other, BEFORE])
    assert [one.queries for one in kept] == [BEFORE.queries] and kept[0].scores.pairs is None


def test_what_was_changed() -> None:
    scores = dataclasses.replace(BEFORE.scores, settings={"templates": "a {}"})
    after = dataclasses.replace(
        BEFORE, scores=scores, names=["cat", "wolf"], descriptions=["furry", ""], support=["s", "t"]
    )
    assert changes.edits(BEFORE, after) == [
        Edit("name", "b", "dog", "wolf"),
        Edit("description", "a", "", "furry"),
        Edit("templates", "clip", None, "a {}"),
        Edit("support", "", 1, 2),
    ]


# --- on the page ---------------------------------------------------------------------------------------------------


@pytest.fixture
def page(tmp_path: Path) -> Page:
    built = Page(Workspace(tmp_path / "workspace"), {"prototype": Colour(), "clip": Worded()})
    built.build()
    return built


def shown(browser: Browser) -> str:
    """The panel of the Results tab."""
    _, _, found = browser.shown[browser.page.results].partition('class="moved"')
    return found.partition("</section>")[0]


def describe(browser: Browser, text: str) -> None:
    browser.predict(**{f"description:{browser.document.classes[0].key}": text})


def test_a_description_is_changed_and_changed_back(filled: Browser) -> None:
    for row in filled.document.classes:
        del row.pictures[1:]
    filled.predict()
    assert not shown(filled)
    describe(filled, "green\na <i>green</i> one")
    panel = shown(filled)
    assert "<b>red</b> · description: <ins>green</ins> <ins>a &lt;i&gt;green&lt;/i&gt; one</ins>" in panel
    assert "Prototype: no answer changed" in panel
    assert panel.count("<h4>") == 1 and "<h4>Worded <small>0 of 3 answers changed" in panel
    assert panel.count('class="signed down"') == panel.count("<li><img") == 2
    describe(filled, "green")
    assert "<del>a &lt;i&gt;green&lt;/i&gt; one</del>" in shown(filled) and "<ins>" not in shown(filled)
    filled.predict()
    assert "Nothing was changed" in shown(filled) and "Prototype, Worded: no answer changed" in shown(filled)


def test_templates_are_compared_line_by_line(filled: Browser) -> None:
    filled.predict()
    filled.predict(**{"set:clip.templates": "a photo of the large {}.\na {} green"})
    panel = shown(filled)
    assert "<b>Worded</b> · Prompt templates:" in panel
    assert "<ins>a {} green</ins>" in panel and panel.count("<del>") == 6


def test_settings_and_support_pictures_are_told_apart(filled: Browser) -> None:
    filled.predict()
    filled.board("fields", field="set:clip.pictures", fields={"set:clip.pictures": "0.3"})
    filled.predict()
    assert "Weight of pictures against text: <del>automatic</del> <ins>0.30</ins>" in shown(filled)
    first = filled.document.classes[0]
    filled.board("remove", sha=first.pictures[0], **{"from": first.key})
    filled.predict()
    assert "Support pictures changed: 4 before, 3 now." in shown(filled)


def test_changed_answers_are_shown_with_both_names(filled: Browser) -> None:
    for row in filled.document.classes:
        row.pictures.clear()
    filled.predict(**{"method:prototype": False})
    first, second = filled.document.classes
    filled.predict(**{f"name:{first.key}": "azure", f"description:{first.key}": "blue"})
    filled.predict(**{f"name:{first.key}": "red", f"name:{second.key}": "green", f"description:{first.key}": ""})
    assert "<del>azure</del> <ins>red</ins>" in shown(filled)
    filled.predict(**{f"name:{first.key}": "green ", f"name:{second.key}": "red"})
    panel = shown(filled)
    assert "answers changed" in panel and "<s>green</s> → <b>red</b>" in panel


def test_other_queries_or_classes_are_not_compared(filled: Browser) -> None:
    filled.predict()
    filled.board("remove", sha=filled.document.queries[0], **{"from": "queries"})
    describe(filled, "green")
    assert not shown(filled) and not filled.document.previous


def test_it_outlives_a_refresh_and_undo_but_is_not_saved_or_cleared_into(filled: Browser, page: Page) -> None:
    filled.predict()
    describe(filled, "green")
    again = Document.from_json(json.loads(json.dumps(filled.document.to_json())))
    assert again.to_json() == filled.document.to_json() and again.previous[0].scores.pairs is None
    page.desk._tabs.clear()
    panel = shown(filled)
    filled.take(page.on_load(filled.draft, "", filled.request))
    assert shown(filled) == panel
    first = filled.document.classes[0]
    filled.board("remove", sha=first.pictures[0], **{"from": first.key})
    filled.board("undo")
    assert filled.document.classes[0].description == "green" and shown(filled) == panel
    filled.predict()
    filled.act(page.on_label, "save")
    reopened = Document.from_labelled(page.workspace.episode(filled.document.episode_id))
    assert not reopened.previous and reopened.results[0].descriptions == ["green", ""]
    filled.board("clear")
    assert not filled.document.previous


def test_drafts_from_before_still_open(filled: Browser) -> None:
    filled.predict()
    data = filled.document.to_json()
    del data["previous"]
    for one in data["results"]:
        del one["names"], one["descriptions"]
    document = Document.from_json(data)
    assert document.previous == [] and document.results[0].names == []
