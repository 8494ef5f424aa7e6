"""The board: what is newer than what a page has, and how little that is on a large episode."""

from __future__ import annotations

import hashlib
import json
import threading

import numpy as np
import pytest

from fsl_demo.core.episodes import Scores
from fsl_demo.ui.board import Board
from fsl_demo.ui.document import ClassRow, Document, GivenLabel
from fsl_demo.ui.page import Page
from fsl_demo.ui.result import Result
from tests.ui.conftest import Browser, Colour

QUERIES, CLASSES, METHODS = 1_000, 20, ("prototype", "asif", "third")
LARGEST = 30_000
"""Bytes of the answer to an edit."""


def test_a_page_gets_what_changed_and_nothing_else() -> None:
    board = Board()
    board.put_parts({"a": "one", "b": "two", "data:c": {"n": 1}})
    board.replace_rows({"p": {"x": 1}, "q": {"x": 2}}, ["p", "q"])
    first = board.since("")
    assert first["whole"] and set(first["parts"]) == {"a", "b", "data:c"} and first["order"] == ["p", "q"]
    at = first["at"]
    assert board.since(at) == {"at": at, "since": at, "whole": False, "parts": {}, "rows": {}}
    board.put_parts({"a": "one", "b": "three", "data:c": {"n": 1}})
    board.replace_rows({"p": {"x": 1}, "q": {"x": 3}}, ["p", "q"])
    second = board.since(first["at"])
    assert second["parts"] == {"b": "three"} and second["rows"] == {"q": {"x": 3}} and "order" not in second
    board.put_parts({"data:c": {"n": 2}})
    assert board.since(second["at"])["parts"] == {"data:c": {"n": 2}}
    assert set(board.since(first["at"])["parts"]) == {"b", "data:c"}


def test_what_is_gone_is_not_told_again_and_the_order_says_which_rows_are_left() -> None:
    board = Board()
    board.replace_parts({"a": "one", "class:1": "cat"})
    board.replace_rows({"p": {}, "q": {}}, ["p", "q"])
    at = board.at
    board.replace_parts({"a": "one"})
    board.replace_rows({"q": {}}, ["q"])
    changes = board.since(at)
    assert changes["order"] == ["q"] and not changes["rows"] and not changes["parts"]
    assert set(board.since("")["parts"]) == {"a"} and set(board.since("")["rows"]) == {"q"}


@pytest.mark.parametrize("at", ["", "nonsense", "00000000:3", ":", "1"])
def test_a_page_of_another_time_gets_everything(at: str) -> None:
    board = Board()
    board.put_parts({"a": "one"})
    assert board.since(at)["whole"] and board.since(at)["parts"] == {"a": "one"}


def test_the_later_of_two_versions() -> None:
    board = Board()
    board.put_parts({"a": "one"})
    first = board.at
    board.put_parts({"a": "two"})
    assert board.newest(first, board.at) == board.newest(board.at, first) == board.at
    assert board.newest("", first) == first and board.newest("other:99", first) == first


def test_readers_never_miss_what_is_put_meanwhile() -> None:
    board, seen, done = Board(), dict[str, int](), threading.Event()

    def put() -> None:
        for n in range(500):
            board.put_parts({f"data:{n % 7}": n})
        done.set()

    thread = threading.Thread(target=put)
    thread.start()
    at, last = "", False
    while not last:
        last = done.is_set()
        changes = board.since(at)
        at = changes["at"]
        seen |= changes["parts"]
    thread.join()
    assert seen == board.since("")["parts"]


# --- a large episode -----------------------------------------------------------------------------------------------


def sha(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


@pytest.fixture(scope="module")
def scores() -> list[Scores]:
    """Query n is of class n modulo 20, which the methods find out for most."""
    made = []
    for seed, method in enumerate(METHODS):
        values = np.random.default_rng(seed).normal(size=(QUERIES, CLASSES)).astype(np.float32)
        values[np.arange(QUERIES), np.arange(QUERIES) % CLASSES] += 3
        powers = np.exp(2 * values)
        made.append(
            Scores(
                method,
                "-",
                settings={},
                seconds=1.0,
                similarities=values,
                probabilities=powers / powers.sum(axis=1, keepdims=True),
                none_below=-1.0,
            )
        )
    return made


@pytest.fixture
def large(page: Page, scores: list[Scores]) -> Browser:
    """Twenty classes of five pictures, a thousand queries, three methods; every ninth query is labelled."""
    page.registry.methods["third"] = Colour("third")
    rows = [
        ClassRow(f"class number {n}", "a photo of a thing", [sha(f"s{n}-{i}") for i in range(5)])
        for n in range(CLASSES)
    ]
    queries = [sha(f"q{n}") for n in range(QUERIES)]
    keys, support = [row.key for row in rows], [picture for row in rows for picture in row.pictures]
    names = [row.name for row in rows]
    document = Document(classes=rows, queries=queries, paths={query: [f"DSC_{query[:4]}.jpg"] for query in queries})
    document.results = [
        Result(result, keys, queries=queries, support=support, device="cpu", names=names, descriptions=[""] * CLASSES)
        for result in scores
    ]
    document.labels = {query: GivenLabel(keys[n % CLASSES]) for n, query in enumerate(queries) if n % 9 == 0}
    document.scored = document.evidence()
    draft = page.drafts.start(document)
    draft._names = {picture: f"IMG_{picture[:6]}.jpg" for picture in [*queries, *support]}
    return Browser(page, draft=draft.id)


def test_answers_to_edits_are_small_on_a_large_episode(large: Browser) -> None:
    first, second, *_ = large.document.classes
    query = large.document.queries[500]
    assert large.row(query)["methods"].keys() == set(METHODS) and len(large.order) == QUERIES
    sizes = {}
    for type, values in (
        ("tick_method", {"method": "asif", "ticked": False}),
        ("undo", {}),
        ("rename", {"key": first.key, "name": "another name"}),
        ("undo", {}),
        ("label", {"query": query, "answer": second.key, "suggestion": first.key}),
        ("undo", {}),
        ("set_title", {"title": "A title"}),
        ("undo", {}),
    ):
        answer = large.edit(type, **values)
        assert not answer["whole"] and not answer["notices"]
        sizes[f"{type} {len(sizes)}"] = len(json.dumps(answer, ensure_ascii=False).encode())
    assert max(sizes.values()) <= LARGEST, sizes


def test_a_label_sends_one_row(large: Browser) -> None:
    query = large.document.queries[501]
    answer = large.label(query, large.document.classes[2].key)
    assert list(answer["rows"]) == [query[:16]] and "order" not in answer
    assert not [part for part in answer["parts"] if part.startswith("class:") or part == "methods"]


@pytest.mark.slow
def test_an_edit_tells_other_tabs_as_little(large: Browser) -> None:
    other = Browser(large.page, "tab-2", draft=large.draft)
    large.edit("rename", key=large.document.classes[0].key, name="another name")
    changes = large.page.board(large.open_draft, large.language).since(other.at)
    assert not changes["rows"] and len(json.dumps(changes)) <= LARGEST
