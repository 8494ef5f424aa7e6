"""Parts of frozen versions: shares, near-duplicates, what stood somewhere before, and classes with few pictures."""

from __future__ import annotations

from collections import Counter

import pytest

from fsl_demo.core.collections import PARTS, Part
from fsl_demo.core.errors import UserError
from fsl_demo.services.splitting import Shares, Split, split


def alone(classes: dict[str, str]) -> list[list[str]]:
    return [[sha256] for sha256 in classes]


def drawn(
    classes: dict[str, str],
    groups: list[list[str]] | None = None,
    earlier: dict[str, Part] | None = None,
    shares: Shares | None = None,
    seed: int = 0,
) -> Split:
    return split(classes, groups or alone(classes), earlier=earlier or {}, shares=shares or Shares(), seed=seed)


def counts(result: Split, classes: dict[str, str], name: str) -> tuple[int, ...]:
    parts = Counter(part for sha256, (part, _) in result.places.items() if classes[sha256] == name)
    return tuple(parts[part] for part in PARTS)


def many(**numbers: int) -> dict[str, str]:
    return {f"{name}{number:03}": name for name, count in numbers.items() for number in range(count)}


def test_each_class_is_split_by_the_shares() -> None:
    classes = many(cat=50, dog=10, eel=5)
    result = drawn(classes)
    assert [counts(result, classes, name) for name in ("cat", "dog", "eel")] == [(30, 10, 10), (6, 2, 2), (3, 1, 1)]
    assert not result.small and not result.leaking
    halves = drawn(classes, shares=Shares(50, 0, 50))
    assert counts(halves, classes, "cat") == (25, 0, 25)


def test_the_seed_decides_and_no_order_does() -> None:
    classes = many(cat=20, dog=20)
    first = drawn(classes).places
    assert drawn(dict(reversed(classes.items()))).places == first
    assert drawn(classes, seed=1).places != first


@pytest.mark.parametrize(
    ("count", "expected", "small"),
    [(1, (1, 0, 0), True), (2, (1, 0, 1), True), (3, (1, 1, 1), False), (4, (2, 1, 1), False)],
)
def test_classes_with_few_pictures(count: int, expected: tuple[int, ...], small: bool) -> None:
    classes = many(cat=count)
    result = drawn(classes)
    assert counts(result, classes, "cat") == expected
    assert result.small == ({"cat": count} if small else {})


def test_near_duplicates_are_in_one_part_and_called_by_the_least() -> None:
    classes = many(cat=30, dog=30)
    groups = [
        [f"{name}{start + place:03}" for place in range(3)] for name in ("cat", "dog") for start in range(0, 30, 3)
    ]
    groups[0].append(groups[-1].pop())  # a dog that looks like a cat
    result = drawn(classes, groups)
    for group in groups:
        assert {result.places[sha256] for sha256 in group} == {(result.places[group[0]][0], min(group))}
    assert counts(result, classes, "cat") == (18, 6, 6)


def test_copies_of_a_picture_count_once_for_a_class_that_is_small() -> None:
    classes = many(cat=9)
    result = drawn(classes, [list(classes)[:8], list(classes)[8:]])
    assert counts(result, classes, "cat") == (8, 0, 1)
    assert result.small == {"cat": 2}


def test_what_stood_in_a_part_stays_and_the_rest_makes_up_for_it() -> None:
    classes = many(cat=20)
    earlier: dict[str, Part] = dict.fromkeys(list(classes)[:6], "test")
    result = drawn(classes, earlier=earlier)
    assert all(result.places[sha256][0] == "test" for sha256 in earlier)
    assert counts(result, classes, "cat") == (11, 3, 6)


def test_a_new_near_duplicate_goes_where_the_old_one_stands() -> None:
    classes = many(cat=10)
    groups = [["cat000", "gone"], *([sha256] for sha256 in classes if sha256 != "cat000")]
    result = drawn(classes, groups, earlier={"gone": "test"})
    assert result.places["cat000"] == ("test", "cat000")
    assert "gone" not in result.places


def test_near_duplicates_that_stand_in_two_parts_are_left_out_of_the_lesser() -> None:
    classes = many(cat=6)
    first, second, bridge, *rest = classes
    groups = [[first, second, bridge], *([sha256] for sha256 in rest)]
    result = drawn(classes, groups, earlier={first: "train", second: "test"})
    assert result.leaking == [bridge, first] or result.leaking == [first, bridge]
    assert result.places[second] == ("test", second)
    assert first not in result.places and bridge not in result.places
    assert set(result.places) == {second, *rest}


@pytest.mark.parametrize("shares", [(60, 20, 10), (0, 50, 50), (120, -20, 0)])
def test_shares_that_are_none(shares: tuple[int, int, int]) -> None:
    with pytest.raises(UserError) as error:
        Shares(*shares)
    assert error.value.code == "shares_bad"
