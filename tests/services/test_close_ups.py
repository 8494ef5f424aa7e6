"""The best region of a picture in place of the whole: what a method is handed, and what it explains laid back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fsl_demo.core.episodes import Box, ClassSpec, Episode, Example, Explanation, Focus, Layer, quiet
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.core.registry import Registry
from fsl_demo.services.close_ups import MARGIN, WHOLE, close_up, compares, on_regions
from fsl_demo.services.fitted import Fits
from fsl_demo.services.predict import Plan
from fsl_demo.services.region_check import region_check
from tests.browser.hued import Fitted, Hued
from tests.located import Located, PatchDetector, scene

CORNERS: tuple[Box, ...] = ((0.0, 0.0, 0.25, 0.25), (0.5, 0.25, 0.75, 0.5), (0.25, 0.5, 0.5, 0.75))


class Watching(Hued):
    """`Hued` that remembers what it was handed."""

    handed: Sequence[Picture] = ()
    focus: Focus | None = None

    def fit(self, episode: Episode, settings: Any, progress: Any = quiet) -> Any:
        self.handed = [example.picture for example in episode.support]
        fitted = super().fit(episode, settings, progress)
        fitted.__class__ = WatchingFit
        return fitted


class WatchingFit(Fitted):
    method: Watching

    def explain(self, query: Picture, class_index: int, focus: Focus | None = None) -> Explanation:
        self.method.focus = focus
        values = np.zeros((2, 2), np.float32)
        layers = (Layer(query, "query", values, seen=(0.0, 0.0, 0.5, 1.0)), Layer(self.method.handed[0], "support"))
        return Explanation("hued", class_index, layers)


def picture(colour: str, place: int, seed: int) -> Picture:
    return from_image(scene((colour, CORNERS[place]), seed=seed, side=192), f"{colour}-{seed}.png")


@pytest.fixture
def method(tmp_path: Path) -> Watching:
    return Watching("prototype", "Prototype", tmp_path / "hold")


@pytest.fixture
def registry(method: Watching) -> Registry:
    return Registry([method, Located()], detectors=[PatchDetector()])


@pytest.fixture
def episode() -> Episode:
    support = [Example(picture(colour, n, 10 * c + n), c) for c, colour in enumerate(("red", "blue")) for n in range(3)]
    return Episode((ClassSpec("red"), ClassSpec("blue")), tuple(support), (picture("blue", 1, 99),))


def test_a_close_up_is_the_box_with_a_margin() -> None:
    whole = picture("red", 1, 0)
    near = close_up(whole, CORNERS[1])
    side = 0.25 * (1 + 2 * MARGIN)
    assert near.picture.width == near.picture.height == pytest.approx(192 * side, abs=1)
    assert near.picture.image().size == (near.picture.width, near.picture.height)
    assert near.picture.sha256 != whole.sha256 and near.picture == close_up(whole, CORNERS[1]).picture
    assert near.box == pytest.approx((0.475, 0.225, 0.775, 0.525), abs=0.005)
    assert near.outwards(WHOLE) == near.box
    assert near.inwards((0.625, 0.375)) == pytest.approx((0.5, 0.5), abs=0.02)
    assert near.inwards((0.0, 1.0)) == (0.0, 1.0)
    for box in (None, (0.0, 0.0, 1.0, 0.9)):  # nearly all of it
        assert close_up(whole, box).picture is whole and close_up(whole, box).box == WHOLE


def test_the_smallest_box_is_still_a_picture() -> None:
    thin = close_up(picture("red", 1, 0), (0.5, 0.5, 0.5001, 0.5001)).picture
    assert thin.width >= 1 and thin.height >= 1 and thin.image().size == (thin.width, thin.height)


def test_a_method_is_handed_what_was_drawn_or_else_what_was_found(
    registry: Registry, method: Watching, episode: Episode
) -> None:
    wrapped = on_regions(registry, method)
    assert wrapped is on_regions(registry, method) and wrapped.card is method.card
    assert on_regions(registry, registry.method("located")) is registry.method("located")  # it looks at regions itself
    drawn = replace(episode.support[0], boxes=((0.0, 0.0, 0.1, 0.1), (0.5, 0.5, 1.0, 1.0)))
    wrapped.fit(replace(episode, support=(drawn, *episode.support[1:])), method.Settings())
    assert method.handed[0] == close_up(drawn.picture, (0.5, 0.5, 1.0, 1.0)).picture  # the larger one
    assert method.handed[1] == close_up(episode.support[1].picture, CORNERS[1]).picture
    assert compares(method) and not compares(registry.method("located"))


def test_regions_tell_apart_what_whole_pictures_do_not(registry: Registry, method: Watching, episode: Episode) -> None:
    whole = Fits()(method, episode, method.Settings()).predict(episode.queries)
    near = Fits()(on_regions(registry, method), episode, method.Settings()).predict(episode.queries)
    assert near.best(0) == 1 and near.probabilities[0, 1] > 0.99 > whole.probabilities[0, 1]
    assert near.note == {"region": True} and "region" not in whole.note


def test_what_is_explained_is_laid_back_over_the_whole(registry: Registry, method: Watching, episode: Episode) -> None:
    fitted = on_regions(registry, method).fit(episode, method.Settings())
    (query,) = episode.queries
    support = episode.support[0].picture
    query_layer, support_layer = fitted.explain(query, 1, Focus(support=support, point=(0.625, 0.375))).layers
    left, top, right, bottom = close_up(query, CORNERS[1]).box
    assert query_layer.picture is query and support_layer.picture == support
    assert query_layer.seen == pytest.approx((left, top, (left + right) / 2, bottom))
    assert support_layer.seen == close_up(support, CORNERS[0]).box
    assert method.focus is not None and method.focus.support == method.handed[0]
    assert method.focus.point == pytest.approx((0.5, 0.5), abs=0.02)
    fitted.explain(query, 1)
    assert method.focus is None


def test_leave_one_out_says_whether_it_helps(registry: Registry, method: Watching, episode: Episode) -> None:
    """Small things on backgrounds that lead astray."""
    examples = []
    for number, example in enumerate(episode.support):
        pixels = np.asarray(example.picture.image()).astype(int)
        grey = np.ptp(pixels, axis=2) < 40
        pixels[grey] += np.array([35, 0, -35]) * (-1) ** number
        examples.append(replace(example, picture=painted(pixels, number)))
    told: list[tuple[int, int]] = []
    check = region_check(
        registry,
        Plan(method, method.Settings()),
        episode=replace(episode, support=tuple(examples)),
        progress=lambda stage, done, total: told.append((done, total)),
    )
    assert check.region == 1.0 > check.whole and check.gap.mean == pytest.approx(1.0 - check.whole)
    assert (check.method, check.pictures) == ("prototype", 6) and check.tells == (check.gap.low > 0)
    assert told[0] == (0, 12) and told[-1] == (12, 12) and told == sorted(told)


def painted(pixels: np.ndarray, number: int) -> Picture:
    return from_image(Image.fromarray(pixels.clip(0, 255).astype(np.uint8)), f"{number}.png")
