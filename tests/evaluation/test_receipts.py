"""Receipts: the same episodes before and after, and what is said of the difference."""

from __future__ import annotations

from dataclasses import replace
from math import comb

import numpy as np
import pytest

from fsl_demo.core.collections import FrozenCollection
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.evaluation import receipts
from fsl_demo.evaluation.intervals import Interval
from fsl_demo.evaluation.receipts import Answer, Asked, asked_pictures, comparison, frozen_sampling, mcnemar
from tests.colours import painted
from tests.frozen import frozen


def pictures(count: int, hue: int) -> list[Picture]:
    return [from_image(painted((hue, n, 7), n, 8), f"{hue} {n}.png") for n in range(count)]


def asked(was_right: list[bool], is_right: list[bool], times: int = 1) -> list[Asked]:
    """A picture for each pair, which is asked so many times."""
    return [
        Asked(
            episode=episode,
            query=number,
            picture=picture,
            classes=("a", "b"),
            truth=0,
            before=Answer(0 if before else 1, 0.8, None),
            after=Answer(0 if after else 1, 0.8, None),
        )
        for episode in range(times)
        for number, (picture, before, after) in enumerate(
            zip(pictures(len(was_right), 3), was_right, is_right, strict=True)
        )
    ]


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (5, 1), (9, 9), (3, 17)])
def test_mcnemar_is_the_exact_binomial_test(gained: int, lost: int) -> None:
    before = np.array([False] * gained + [True] * lost + [True, False])
    after = np.array([True] * gained + [False] * lost + [True, False])
    counted = mcnemar(before, after)
    changed = gained + lost
    chances = [comb(changed, k) / 2**changed for k in range(changed + 1)]
    expected = sum(chance for chance in chances if chance <= chances[gained] + 1e-12)
    assert (counted.gained, counted.lost) == (gained, lost) and counted.p == pytest.approx(expected)


def test_the_verdict_is_better_or_worse_only_where_the_interval_leaves_no_doubt() -> None:
    wrong, right = [False] * 12, [True] * 12
    assert comparison(asked(wrong, right)).verdict == "better"
    assert comparison(asked(right, wrong)).verdict == "worse"
    assert comparison(asked(right, right)).verdict == "unchanged"
    mixed = [True] * 6 + [False] * 6
    assert comparison(asked(mixed, mixed[::-1])).verdict == "unclear"


def test_so_many_more_pictures_tell_four_times_out_of_five_if_the_difference_is_as_it_seems() -> None:
    pictures, chances = 20, (0.25, 0.15)
    mean, error = 0.1, np.sqrt((0.4 - 0.1**2) / 20)
    made = replace(
        comparison(asked([True] * 6 + [False] * 6, [False] * 6 + [True] * 6)),
        pictures=pictures,
        difference=Interval(mean, mean - 1.96 * error, mean + 1.96 * error),
    )
    assert made.verdict == "unclear" and made.more_pictures is not None
    random = np.random.default_rng(0)
    total = pictures + made.more_pictures
    drawn = random.choice([1, -1, 0], (4_000, total), p=[*chances, 1 - sum(chances)])
    told = drawn.mean(axis=1) > 1.96 * drawn.std(axis=1) / np.sqrt(total)
    assert told.mean() == pytest.approx(0.8, abs=0.03)


def test_where_something_is_known_or_nothing_differs_no_number_of_pictures_is_named() -> None:
    wrong, right = [False] * 12, [True] * 12
    mixed = [True] * 6 + [False] * 6
    assert comparison(asked(wrong, right)).more_pictures is None
    level = comparison(asked(mixed, mixed[::-1]))
    assert level.difference.mean == 0 and level.more_pictures is None
    slight = replace(level, difference=Interval(1e-4, -0.2, 0.2))
    assert slight.verdict == "unclear" and slight.more_pictures is None


def test_asking_the_same_few_pictures_again_and_again_makes_nothing_sure() -> None:
    few = receipts.FEWEST - 1
    assert comparison(asked([False] * few, [True] * few, times=50)).verdict == "few"
    before, after = [True] * 11 + [False], [True] * 12
    once, often = comparison(asked(before, after)), comparison(asked(before, after, times=50))
    assert often.pictures == once.pictures == 12 and often.answers == 600
    assert often.verdict == once.verdict == "unclear"
    assert often.difference.high == pytest.approx(once.difference.high)


def test_figures_by_class_and_calibration() -> None:
    rows = asked([True, False, False], [True, True, False])
    rows[2] = replace(rows[2], truth=1, before=Answer(1, 0.8, True), after=Answer(0, 0.8, True))
    figures = comparison(rows)
    assert (figures.accuracy.before, figures.accuracy.after) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    by_name = {each.name: (each.pictures, each.accuracy.before, each.accuracy.after) for each in figures.classes}
    assert by_name == {"a": (2, 0.5, 1.0), "b": (1, 1.0, 0.0)}
    assert figures.calibration.before == pytest.approx(0.8 - 2 / 3)
    assert (figures.mcnemar.gained, figures.mcnemar.lost) == (1, 1)


@pytest.fixture
def collection() -> FrozenCollection:
    return frozen({name: pictures(20, hue) for hue, name in enumerate("abcdefg")}, (10, 4, 6))


def test_the_episodes_of_a_frozen_version_are_always_the_same(collection: FrozenCollection) -> None:
    sampling = frozen_sampling(collection)
    assert sampling is not None and (sampling.way, sampling.shot, sampling.queries) == (5, 1, 5)
    assert sampling == frozen_sampling(replace(collection, pictures=collection.pictures[::-1]))
    assert sampling.seed != (frozen_sampling(replace(collection, digest="0" * 64)) or sampling).seed
    tested = {frozen.picture for frozen in collection.part("test")}
    drawn = {
        picture
        for episode in sampling.sampler(asked_pictures(collection)).draw(sampling.episodes)
        for members in (*episode.support, *episode.queries)
        for picture in members
    }
    assert drawn <= tested and len(drawn) > 0.9 * len(tested)


def test_of_near_duplicates_one_is_asked(collection: FrozenCollection) -> None:
    groups = {picture: collection.part("test")[0].group for picture in collection.part("test")[:6]}
    alike = tuple(replace(each, group=groups.get(each, each.group)) for each in collection.pictures)
    left = asked_pictures(replace(collection, pictures=alike))
    assert "a" not in left and [len(members) for members in left.values()] == [6] * 6


def test_without_two_classes_of_two_pictures_there_are_no_episodes() -> None:
    assert frozen_sampling(frozen({name: pictures(5, hue) for hue, name in enumerate("abc")}, (2, 2, 1))) is None
    assert frozen_sampling(frozen({"a": pictures(9, 1)}, (2, 2, 5))) is None
