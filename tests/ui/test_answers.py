"""Predictions on the page: one answer a query, methods beside it, marks, and what a prediction refuses."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from fsl_demo import methods
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.episodes import Scores
from fsl_demo.core.errors import UserError
from fsl_demo.ui import ranking
from fsl_demo.ui.document import ClassRow, Document, GivenLabel
from fsl_demo.ui.page import Page
from fsl_demo.ui.result import Result
from tests.ui.conftest import Browser, Paint, gated, restarted


def result(method: str, *rows: tuple[float, float], floor: float = 0.0, queries: str = "pqr") -> Result:
    values = np.array(rows, np.float32)
    scores = Scores(method, "-", settings={}, seconds=0.1, similarities=values, probabilities=values, none_below=floor)
    return Result(
        scores,
        ["a", "b"],
        queries=list(queries[: len(rows)]),
        support=["s"],
        device="cpu",
        names=["cat", "dog"],
        descriptions=["", ""],
    )


# --- one answer ----------------------------------------------------------------------------------------------------


def test_the_answer_is_the_geometric_mean_of_the_methods() -> None:
    first = result("one", (0.9, 0.1), (0.6, 0.4), (0.2, 0.8))
    two = result("two", (0.8, 0.2), (0.1, 0.9), (0.4, 0.6))
    answers = ranking.answers([first, two])
    assert [(answers[query].key, answers[query].differs) for query in "pqr"] == [
        ("a", False),
        ("b", True),
        ("b", False),
    ]
    assert [round(answers[query].probability, 3) for query in "pqr"] == [0.857, 0.71, 0.71]
    assert answers["q"].methods == {
        "one": ([("a", pytest.approx(0.6)), ("b", pytest.approx(0.4))], False),
        "two": ([("b", pytest.approx(0.9)), ("a", pytest.approx(0.1))], False),
    }


def test_unlike_stands_beside_the_answer_and_never_in_its_place() -> None:
    first, two = result("one", (0.9, 0.1), floor=0.95), result("two", (0.8, 0.2), floor=0.75)
    assert ranking.answers([first])["p"].unlike and ranking.answers([first])["p"].key == "a"
    assert not ranking.answers([first, result("two", (0.95, 0.05), floor=0.5)])["p"].unlike  # both, on average, don't
    three = ranking.answers([first, two, result("three", (0.8, 0.2), floor=0.9)])["p"]
    assert three.unlike and three.key == "a"
    assert [unlike for _, unlike in three.methods.values()] == [True, False, True]


def test_where_nobody_can_tell_the_row_says_so() -> None:
    document, nobody = Document(classes=[ClassRow("cat", "", key="a")], queries=["p"]), float("nan")
    answers = ranking.answers([result("one", (0.9, 0.1), floor=nobody)])
    assert answers["p"].unlike is None
    row = ranking.rows(document, answers, names={}, captions={})["p"]
    assert row["untold"] == 1 and "unlike" not in row
    answers = ranking.answers([result("one", (0.9, 0.1), floor=nobody), result("two", (0.9, 0.1), floor=0.5)])
    assert answers["p"].unlike is False and "untold" not in ranking.rows(document, answers, names={}, captions={})["p"]


def test_queries_that_only_some_methods_have_scored_are_answered_by_those() -> None:
    first = result("one", (0.9, 0.1), (0.6, 0.4))
    two = result("two", (0.2, 0.8), queries="q")
    answers = ranking.answers([first, two])
    assert answers["p"].methods.keys() == {"one"} and answers["q"].methods.keys() == {"one", "two"}
    assert answers["q"].key == "b"
    assert ranking.answers([]) == {}


def test_a_row_holds_what_the_page_needs_and_nothing_that_does_not_hold() -> None:
    document = Document(
        classes=[ClassRow("cat", "", pictures=["p"], key="a"), ClassRow("dog", "", pictures=["s"], key="b")],
        queries=["p", "z"],
    )
    answers = ranking.answers([result("one", (0.4, 0.6), floor=0.7), result("two", (0.75, 0.25), floor=0.8)])
    document.labels["z"] = GivenLabel("b", "", "blind")
    rows = json.loads(
        json.dumps(ranking.rows(document, answers, names={"p": "p.png"}, captions={"z": ("a cat", True)}))
    )
    assert rows["p"] == {
        "sha": "p",
        "name": "p.png",
        "answer": "a",
        "p": 0.5858,
        "methods": {"one": [[["b", 0.6], ["a", 0.4]], 1], "two": [[["a", 0.75], ["b", 0.25]], 1]},
        "unlike": 1,
        "differs": 1,
        "support": "a",
    }
    assert rows["z"] == {"sha": "z", "name": "", "label": "b", "source": "blind", "caption": "a cat", "doubtful": 1}


def test_an_answer_of_a_removed_class_is_not_shown(filled: Browser) -> None:
    filled.predict()
    first, second = (row.key for row in filled.document.classes)
    filled.edit("remove_class", key=first)
    q1, q2, _ = filled.document.queries
    assert "answer" not in filled.row(q1) and filled.row(q2)["answer"] == second
    filled.undo()
    assert filled.row(q1)["answer"] == first


# --- on the page ---------------------------------------------------------------------------------------------------


def test_an_empty_page_says_how_to_start(browser: Browser) -> None:
    assert "Which class is each picture?" in browser.parts["examples"]
    assert "No prediction yet" in browser.parts["results-state"]
    assert browser.parts["data:label"] == {"labelled": 0, "saved": False} and browser.order == []


@pytest.mark.slow
def test_predict_fills_every_tab(filled: Browser) -> None:
    shown = filled.predict()
    assert (shown["state"], shown["kind"], shown["title"]) == ("done", "predict", "Predict")
    assert filled.answers == ["red", "blue", "red"]
    assert [column["id"] for column in filled.parts["data:columns"]] == ["prototype", "asif"]
    assert filled.parts["data:columns"][0]["plain"] == "Nearest average"
    row = filled.row(filled.document.queries[0])
    assert row["name"] == "q1.png" and row["methods"].keys() == {"prototype", "asif"} and "differs" not in row
    details = filled.panel("details", query=filled.document.queries[0])
    assert "Why “red”? (Prototype)" in details and details.count('class="heat"') == 2
    assert '"matrix"' in filled.panel("plots", method="asif")
    assert "No prediction yet" not in filled.html and "<details id=" in filled.parts["plots"]


def test_details_of_another_class_method_and_pair(filled: Browser) -> None:
    filled.predict()
    query, (first, second) = filled.document.queries[1], filled.document.classes
    assert "Why “blue”? (Prototype)" in filled.panel("details", query=query)
    shown = filled.panel("details", query=query, method="asif", class_key=first.key, pair=second.pictures[1])
    assert "Why “red”? (Asif)" in shown and "b2.png" in shown
    assert "Most similar support pictures" in shown
    assert "Why “" not in filled.panel("details", query=first.pictures[0])  # it has not been scored
    assert filled.panel("details", query="0" * 64) == "" and "has no picture" in filled.notice


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("red", "Red "), "Two classes are called"),
        (("red", ""), "Class 2 has no name"),
        (("x" * 10_000, "blue"), "10000 characters"),
    ],
)
def test_bad_names_are_refused_and_nothing_is_lost(filled: Browser, names: tuple[str, str], message: str) -> None:
    for row, name in zip(filled.document.classes, names, strict=True):
        filled.edit("rename", key=row.key, name=name)
    assert filled.predict() == {}
    assert message in filled.notice
    assert [len(row.pictures) for row in filled.document.classes] == [2, 2]
    assert not filled.document.results


def test_no_queries_and_one_class(browser: Browser, paint: Paint) -> None:
    first, second = browser.document.classes
    browser.edit("rename", key=first.key, name="red")
    browser.predict()
    assert "One class is not a choice" in browser.notice
    browser.edit("rename", key=second.key, name="blue")
    browser.predict()
    assert "There is no query yet" in browser.notice
    browser.add("queries", paint("q.png", (9, 9, 9)))
    assert browser.predict()["state"] == "failed"
    assert "has no pictures" in browser.notice


def test_no_method_ticked(filled: Browser) -> None:
    for method in ("prototype", "asif"):
        filled.edit("tick_method", method=method, ticked=False)
    assert filled.document.methods == []
    filled.predict()
    assert "No method is chosen" in filled.notice
    assert "Back to the proposed ones" in filled.parts["methods"]
    filled.edit("propose_methods")
    assert filled.document.methods is None and filled.predict()["state"] == "done"


def test_markup_in_names_stays_text(filled: Browser) -> None:
    key = filled.document.classes[0].key
    evil = "<img src=x onerror=alert(1)>${1+1}"
    filled.edit("set_title", title=evil)
    filled.edit("rename", key=key, name=evil)
    filled.predict()
    filled.label(filled.document.queries[0], key, key)
    filled.edit("redescribe", key=key, description=evil)
    filled.predict()
    filled.edit("save")
    everything = [filled.html, filled.panel("details", query=filled.document.queries[0]), filled.panel("episodes")]
    for html in everything:
        assert "<img src=x" not in html and "&lt;img src=x" in html
    assert "<img src=x" not in filled.panel("search_results")
    filled.open("new")
    assert "<img src=x" not in filled.panel("episodes") + filled.html


def test_the_unlike_slider_and_back_to_automatic(filled: Browser) -> None:
    query = filled.document.queries[0]
    filled.edit("set_setting", method="prototype", name="none_below", value="1.0")
    filled.edit("set_setting", method="asif", name="none_below", value="1.0")
    filled.predict()
    assert filled.row(query)["unlike"] == 1 and filled.answers == ["red", "blue", "red"]
    assert "lower than 1.00" in filled.panel("details", query=query)
    filled.edit("set_setting", method="prototype", name="none_below", value="")
    assert filled.document.outdated and filled.document.settings == {"asif": {"none_below": 1.0}}
    filled.predict()
    assert [unlike for _, unlike in filled.row(query)["methods"].values()] == [0, 1]
    filled.edit("set_setting", method="asif", name="none_below", value="0")
    filled.predict()
    assert "unlike" not in filled.row(query)


def test_more_queries_than_one_batch_are_all_answered(filled: Browser, paint: Paint) -> None:
    filled.add("queries", *(paint(f"more{i}.png", (i * 6, 0, 255 - i * 6)) for i in range(40)))
    filled.predict()
    assert len(filled.order) == 43 and all("answer" in row for row in filled.rows.values())
    assert all(column["scored"] == 43 for column in filled.parts["data:columns"])


def test_queries_added_after_a_prediction_have_no_answer_yet(filled: Browser, paint: Paint) -> None:
    filled.predict()
    filled.add("queries", paint("late.png", (1, 2, 3)))
    late = filled.document.queries[-1]
    assert "answer" not in filled.row(late) and not filled.document.outdated
    assert "Added after the prediction" in filled.panel("details", query=late)


# --- while it runs -------------------------------------------------------------------------------------------------


def test_answers_come_in_batches_while_the_job_runs_and_stop_keeps_them(filled: Browser, paint: Paint) -> None:
    filled.add("queries", *(paint(f"more{i}.png", (200, i, i)) for i in range(20)))
    slow = filled.page.registry.methods["prototype"]
    with gated(slow, batch=2) as gate:
        job = filled.start("predict")
        assert job is not None and slow.at_gate.wait(30)
        filled.look()
        first, last = filled.document.queries[0], filled.document.queries[-1]
        assert filled.row(first)["answer"] and "answer" not in filled.row(last)
        assert [column["scored"] for column in filled.parts["data:columns"]] == [16, 16]
        filled.label(first, filled.row(first)["answer"], filled.row(first)["answer"])  # nobody has to wait for the rest
        filled.page.jobs.stop(filled.draft, job.id)
        gate.set()
        assert filled.ended(job)["state"] == "stopped"
    assert len(filled.document.results[0].queries) == 16 and len(filled.document.labels) == 1
    again = restarted(filled)
    assert "answer" in again.row(first) and "answer" not in again.row(last)


def test_an_edit_during_a_prediction_makes_its_results_outdated(filled: Browser) -> None:
    method = filled.page.registry.methods["prototype"]
    with gated(method) as gate:
        job = filled.start("predict")
        assert job is not None and method.at_gate.wait(30)
        first = filled.document.classes[0]
        filled.edit("remove_picture", source=first.key, sha=first.pictures[0])
        gate.set()
        filled.ended(job)
    assert filled.document.results and filled.document.outdated
    assert "has changed since the last prediction" in filled.parts["results-state"]


def test_a_method_that_cannot_answer_is_named_and_the_others_answer(filled: Browser) -> None:
    filled.edit("set_setting", method="asif", name="none_below", value="0.3")
    method: Any = filled.page.registry.methods["asif"]
    method.fit = _refuses
    assert filled.predict()["state"] == "done"
    assert "The weights of asif are not installed" in filled.notice
    assert [result.scores.method for result in filled.document.results] == ["prototype"]
    method = filled.page.registry.methods["prototype"]
    method.fit = _refuses
    assert filled.predict()["state"] == "failed"
    assert filled.notice.count("not installed") == 2
    assert filled.answers == ["red", "blue", "red"]  # what was there stays


def _refuses(*_: object) -> None:
    raise UserError("weights_missing", name="asif")


def test_predicting_again_stops_the_earlier_one_which_then_changes_nothing(filled: Browser, paint: Paint) -> None:
    filled.add("queries", *(paint(f"more{i}.png", (200, i, i)) for i in range(20)))
    method: Any = filled.page.registry.methods["prototype"]
    inner, over = method.fit, []
    with gated(method, batch=2) as gate:
        earlier = filled.start("predict")
        assert earlier is not None and method.at_gate.wait(30)
        filled.edit("remove_queries", queries=filled.document.queries[:1])
        method.fit = lambda *arguments: over.append(earlier.state) or inner(*arguments)
        later = filled.start("predict")
        assert later is not None and earlier.is_stopped
        gate.set()
        assert filled.ended(later)["state"] == "done"
    assert over == ["stopped"]  # it has waited for the earlier one, which would have written over it
    assert all(result.queries == filled.document.queries for result in filled.document.results)


# --- with the real methods -----------------------------------------------------------------------------------------


def test_a_query_that_joins_the_support_set_embeds_nothing_anew(filled: Browser, page: Page) -> None:
    features = FeatureCache(page.workspace)
    built = methods.build(Networks(features))
    page.registry.methods.clear()
    page.registry.methods.update(built)
    filled.open_draft.proposals.clear()
    page.refresh(filled.open_draft)
    filled.look()
    assert {"prototype", "asif", "compact-vlm", "can"} <= set(filled.parts["data:proposed"])
    page.registry.methods.clear()
    page.registry.methods["prototype"] = built["prototype"]
    filled.open_draft.proposals.clear()
    assert filled.predict()["state"] == "done", filled.notice
    embedded = features.embedded["efficientnet_lite0"]
    assert embedded == 7
    first, query = filled.document.classes[0], filled.document.queries[0]
    filled.label(query, first.key)
    filled.edit("join_support", query=query)
    filled.predict()
    assert filled.document.results[0].queries == filled.document.queries
    assert features.embedded["efficientnet_lite0"] == embedded
