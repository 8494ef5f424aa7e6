"""The semantic dictionary at work: words and pictures as rows, regions, explanations, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fsl_demo.core.episodes import ClassSpec, Episode, Example, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import from_image
from fsl_demo.inference import dictionary_space
from fsl_demo.inference.shares import Shares
from fsl_demo.inference.vectors import l2_normalize
from fsl_demo.methods.semantic_dictionary import SemanticDictionary
from fsl_demo.methods.semantic_dictionary.method import SemanticDictionarySettings
from fsl_demo.methods.semantic_dictionary.rows import RATIO, Known, refined
from tests.dictionary_of_colours import PLACES, Colours, halves
from tests.inference.fake_space import apart

AUTOMATIC = SemanticDictionarySettings()


@pytest.fixture
def method(monkeypatch: pytest.MonkeyPatch) -> SemanticDictionary:
    made: Any = SemanticDictionary.__new__(SemanticDictionary)
    space = Colours()
    made._space, made.originals = lambda: space, apart
    monkeypatch.setattr(dictionary_space, "vocabulary", lambda: ("sky",))
    monkeypatch.setattr("fsl_demo.methods.semantic_dictionary.classifier.unfamiliar", lambda *_: {})
    result: SemanticDictionary = made
    return result


def named(*names: str) -> Episode:
    queries = (halves("red", "red"), halves("red", "lime"), halves("lime", "lime"))
    return Episode(tuple(ClassSpec(name) for name in names), queries=queries)


def test_words_alone_tell_queries_apart(method: SemanticDictionary) -> None:
    task = named("red", "green")
    scores = method.fit(task, AUTOMATIC).predict(task.queries, quiet)
    assert [scores.best(0), scores.best(2)] == [0, 1]
    assert scores.pairs is None and scores.checkpoint == "colours"
    assert abs(scores.probabilities[1, 0] - 0.5) < 0.1 < scores.probabilities[0, 0] - 0.5


def test_regions_say_what_is_where_once(method: SemanticDictionary) -> None:
    task = named("red", "green")
    regions = method.fit(task, AUTOMATIC).regions([task.queries[1]])[0]
    assert [(region.words[0][0], region.box) for region in regions] == [("red", PLACES[0]), ("green", PLACES[2])]
    assert all(region.score == region.words[0][1] for region in regions)
    assert regions[0].score >= regions[1].score > 0.3


def test_each_class_has_boxes_apart_even_where_another_class_keeps_a_box(
    method: SemanticDictionary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second half-picture overlaps the first: it is kept for the class that is surest there, and for no other."""
    likely = np.array([[0.9, 0.2], [0.8, 0.6], [0.1, 0.3]])
    fitted = method.fit(named("red", "green"), AUTOMATIC)
    monkeypatch.setattr(fitted, "_probabilities", lambda seen: likely)
    (regions,) = fitted.regions([halves("red", "lime")])
    placed = [(region.box[0], region.words) for region in regions]
    assert placed == [(0.0, (("red", 0.9),)), (0.0, (("green", 0.6),)), (0.5, (("green", 0.3), ("red", 0.1)))]


def test_what_belongs_to_no_class_is_no_region(method: SemanticDictionary) -> None:
    task = named("red", "green")
    assert method.fit(task, AUTOMATIC).regions([halves("blue", "blue")]) == [()]


def test_words_explain_a_region_by_what_they_add(method: SemanticDictionary) -> None:
    task = named("red", "green")
    explained = method.fit(task, AUTOMATIC).explain_region(halves("red", "blue"), PLACES[2])
    assert explained.words[0][0] == "sky" and explained.neighbours == ()
    explained = method.fit(task, AUTOMATIC).explain_region(halves("red", "blue"), PLACES[0])
    assert explained.words[0][0] == "red" and 0.3 < explained.words[0][1] <= 1


def test_support_pictures_move_a_row_and_boxes_say_what_counts(method: SemanticDictionary) -> None:
    """A picture half of which is the thing says less than a box around the thing."""
    task, picture = named("one", "other"), halves("red", "blue")
    green = Example(halves("lime", "lime"), 1)
    whole = method.fit(replace(task, support=(Example(picture, 0), green)), AUTOMATIC)
    boxed = method.fit(replace(task, support=(Example(picture, 0, (PLACES[0],)), green)), AUTOMATIC)
    queries = [halves("red", "red"), halves("blue", "blue")]
    before, after = (fitted.predict(queries, quiet) for fitted in (whole, boxed))
    assert after.similarities[0, 0] > before.similarities[0, 0]
    assert after.similarities[1, 0] < before.similarities[1, 0]
    near = boxed.explain_region(queries[0], PLACES[0]).neighbours
    assert (near[0].picture, near[0].class_index, near[0].box) == (picture, 0, PLACES[0])
    assert near[0].similarity > 0.99 > near[1].similarity


def test_what_lies_beside_a_box_is_no_example(method: SemanticDictionary) -> None:
    task, picture = named("one", "other"), halves("red", "blue")
    boxed = method.fit(replace(task, support=(Example(picture, 0, (PLACES[0],)),)), AUTOMATIC)
    (elsewhere,) = boxed._elsewhere(quiet)
    np.testing.assert_allclose(elsewhere, boxed.space.embed(picture, np.array(PLACES[2:])), atol=1e-6)
    (regions,) = boxed.regions([picture])
    likely = {region.box: dict(region.words).get("one", 0.0) for region in regions}
    assert likely[PLACES[0]] > likely.get(PLACES[2], 0.0)


