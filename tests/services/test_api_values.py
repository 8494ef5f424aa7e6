"""What programs send as JSON."""

from __future__ import annotations

from typing import Any

import pytest

from fsl_demo.core.errors import UserError
from fsl_demo.services import api_values


def test_descriptions_are_texts_or_lists_of_them() -> None:
    given = {"cat": "a cat", "dog": ["a dog", " ", "a puppy "], "owl": [], " emu ": ""}
    described = {"cat": ["a cat"], "dog": ["a dog", "a puppy"], "owl": [], "emu": []}
    assert api_values.descriptions(given) == described
    assert api_values.descriptions(None) == {}


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("cat", "a text"),
        (["cat"], "a list"),
        (3, "a number"),
        (True, "true or false"),
        ({"cat": 3}, "a number"),
        ({"cat": None}, "null"),
        ({"cat": {"text": "a cat"}}, "an object"),
        ({"cat": [["a cat"]]}, "a list with a list in it"),
        ({"cat": ["a cat", 0.5]}, "a list with a number in it"),
    ],
)
def test_descriptions_of_another_kind_are_refused_in_words(given: Any, kind: str) -> None:
    with pytest.raises(UserError) as refused:
        api_values.descriptions(given)
    assert refused.value.code == "descriptions_shape" and str(refused.value).endswith(f"is {kind}.")


def test_boxes_are_lists_of_four_fractions_by_path() -> None:
    given = {"cat/1.jpg": [[0, 0.25, 1, 0.5], [0.1, 0.1, 0.2, 0.2]], "dog/1.jpg": []}
    assert api_values.boxes(given) == {path: [tuple(box) for box in boxes] for path, boxes in given.items()}
    assert api_values.boxes(None) == {}


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ([], "this is a list"),
        ({"a": 3}, "“a” is a number"),
        ({"a": [3]}, "a box of “a” is a number"),
        ({"a": [[0, 0, 1]]}, "a list of 3"),
        ({"a": [[0, 0, 1, "1"]]}, "a list with a text in it"),
        ({"a": [[0, 0, 1, True]]}, "a list with true or false in it"),
        ({"a": [[0, 0, 1, 1.5]]}, "is [0, 0, 1, 1.5]"),
        ({"a": [[0.5, 0, 0.5, 1]]}, "is [0.5, 0, 0.5, 1]"),
        ({"a": [[0, 0, 1, float("nan")]]}, "is [0, 0, 1, nan]"),
    ],
)
def test_boxes_of_another_kind_are_refused_in_words(given: Any, kind: str) -> None:
    with pytest.raises(UserError) as refused:
        api_values.boxes(given)
    assert refused.value.code == "boxes_shape" and str(refused.value).endswith(f"{kind}.")


def test_a_switch_is_true_or_false() -> None:
    assert [api_values.use_region(given) for given in (None, False, True)] == [False, False, True]
    for given, kind in ((1, "a number"), ("true", "a text"), ([True], "a list")):
        with pytest.raises(UserError) as refused:
            api_values.use_region(given)
        assert refused.value.code == "use_region_shape" and str(refused.value).endswith(f"this is {kind}.")


def test_a_class_needs_a_name() -> None:
    with pytest.raises(UserError) as refused:
        api_values.descriptions({"cat": [], " ": []})
    assert (refused.value.code, refused.value.params) == ("class_name_empty", {"position": 2})


@pytest.mark.parametrize("given", ["prototype", 3, {"prototype": True}, [3], [None], [["prototype"]]])
def test_methods_are_named_by_a_list(given: Any) -> None:
    assert api_values.method_names(None) is None
    assert api_values.method_names(["prototype"]) == ["prototype"]
    with pytest.raises(UserError) as refused:
        api_values.method_names(given)
    assert refused.value.code == "names_shape"


def test_a_captioner_is_named_by_a_text() -> None:
    assert [api_values.captioner(value) for value in (None, "gated")] == [None, "gated"]
    with pytest.raises(UserError) as refused:
        api_values.captioner(["gated"])
    assert refused.value.code == "captioner_shape"
