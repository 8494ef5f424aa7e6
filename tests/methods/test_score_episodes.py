"""Episodes that are scored at once get the same answers as one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fsl_demo import methods
from fsl_demo.core.capabilities import HasWeights, ScoresEpisodes
from fsl_demo.core.episodes import ClassSpec, Episode, Example, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from tests.backbones.loaded import SUBJECTS, crops, networks

pytestmark = pytest.mark.slow

AT_ONCE = ("prototype", "asif", "compact-vlm", "linear-probe", "siamese", "siamese-cbam", "s3net", "can")
TASKS: tuple[tuple[str, dict[str, Any]], ...] = (
    *((name, {}) for name in AT_ONCE),
    ("asif", {"blend": 0.3}),
    ("asif", {"none_below": 0.5}),
    ("compact-vlm", {"pictures": 0.4}),
    ("compact-vlm", {"sharpness": 2.0, "none_below": 0.5}),
    ("linear-probe", {"none_below": 0.5}),
    ("siamese", {"variant": "photographs"}),
)


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    return methods.build(networks())


def episodes(shots: tuple[int, ...], count: int = 3, seed: int = 0) -> list[Episode]:
    """Episodes of three classes with so many support pictures each, and two queries a class."""
    random, drawn = np.random.default_rng(seed), []
    for _ in range(count):
        support: list[Example] = []
        queries: list[Picture] = []
        for index, (subject, shot) in enumerate(zip(SUBJECTS, shots, strict=True)):
            pictures = [crops(subject)[i] for i in random.permutation(len(crops(subject)))]
            support += [Example(picture, index) for picture in pictures[:shot]]
            queries += pictures[shot : shot + 2]
        drawn.append(Episode(tuple(map(ClassSpec, SUBJECTS)), tuple(support), tuple(queries)))
    return drawn


def one_by_one(method: Any, tasks: list[Episode], settings: Any) -> list[Any]:
    return [method.fit(task, settings, quiet).predict(task.queries, quiet) for task in tasks]


@pytest.mark.parametrize(("name", "values"), TASKS)
def test_the_same_answers(known: dict[str, Any], name: str, values: dict[str, Any]) -> None:
    method, settings = known[name], known[name].Settings(**values)
    assert isinstance(method, ScoresEpisodes)
    mixed = [*episodes((1, 1, 1)), *episodes((2, 2, 2)), *episodes((1, 2, 2), 2)]
    if not method.card.needs_pictures:
        mixed += episodes((0, 0, 0), 1) + episodes((0, 1, 2), 1)
    expected = one_by_one(method, mixed, settings)
    for batched, single in zip(method.score_episodes(mixed, settings), expected, strict=True):
        np.testing.assert_allclose(batched.probabilities, single.probabilities, atol=1e-5)
        np.testing.assert_allclose(batched.similarities, single.similarities, atol=1e-5)
        np.testing.assert_array_equal(batched.probabilities.argmax(axis=1), single.probabilities.argmax(axis=1))
        assert batched.none_below == pytest.approx(single.none_below, abs=1e-5, nan_ok=True)
        assert (batched.method, batched.checkpoint) == (single.method, single.checkpoint)
        assert batched.settings == single.settings
        assert batched.note == single.note and batched.pairs is None and batched.seconds > 0


@pytest.mark.parametrize("name", AT_ONCE)
def test_what_one_episode_is_refused_for_refuses_all(known: dict[str, Any], name: str) -> None:
    tasks = episodes((1, 1, 1), 2)
    tasks[1] = replace(tasks[1], classes=(tasks[1].classes[0],) * 3)
    with pytest.raises(UserError) as refused:
        known[name].score_episodes(tasks, known[name].Settings())
    assert refused.value.code == "class_name_twice"


def test_methods_know_their_weights(known: dict[str, Any]) -> None:
    for name, method in known.items():
        if name != "clip":
            assert isinstance(method, HasWeights)
            assert len(method.weights(method.Settings())) >= 16
    siamese = known["siamese"]
    photographs, characters, automatic = (
        siamese.weights(siamese.Settings(variant=variant)) for variant in ("photographs", "characters", None)
    )
    assert photographs != characters and photographs in automatic and characters in automatic
