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
