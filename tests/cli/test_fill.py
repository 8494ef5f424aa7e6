"""`fill`: words for a blank, as a table and as JSON, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Call

pytestmark = pytest.mark.usefixtures("shared")


def test_words_with_and_without_the_picture(call: Call, queries: Path) -> None:
    picture = queries / "brick 1.png"
    outcome = call("fill", picture, "a man stands by a ___ wall", "--top", "3")
    assert outcome.code == 0 and len(outcome.out.splitlines()) == 4
    document = call("fill", picture, "a man stands by a [MASK] wall", "--top", "3", "--format", "json").json()
    assert set(document) == {"seen", "unseen"}
    for name in document:
        assert len(document[name]) == 3 and set(document[name][0]) == {"word", "seen", "unseen"}
        values = [row[name] for row in document[name]]
        assert values == sorted(values, reverse=True) and 0 < values[0] < 1
    assert outcome.out.splitlines()[1].startswith(document["seen"][0]["word"])


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("a man by a wall", "no blank"),
        ("a ___ by a ___", "2 blanks"),
        ("wall " * 50 + "___", "253 characters"),
        ("牆是 ___ 的", "does not read this script"),
    ],
)
def test_what_cannot_be_filled(call: Call, queries: Path, sentence: str, message: str) -> None:
    outcome = call("fill", queries / "brick 1.png", sentence)
    assert (outcome.code, outcome.out) == (1, "") and message in outcome.err


def test_no_picture(call: Call, tmp_path: Path) -> None:
    assert "cannot be read" in call("fill", tmp_path / "none.png", "a ___").err
    assert call("fill", tmp_path / "none.png").code == 2
