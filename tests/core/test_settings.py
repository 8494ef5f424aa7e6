"""One place reads what a person sets, wherever it comes from."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from fsl_demo.core.errors import UserError
from fsl_demo.core.settings import (
    Choice,
    Settings,
    choice,
    lines,
    none_below,
    slider,
    text,
    weights,
    whole_number,
)

INSTALLED = ["digits", "faces"]


@dataclass(frozen=True)
class Everything(Settings):
    blend: float | None = slider(None, low=0.0, high=1.0, step=0.05, label="Blend", help="How much.")
    neighbours: int = whole_number(3, low=1, high=20, label="Neighbours")
    variant: str | None = choice(lambda: INSTALLED, help="The kind of pictures.")
    vote: str = choice(("equal", "near"), "equal")
    word: str | None = text(example="cat")
    templates: str | None = lines(("a {}.", "the {}."))
    model: str = weights("ViT-B-32/openai")
    none_below: float | None = none_below()


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("blend", "0.5", 0.5),
        ("blend", 0.5, 0.5),
        ("blend", 1, 1.0),
        ("blend", " 0 ", 0.0),
        ("blend", "1e-1", 0.1),
        ("blend", "", None),
        ("blend", None, None),
        ("neighbours", "5", 5),
        ("neighbours", 5, 5),
        ("neighbours", 5.0, 5),
        ("neighbours", "20", 20),
        ("neighbours", " ", None),
        ("variant", "digits", "digits"),
        ("variant", "", None),
        ("vote", "near", "near"),
        ("word", " red dog ", "red dog"),
        ("word", "", None),
        ("templates", "a {}.\nthe {}.", None),  # the usual ones
        ("templates", " a {}. \n\n the {}.\n", None),
        ("templates", "a drawing of a {}.", "a drawing of a {}."),
        ("templates", "\n\n", None),
        ("model", "ViT-L-14:/a/b.pt", "ViT-L-14:/a/b.pt"),
        ("none_below", "0.33", 0.33),
    ],
)
def test_what_can_be_set(name: str, given: object, value: object) -> None:
    parsed = Everything.parse(name, given)
    assert parsed == value and type(parsed) is type(value)


@pytest.mark.parametrize(
    ("name", "given", "reason"),
    [
        ("blend", "x", "It is a number from 0 to 1."),
        ("blend", "1.01", "It is a number from 0 to 1."),
        ("blend", -0.01, "It is a number from 0 to 1."),
        ("blend", "nan", "It is a number from 0 to 1."),
        ("blend", float("nan"), "It is a number from 0 to 1."),
        ("blend", "inf", "It is a number from 0 to 1."),
        ("blend", float("-inf"), "It is a number from 0 to 1."),
        ("blend", True, "It is a number from 0 to 1."),
        ("blend", [0.5], "It is a number from 0 to 1."),
        ("blend", {"a": 1}, "It is a number from 0 to 1."),
        ("neighbours", "2.7", "It is a whole number from 1 to 20."),
        ("neighbours", 2.7, "It is a whole number from 1 to 20."),
        ("neighbours", "0", "It is a whole number from 1 to 20."),
        ("neighbours", 21, "It is a whole number from 1 to 20."),
        ("neighbours", 10**400, "It is a whole number from 1 to 20."),
        ("neighbours", "1e999", "It is a whole number from 1 to 20."),
        ("neighbours", "nan", "It is a whole number from 1 to 20."),
        ("neighbours", False, "It is a whole number from 1 to 20."),
        ("variant", "birds", "It is one of: digits, faces."),
        ("variant", 3, "It is one of: digits, faces."),
        ("variant", "Digits", "It is one of: digits, faces."),
        ("vote", ["equal"], "It is one of: equal, near."),
        ("word", 7, "It is a text of at most 100000 characters."),
        ("word", "x" * 100_001, "It is a text of at most 100000 characters."),
        ("templates", ["a {}."], "It is a text of at most 100000 characters."),
        ("model", 1, "It is a text of at most 100000 characters."),
        ("other", "1", "There is no such setting. There are: blend, neighbours, "),
    ],
)
def test_what_is_refused_is_refused_in_a_sentence(name: str, given: object, reason: str) -> None:
    with pytest.raises(UserError) as refused:
        Everything.parse(name, given, "knn")
    assert refused.value.code == "setting_bad"
    assert str(refused.value).startswith(f"“knn.{name}” cannot be ") and reason in str(refused.value)
    assert len(str(refused.value)) < 300


def test_choices_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    (variant,) = (control for control in Everything.controls() if control.name == "variant")
    assert isinstance(variant, Choice) and variant.known() == ("digits", "faces")
    monkeypatch.setitem(globals(), "INSTALLED", ["digits", "mine"])
    assert variant.allowed() == "digits, mine" and Everything.parse("variant", "mine") == "mine"
    with pytest.raises(UserError):
        Everything.parse("variant", "faces")


def test_every_control_has_name_default_and_range() -> None:
    told = [(control.name, control.kind, control.default, control.allowed()) for control in Everything.controls()]
    assert told == [
        ("blend", "slider", None, "0 to 1"),
        ("neighbours", "whole_number", 3, "1 to 20, whole"),
        ("variant", "choice", None, "digits, faces"),
        ("vote", "choice", "equal", "equal, near"),
        ("word", "text", None, "text"),
        ("templates", "lines", None, "text"),
        ("model", "weights", "ViT-B-32/openai", "text"),
        ("none_below", "slider", None, "0 to 1"),
    ]


def test_settings_are_read_as_a_whole() -> None:
    assert Everything.read({}) == Everything()
    assert Everything.read({"neighbours": "7", "blend": "", "vote": None}) == Everything(neighbours=7)
    with pytest.raises(UserError, match=r"cannot be 8\.5") as refused:
        Everything.read({"blend": 0.2, "neighbours": 8.5}, "knn")
    assert "knn.neighbours" in str(refused.value)


def test_what_a_record_has_is_kept_and_the_rest_is_named() -> None:
    usable, faults = Everything.split(
        {"neighbours": 7, "variant": "birds", "gone": 1, "blend": float("nan"), "word": ""}, "knn"
    )
    assert usable == {"neighbours": 7}
    assert [str(fault).split(" cannot")[0] for fault in faults] == ["“knn.variant”", "“knn.gone”", "“knn.blend”"]
