"""Pictures ranked by sentences and by each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.core.registry import Registry
from fsl_demo.inference.phrases import MAX_SENTENCE, sentence_vector
from fsl_demo.services.search import best, matcher, reranked, spaces
from fsl_demo.services.vector_index import Match
from fsl_demo.store import Workspace
from tests.colours import ColourSpace, painted
from tests.nearest import Matching, Nearest, Searching

COLOURS = {"r1": (220, 10, 10), "r2": (200, 90, 60), "g1": (10, 220, 10), "b1": (10, 10, 220), "b2": (60, 90, 200)}


@pytest.fixture
def space() -> ColourSpace:
    return ColourSpace()


@pytest.fixture(scope="module")
def pictures() -> list[Picture]:
    return [from_image(painted(rgb, seed), name) for seed, (name, rgb) in enumerate(COLOURS.items())]


def test_the_best_pictures_of_a_workspace(space: ColourSpace, pictures: list[Picture], tmp_path: Path) -> None:
    workspace, registry = Workspace(tmp_path), Registry([Searching("colours", space)])
    with pytest.raises(UserError) as error:
        best(registry, workspace, sentence="red", top=2)
    assert error.value.code == "no_collection"
    workspace.add_to_collection(pictures)
    ranked = best(registry, workspace, sentence="red", top=2)
    assert [workspace.picture(sha256).name for sha256 in ranked] == ["r1", "r2"]


@pytest.mark.parametrize(
    ("sentence", "code"),
    [("", "search_empty"), (" \n ", "search_empty"), ("red " * 2_500, "search_long"), ("雪地裡的狗", "search_script")],
)
def test_what_cannot_be_searched_for(space: ColourSpace, sentence: str, code: str) -> None:
    with pytest.raises(UserError) as caught:
        sentence_vector(space, sentence)
    assert caught.value.code == code


def test_the_longest_sentence_is_searched_for(space: ColourSpace) -> None:
    assert sentence_vector(space, "red " * (MAX_SENTENCE // 4)).tolist() == [1, 0, 0]


def test_each_space_of_the_methods_once() -> None:
    first, same, other = ColourSpace("one"), ColourSpace("one"), ColourSpace("other")
    searching = [Searching(name, space) for name, space in (("a", first), ("b", same), ("c", other))]
    assert spaces(Registry([Nearest("plain"), *searching])) == {"a": first, "c": other}


class Matcher:
    """Says how well a picture matches by its name, and orders by that alone; `asked` are the names it looked at."""

    title, top = "Matcher", 10

    def __init__(self, order: str) -> None:
        self.order, self.asked = order, [""]

    def reads(self, text: str) -> bool:
        return text.isascii()

    def match(self, pictures: list[Picture], sentences: list[str], progress: object) -> np.ndarray:
        self.asked = [picture.name for picture in pictures]
        assert sentences == ["a b"]
        return np.array([[-self.order.index(picture.name)] for picture in pictures], np.float32)

    def blended(self, similarities: np.ndarray, matches: np.ndarray) -> np.ndarray:
        return matches


def test_the_first_ten_come_in_a_new_order_with_their_similarities_and_the_rest_stays() -> None:
    names = "abcdefghijkl"
    pictures = {name: from_image(painted((20 * n, 0, 0), n), name) for n, name in enumerate(names)}
    matches = [Match(name, 1 - number / 100) for number, name in enumerate(names)]
    model: Any = Matcher(names[::-1])
    ranked = reranked(model, " a  b", matches=matches, pictures=pictures)
    assert "".join(picture.sha256 for picture in ranked) == "jihgfedcbakl"
    assert set(ranked) == set(matches) and model.asked == list(names[:10])
    with pytest.raises(UserError) as refused:
        reranked(model, "雪", matches=matches, pictures=pictures)
    assert refused.value.code == "search_script"


def test_the_matcher_is_that_of_the_first_method_that_has_one() -> None:
    first, second = Matching("one", "first"), Matching("two", "second")
    assert matcher(Registry([Nearest("none"), first, second])) == "first"
    with pytest.raises(UserError):
        matcher(Registry([Nearest("none")]))
