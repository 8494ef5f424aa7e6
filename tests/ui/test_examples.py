"""The examples are made of real pictures, and no query shares a pixel with a support picture."""

from __future__ import annotations

from collections import defaultdict

import pytest

from fsl_demo.ui import examples
from fsl_demo.ui.document import Document


@pytest.mark.parametrize("recipe", examples.recipes(), ids=lambda recipe: recipe.id)
def test_queries_and_support_are_apart(recipe: examples.ExampleRecipe) -> None:
    support = [reference for entry in recipe.classes for reference in entry["support"]]
    areas = defaultdict(list)
    for reference in support:
        whole, _, part = reference.partition("#")
        areas[whole].append(tuple(map(int, part.split(","))) if part else None)
    for reference in recipe.queries:
        whole, _, part = reference.partition("#")
        for area in areas[whole]:
            assert part and area, reference
            x, y, width, height = map(int, part.split(","))
            left, top, wide, high = area
            assert x + width <= left or left + wide <= x or y + height <= top or top + high <= y


@pytest.mark.parametrize("recipe", [recipe.id for recipe in examples.recipes()])
@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_an_example_is_ready_to_predict(recipe: str, language: str) -> None:
    kept = {}

    def keep(picture: examples.Picture) -> examples.Picture:
        return kept.setdefault(picture.sha256, picture)

    document = examples.build(recipe, language, keep)
    assert isinstance(document, Document)
    episode = document.episode(kept.__getitem__)
    episode.check()
    assert len(episode.queries) >= 4
    assert not {e.picture.sha256 for e in episode.support} & {q.sha256 for q in episode.queries}
    assert len(kept) == len(episode.support) + len(episode.queries)