def test_a_query_is_unlike_the_examples_only_where_some_were_held_out(method: SemanticDictionary) -> None:
    task, queries = named("red", "green"), [halves("red", "red"), halves("blue", "blue")]
    assert not method.fit(task, AUTOMATIC).predict(queries, quiet).tells
    shades = [
        ((255, 0, 0), 0),
        ((230, 10, 0), 0),
        ((250, 5, 9), 0),
        ((0, 255, 0), 1),
        ((0, 230, 9), 1),
        ((9, 250, 0), 1),
    ]
    support = tuple(Example(from_image(Image.new("RGB", (8, 8), shade), "x.png"), own) for shade, own in shades)
    scores = method.fit(replace(task, support=support), AUTOMATIC).predict(queries, quiet)
    assert [scores.unlike(0), scores.unlike(1)] == [False, True]
    assert method.fit(task, SemanticDictionarySettings(none_below=0.5)).predict(queries, quiet).none_below == 0.5


def test_maps_are_where_the_regions_lie(method: SemanticDictionary) -> None:
    (layer,) = method.fit(named("red", "green"), AUTOMATIC).explain(halves("red", "lime"), 0).layers
    assert layer.map is not None and layer.map.shape == (32, 32)
    assert layer.map[:, :14].mean() > 0.8 > 0.2 > layer.map[:, 18:].mean()
    assert layer.words[0][0] in ("red", "green")


LENGTH = 2.0


def rows_of(texts: np.ndarray, shots: int = 3) -> Known:
    """Pictures about two directions, all of which lie off in a third."""
    random = np.random.default_rng(0)
    owners, background = np.repeat([0, 1], shots), np.eye(8, dtype=np.float32)[7] * 0.3
    vectors = np.eye(2, 8)[owners] + 0.1 * random.standard_normal((2 * shots, 8)) + background
    return known_of(texts, l2_normalize(vectors).astype(np.float32), owners=owners, background=background)


def known_of(texts: np.ndarray, vectors: np.ndarray, owners: np.ndarray, background: np.ndarray) -> Known:
    shares = Shares.of(np.eye(len(owners)), owners=owners, classes=2, limit=np.nan)
    return Known(texts, vectors, owners=owners, shares=shares, background=background, length=LENGTH)


def test_a_row_is_the_ridge_regression_towards_its_text() -> None:
    texts = LENGTH * np.eye(2, 8, k=3).astype(np.float32)
    known = rows_of(texts)
    for number, row in enumerate(known.rows(1.5)):
        total = (known.vectors[known.owners == number] - known.background).sum(0)
        mean = RATIO * LENGTH * total / np.linalg.norm(total)
        np.testing.assert_allclose(row, (3 * mean + 1.5 * texts[number]) / 4.5, atol=1e-5)
    np.testing.assert_allclose(rows_of(np.zeros((2, 8), np.float32)).rows(4.0), known.rows(0.0), atol=1e-5)


def test_held_out_pictures_choose_how_much_a_text_counts() -> None:
    right, wrong = (LENGTH * np.eye(2, 8)[order].astype(np.float32) for order in ([0, 1], [1, 0]))
    assert refined(rows_of(wrong), temperature=40.0).strength < refined(rows_of(right), temperature=40.0).strength
    assert refined(rows_of(right, shots=1), temperature=40.0).strength == 2.0
    assert refined(rows_of(right), temperature=40.0, strength=0.7).strength == 0.7


def test_held_out_codes_are_those_of_rows_without_the_picture() -> None:
    known = rows_of(LENGTH * np.eye(2, 8).astype(np.float32))
    codes = known.held_out(1.0)
    kept = np.arange(6) != 1
    without = known_of(known.texts, known.vectors[kept], owners=known.owners[kept], background=known.background)
    np.testing.assert_allclose(codes[1], dictionary_space.codes(known.vectors[1:2], without.rows(1.0))[0], atol=1e-5)


def test_many_words_and_one_more(method: SemanticDictionary) -> None:
    names = [f"thing {number}" for number in range(499)]
    task = named("red", *names)
    scores = method.fit(task, AUTOMATIC).predict(task.queries, quiet)
    assert scores.probabilities.shape == (3, 500) and scores.best(0) == 0


@pytest.mark.parametrize(("name", "code"), [("犬", "description_script"), ("???", "class_undescribed")])
def test_a_class_that_it_cannot_read_is_refused(method: SemanticDictionary, name: str, code: str) -> None:
    with pytest.raises(UserError) as refused:
        method.fit(named("red", name), AUTOMATIC)
    assert refused.value.code == code
    task = named("red", name)
    method.fit(replace(task, support=(Example(halves("lime", "lime"), 1),)), AUTOMATIC)


@pytest.mark.parametrize("size", [(1, 1), (1, 20_000), (20_000, 1)])
def test_pictures_of_any_shape(method: SemanticDictionary, size: tuple[int, int]) -> None:
    picture = from_image(Image.new("RGB", size, "red"), "thin.png")
    fitted = method.fit(named("red", "green"), AUTOMATIC)
    assert fitted.predict([picture], quiet).best(0) == 0
    assert fitted.explain_region(picture, (0.0, 0.0, 1.0, 1.0)).words[0][0] == "red"


def test_no_queries(method: SemanticDictionary) -> None:
    fitted = method.fit(named("red", "green"), AUTOMATIC)
    assert fitted.predict([], quiet).similarities.shape == (0, 2) and fitted.regions([]) == []
