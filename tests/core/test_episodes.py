"""The vocabulary: class names, whole and half-made episodes, scores that make sense, errors in words."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fsl_demo.core.episodes import (
    MAX_DESCRIPTION,
    MAX_NAME,
    ClassSpec,
    Episode,
    Example,
    Scores,
    class_key,
    combine,
    in_latin_script,
    join,
    ordered_unique,
)
from fsl_demo.core.errors import MESSAGES, UserError
from fsl_demo.core.pictures import Picture, from_image


def picture(grey: int) -> Picture:
    return from_image(Image.new("RGB", (4, 4), (grey, grey, grey)), f"{grey}.png")


def scores(**changes: Any) -> Scores:
    """Three queries, two classes: the first class, the second class, the first but unlike its examples."""
    values = {
        "method": "m",
        "checkpoint": "",
        "settings": {},
        "seconds": 0.0,
        "similarities": np.array([[0.9, 0.1], [0.2, 0.6], [0.3, 0.2]], np.float32),
        "probabilities": np.array([[0.8, 0.2], [0.1, 0.9], [0.6, 0.4]], np.float32),
        "none_below": 0.5,
    }
    return Scores(**(values | changes))


def refusal(*classes: ClassSpec) -> UserError:
    with pytest.raises(UserError) as caught:
        Episode(classes).check()
    return caught.value


@pytest.mark.parametrize(
    ("first", "other"), [("Cat", " cat "), ("red  fox", "Red\tFox"), ("Straße", "STRASSE"), ("ﬁn", "fin"), ("１", "1")]
)
def test_names_that_people_take_for_the_same_class_are_the_same(first: str, other: str) -> None:
    assert class_key(first) == class_key(other)
    assert refusal(ClassSpec(first), ClassSpec("dog"), ClassSpec(other)).code == "class_name_twice"


@pytest.mark.parametrize(
    ("text", "latin"),
    [
        ("a cat", True),
        ("Ærø, 2 o'clock", True),
        ("猫", False),
        ("кот", False),
        ("cat 猫", False),
        ("123", False),
        ("", False),
    ],
)
def test_what_a_text_model_that_reads_english_can_take(text: str, latin: bool) -> None:
    assert in_latin_script(text) is latin


def test_a_half_made_episode_can_be_held_and_says_what_it_lacks() -> None:
    assert Episode(()).shots() == []
    assert refusal().code == "one_class"
    assert refusal(ClassSpec("cat")).code == "one_class"
    empty = refusal(ClassSpec("cat"), ClassSpec(" \t"))
    assert (empty.code, empty.params) == ("class_name_empty", {"position": 2})


def test_shots_are_counted_for_each_class() -> None:
    support = tuple(Example(picture(number), index) for number, index in enumerate([0, 2, 2]))
    episode = Episode((ClassSpec("a"), ClassSpec("b"), ClassSpec("c")), support)
    episode.check()
    assert episode.shots() == [1, 0, 2]


def test_boxes_are_drawn_on_a_support_picture() -> None:
    box = (0.1, 0.2, 0.5, 0.75)
    assert Example(picture(1), 0, (box,)).boxes == (box,) and Example(picture(1), 0).boxes == ()
    for wrong in [(0.5, 0.0, 0.5, 1.0), (0.0, 0.0, 1.1, 1.0), (0.0, float("nan"), 1.0, 1.0)]:
        with pytest.raises(ValueError, match="box"):
            Example(picture(1), 0, (box, wrong))


def test_texts_have_limits() -> None:
    fine = ClassSpec("a" * MAX_NAME, ("b" * MAX_DESCRIPTION,))
    Episode((fine, ClassSpec("other"))).check()
    long_name = refusal(ClassSpec("a" * (MAX_NAME + 1)), ClassSpec("other"))
    assert (long_name.code, long_name.params["length"]) == ("class_name_long", MAX_NAME + 1)
    assert len(str(long_name)) < 100
    assert refusal(ClassSpec("a", ("b" * (MAX_DESCRIPTION + 1),)), ClassSpec("c")).code == "description_long"


def test_the_answer_is_the_best_class_and_unlike_is_a_mark_beside_it() -> None:
    result = scores()
    assert [result.best(query) for query in range(3)] == [0, 1, 0]
    assert [result.unlike(query) for query in range(3)] == [False, False, True]
    assert not any(scores(none_below=float("nan")).unlike(query) for query in range(3))


def test_several_methods_give_one_answer() -> None:
    """The weighted geometric mean of the probabilities, and the mean of the margins in log-odds."""
    other = scores(probabilities=np.array([[0.1, 0.9], [0.3, 0.7], [0.8, 0.2]], np.float32))
    combined = combine([scores(), other])
    pooled = np.sqrt([[0.8 * 0.1, 0.2 * 0.9], [0.1 * 0.3, 0.9 * 0.7], [0.6 * 0.8, 0.4 * 0.2]])
    np.testing.assert_allclose(combined.probabilities, pooled / pooled.sum(axis=1, keepdims=True), atol=1e-6)
    assert [combined.best(query) for query in range(3)] == [1, 1, 0]


def softened(similarities: list[list[float]], temperature: float, none_below: float) -> Scores:
    """A method whose probabilities are the softmax of its similarities."""
    values = np.array(similarities, np.float32)
    weights = np.exp(temperature * values)
    return scores(
        similarities=values, probabilities=weights / weights.sum(axis=1, keepdims=True), none_below=none_below
    )


def test_methods_are_heard_on_one_scale_when_a_query_is_unlike_the_examples() -> None:
    cosines = softened([[0.7, 0.1], [0.2, 0.6], [0.25, 0.2]], temperature=20.0, none_below=0.4)
    np.testing.assert_allclose(cosines.likeness, [6, 4, -3], atol=1e-4)
    coarse = softened([[70.0, 10.0], [20.0, 60.0], [25.0, 20.0]], temperature=0.2, none_below=40.0)
    np.testing.assert_allclose(coarse.likeness, cosines.likeness, atol=1e-4)
    both = combine([cosines, coarse])
    np.testing.assert_allclose(both.likeness, cosines.likeness, atol=1e-4)
    assert [both.unlike(query) for query in range(3)] == [False, False, True]
    np.testing.assert_allclose(cosines.part(1, 2).likeness, cosines.likeness[1:2], atol=1e-4)


def test_who_cannot_tell_is_not_heard_and_nobody_says_so() -> None:
    telling, silent = (softened([[0.7, 0.1], [0.25, 0.2]], 20.0, below) for below in (0.4, float("nan")))
    assert [silent.unlike(query) for query in range(2)] == [None, None]
    assert [combine([telling, silent]).unlike(query) for query in range(2)] == [False, True]
    assert [combine([silent, silent]).unlike(query) for query in range(2)] == [None, None]


def test_scores_of_batches_are_joined_to_what_one_call_gives() -> None:
    whole = scores(pairs=np.arange(6, dtype=np.float32).reshape(3, 2), seconds=3.0)
    joined = join([replace(whole.part(query, query + 1), seconds=1.0) for query in range(3)])
    for name in ("similarities", "probabilities", "pairs"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))
    assert (joined.method, joined.seconds, joined.none_below) == ("m", 3.0, 0.5)
    assert join([scores(none_below=float("nan"))] * 2).pairs is None
    for other in (scores(method="n"), scores(checkpoint="c"), scores(none_below=0.4)):
        with pytest.raises(ValueError):
            join([scores(), other])


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"similarities": np.zeros((3, 2))}, "finite float32"),
        ({"similarities": np.zeros(3, np.float32)}, "finite float32"),
        ({"similarities": np.full((3, 2), np.nan, np.float32)}, "finite float32"),
        ({"similarities": np.zeros((3, 4), np.float32)}, r"\(3, 4\) similarities"),
        ({"probabilities": np.full((3, 2), 0.3, np.float32)}, "sum to 1"),
        ({"pairs": np.zeros((2, 5), np.float32)}, "pairs"),
    ],
)
def test_scores_that_make_no_sense_cannot_be_made(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        scores(**changes)


def test_repeats_are_dropped_in_order() -> None:
    assert ordered_unique([picture(2), picture(1), picture(2)]) == [picture(2), picture(1)]


def test_errors_have_codes_from_the_catalogue() -> None:
    with pytest.raises(KeyError):
        UserError("no_such_code")


@pytest.mark.parametrize("code", MESSAGES)
def test_every_message_is_a_sentence_that_its_parameters_fill(code: str) -> None:
    fields = {field: layout for _, field, layout, _ in string.Formatter().parse(MESSAGES[code]) if field}
    numbers = {"megabytes", "megapixels", "limit", "length", "count", "position", "number", "line"}
    params = {field: 7 if layout or field in numbers else "this" for field, layout in fields.items()}
    text = str(UserError(code, **params))
    assert re.search(r"([.!?]|\{reason\})$", MESSAGES[code])
    assert "{" not in text
