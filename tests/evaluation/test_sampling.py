"""Episodes: seeded, disjoint, and refused with the cause."""

from typing import Any

import pytest

from fsl_demo.core.errors import UserError
from fsl_demo.evaluation.sampling import EpisodeSampler

ITEMS = {name: [f"{name}{number}" for number in range(8)] for name in "abcdef"}


def test_an_episode_is_n_ways_of_k_shots_with_nothing_twice() -> None:
    for drawn in EpisodeSampler(ITEMS, way=3, shot=2, queries=4).draw(20):
        assert len(set(drawn.names)) == 3
        for name, support, queries in zip(drawn.names, drawn.support, drawn.queries, strict=True):
            assert (len(support), len(queries)) == (2, 4)
            assert len({*support, *queries}) == 6 and {*support, *queries} <= set(ITEMS[name])


def test_the_seed_decides() -> None:
    def first(seed: int) -> Any:
        return list(EpisodeSampler(ITEMS, 3, shot=1, queries=4, seed=seed).draw(5))

    assert first(1) == first(1) != first(2)


def test_zero_takes_all() -> None:
    (drawn,) = EpisodeSampler(ITEMS, way=0, shot=3, queries=0).draw(1)
    assert sorted(drawn.names) == list("abcdef") and {len(queries) for queries in drawn.queries} == {5}
    (drawn,) = EpisodeSampler(ITEMS, way=2, shot=0, queries=1).draw(1)
    assert drawn.support == ((), ())


@pytest.mark.parametrize(
    ("asked", "cause"),
    [
        ({"way": 7}, "There are 6 classes"),
        ({"way": 1}, "at least 2"),
        ({"shot": -1}, "at least 0"),
        ({"shot": 5, "queries": 4}, "“a” has 8 pictures"),
        ({"shot": 8, "queries": 0}, "“a” has 8 pictures"),
    ],
)
def test_what_cannot_be_drawn_is_refused_at_once(asked: dict[str, int], cause: str) -> None:
    with pytest.raises(UserError, match=cause) as refused:
        EpisodeSampler(ITEMS, **{"way": 3, "shot": 1, "queries": 2} | asked)
    assert refused.value.code == "setting_bad"
