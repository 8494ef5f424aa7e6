"""Where the semantic dictionary looks for a phrase, in a space of two directions."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fsl_demo.core.episodes import quiet
from fsl_demo.inference.dictionary_space import Seen
from fsl_demo.inference.vectors import l2_normalize
from fsl_demo.inference.word_vectors import CHANNELS, RELATIONS
from fsl_demo.methods.semantic_dictionary.grounding import grounded
from tests.backbones.loaded import crops

DOG, CAT = np.eye(2, dtype=np.float32)
ROWS = {"dog": 2 * DOG, "cat": 3 * CAT}


def space(
    boxes: list[tuple[float, ...]], things: list[float], regions: list[np.ndarray], like: np.ndarray = DOG
) -> Any:
    relations = np.zeros((1, 1_000), np.float16)
    relations[0, :2] = like

    def read(texts: list[list[str]], progress: Any) -> np.ndarray:
        vectors = np.zeros((len(texts), CHANNELS), np.float32)
        vectors[:, :2] = [ROWS[text] for (text,) in texts]
        vectors[:, RELATIONS][:, :2] = l2_normalize(vectors[:, :2])
        return vectors

    seen = Seen(
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        objectness=np.array(things, np.float32),
        regions=np.array(regions, np.float32).reshape(-1, 2),
        whole=DOG,
        relations=relations,
    )
    return SimpleNamespace(see=lambda pictures, progress: [seen], read=read, encoded=lambda vectors: vectors[:, :2])


def boxes_of(space: Any, *phrases: str) -> list[list[tuple[float, ...]]]:
    places = grounded(space, picture=crops("cat")[0], phrases=phrases, progress=quiet)
    return [[tuple(np.round(region.box, 2).tolist()) for region in regions] for regions in places]


LEFT, RIGHT, SPOT = (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0), (0.4, 0.4, 0.5, 0.5)


def test_each_phrase_has_all_regions_the_likest_first() -> None:
    assert boxes_of(space([LEFT, RIGHT], [0.5, 0.5], [CAT, DOG]), "dog", "cat") == [[RIGHT, LEFT], [LEFT, RIGHT]]


@pytest.mark.parametrize(("boxes", "things"), [((SPOT, LEFT), (0.5, 0.5)), ((RIGHT, LEFT), (0.2, 0.9))])
def test_of_regions_that_are_as_like_a_large_or_certain_thing_is_meant(
    boxes: tuple[tuple[float, ...], ...], things: tuple[float, ...]
) -> None:
    ((first, _),) = boxes_of(space(list(boxes), list(things), [DOG, DOG]), "dog")
    assert first == LEFT


def test_a_region_has_the_phrase_with_its_probability() -> None:
    ((region,),) = grounded(space([LEFT], [0.5], [DOG]), picture=crops("cat")[0], phrases=["dog"], progress=quiet)
    assert region.words == (("dog", region.score),) and 0.5 < region.score < 1


def test_a_picture_that_is_like_something_else_is_less_likely_to_have_it() -> None:
    def score(like: np.ndarray) -> float:
        seen = space([LEFT], [0.5], [0.2 * DOG], like=like)
        ((region,),) = grounded(seen, picture=crops("cat")[0], phrases=["dog"], progress=quiet)
        return region.score

    assert score(DOG) > score(CAT) + 0.01


def test_a_region_without_an_area_is_left_out_and_none_is_no_fault() -> None:
    assert boxes_of(space([(0.5, 0.5, 0.5, 1.0), LEFT], [0.9, 0.1], [DOG, CAT]), "dog") == [[LEFT]]
    assert boxes_of(space([], [], []), "dog") == [[]]
