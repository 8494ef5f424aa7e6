"""What moved since the last prediction: computed, shown, kept with the draft."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from fsl_demo.core.episodes import Scores
from fsl_demo.store import Workspace
from fsl_demo.ui import changes
from fsl_demo.ui.changes import EvidenceChange
from fsl_demo.ui.page import Page
from fsl_demo.ui.result import Result
from fsl_demo.ui.saved_episode import from_episode
from tests.ui.conftest import Browser, Colour, Paint, Registry, restarted
from tests.worded import Worded


def result(*rows: tuple[float, float], none_below: float = 0.0, **more: object) -> Result:
    values = np.array(rows, np.float32)
    scores = Scores(
        "clip",
        "-",
        settings={"templates": None},
        seconds=0.1,
        similarities=values,
        probabilities=values,
        none_below=none_below,
        pairs=values,
    )
    plain = Result(
        scores,
        ["a", "b"],
        queries=["p", "q", "r"][: len(rows)],
        support=["s"],
        device="cpu",
        names=["cat", "dog"],
        descriptions=["", ""],
    )
    return dataclasses.replace(plain, **more)  # type: ignore[arg-type]


BEFORE = result((0.9, 0.1), (0.6, 0.4), (0.2, 0.8))


def test_changed_answers_come_first_then_the_largest_shifts() -> None:
    moves = changes.moves(BEFORE, result((0.5, 0.5), (0.45, 0.55), (0.196, 0.804)))
    assert [(move.query, move.before, move.after) for move in moves] == [("q", "a", "b"), ("p", "a", "a")]
    assert moves[0].shifts == pytest.approx({"a": -0.15, "b": 0.15}, abs=1e-6)
    assert moves[1].shifts == pytest.approx({"a": -0.4}, abs=1e-6)


def test_a_query_that_became_unlike_the_examples_has_not_moved() -> None:
    """The mark stands beside the answer, which is the same."""
    assert changes.moves(BEFORE, result((0.9, 0.1), (0.6, 0.4), (0.2, 0.8), none_below=0.7)) == []


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
    assert [run.queries for run in kept] == [BEFORE.queries] and kept[0].scores.pairs is None


def test_what_was_changed() -> None:
    scores = dataclasses.replace(BEFORE.scores, settings={"templates": "a {}"})
    after = dataclasses.replace(
        BEFORE, scores=scores, names=["cat", "wolf"], descriptions=["furry", ""], support=["s", "t"]
    )
    assert changes.edits(BEFORE, after) == [
        EvidenceChange("name", "b", before="dog", after="wolf"),
        EvidenceChange("description", "a", before="", after="furry"),
        EvidenceChange("templates", "clip", before=None, after="a {}", setting=True),
        EvidenceChange("support", "", before=1, after=2),
    ]


# --- on the page ---------------------------------------------------------------------------------------------------


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return Page(Workspace(tmp_path / "workspace"), Registry([Colour(), Worded()]))


@pytest.fixture
def filled(filled: Browser) -> Browser:
    """Both methods are ticked."""
    filled.edit("tick_method", method="clip", ticked=True)
    assert filled.document.methods == ["prototype", "clip"]
    return filled


def shown(browser: Browser) -> str:
    """The panel of the Results tab."""
    return browser.parts["moved"]


def remove_pictures(browser: Browser, kept: int) -> None:
    for row in browser.document.classes:
        for sha in row.pictures[kept:]:
            browser.edit("remove_picture", source=row.key, sha=sha)


def describe(browser: Browser, text: str) -> None:
    browser.edit("redescribe", key=browser.document.classes[0].key, description=text)
    browser.predict()


def test_a_description_is_changed_and_changed_back(filled: Browser) -> None:
    remove_pictures(filled, 1)
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
    templates = "a photo of the large {}.\na {} green"
    filled.edit("set_setting", method="clip", name="templates", value=templates)
    filled.predict()
    panel = shown(filled)
    assert "<b>Worded</b> · Prompt templates:" in panel
    assert "<ins>a {} green</ins>" in panel and panel.count("<del>") == 6


def test_settings_and_support_pictures_are_told_apart(filled: Browser) -> None:
    filled.predict()
    filled.edit("set_setting", method="clip", name="pictures", value="0.3")
    filled.predict()
    assert "Weight of pictures against text: <del>automatic</del> <ins>0.30</ins>" in shown(filled)
    first = filled.document.classes[0]
    filled.edit("remove_picture", sha=first.pictures[0], source=first.key)
    filled.predict()
    assert "Support pictures changed: 4 before, 3 now." in shown(filled)


def test_changed_answers_are_shown_with_both_names(filled: Browser) -> None:
    remove_pictures(filled, 0)
    filled.edit("tick_method", method="prototype", ticked=False)
    first, second = (row.key for row in filled.document.classes)
    filled.edits(("rename", {"key": first, "name": "azure"}), ("redescribe", {"key": first, "description": "blue"}))
    filled.predict()
    filled.edits(
        ("rename", {"key": first, "name": "red"}),
        ("rename", {"key": second, "name": "green"}),
        ("redescribe", {"key": first, "description": ""}),
    )
    filled.predict()
    assert "<del>azure</del> <ins>red</ins>" in shown(filled)
    filled.edits(("rename", {"key": first, "name": "green "}), ("rename", {"key": second, "name": "red"}))
    filled.predict()
    panel = shown(filled)
    assert "answers changed" in panel and "<s>green</s> → <b>red</b>" in panel


def test_other_queries_or_classes_are_not_compared(filled: Browser) -> None:
    filled.predict()
    filled.edit("remove_queries", queries=filled.document.queries[:1])
    describe(filled, "green")
    assert not shown(filled) and not filled.document.previous


def test_it_outlives_a_restart_and_undo_but_is_not_saved(filled: Browser, page: Page) -> None:
    filled.predict()
    describe(filled, "green")
    assert filled.document.previous[0].scores.pairs is None
    panel, again = shown(filled), restarted(filled)
    assert shown(again) == panel and json.dumps(again.document.results_json()) == json.dumps(
        filled.document.results_json()
    )
    first = filled.document.classes[0]
    filled.edit("remove_picture", sha=first.pictures[0], source=first.key)
    filled.undo()
    assert filled.document.classes[0].description == "green" and shown(filled) == panel
    filled.predict()
    filled.edit("save")
    reopened = from_episode(page.workspace.episode(filled.document.episode_id))
    assert not reopened.previous and reopened.results[0].descriptions == ["green", ""]


@pytest.mark.slow
def test_queries_beyond_the_first_are_folded_and_the_rest_is_counted(filled: Browser, paint: Paint) -> None:
    remove_pictures(filled, 1)
    filled.add("queries", *(paint(f"more{n}.png", (180 + n, 20, 20)) for n in range(70)))
    filled.predict()
    describe(filled, "green")
    panel = shown(filled)
    assert '<details id="moved-clip">' in panel and panel.count("<li><img") <= 60
