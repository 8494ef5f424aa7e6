"""Results that are kept: the same question is answered without measuring, and a run goes on where it was killed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fsl_demo.core.capabilities import HasWeights, ScoresEpisodes
from fsl_demo.core.episodes import Episode, Progress, Scores, quiet
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.evaluation import run
from fsl_demo.evaluation.results import Results, data_hash, result_key
from fsl_demo.evaluation.run import Evaluation
from fsl_demo.evaluation.sampling import Sampling
from fsl_demo.methods.prototype import Prototype

SAMPLING = Sampling(way=3, shot=1, queries=2, episodes=7)


@dataclass(frozen=True)
class Temper:
    warmth: float = 1.0


class Grey(HasWeights):
    """Compares how bright pictures are; counts the episodes that it was asked about."""

    card: Any = replace(Prototype.card, id="grey")
    Settings = Temper

    def __init__(self, weights: str = "w", stop_after: int = 1_000) -> None:
        self.hash, self.stop_after, self.asked = weights, stop_after, 0

    def weights(self, settings: Any) -> str:
        return self.hash

    def fit(self, episode: Episode, settings: Any, progress: Progress) -> Grey:
        if self.asked == self.stop_after:
            raise KeyboardInterrupt
        self.asked += 1
        means = [np.mean([_grey(e.picture) for e in episode.support if e.class_index == i]) for i in range(3)]
        self.means = np.array(means)
        return self

    def predict(self, queries: Sequence[Picture], progress: Progress = quiet) -> Scores:
        near = -np.abs(np.array([[_grey(query)] for query in queries]) - self.means).astype(np.float32)
        weights = np.exp(near / 20)
        return Scores(
            "grey",
            "",
            settings={},
            seconds=0.0,
            similarities=near,
            probabilities=weights / weights.sum(axis=1, keepdims=True),
            none_below=-30.0,
        )


class GreyAtOnce(Grey, ScoresEpisodes):
    def score_episodes(self, episodes: Sequence[Episode], settings: Any, progress: Progress = quiet) -> list[Scores]:
        return [self.fit(episode, settings, quiet).predict(episode.queries) for episode in episodes]


def _grey(picture: Picture) -> float:
    return float(np.asarray(picture.image()).mean())


@pytest.fixture(scope="module")
def classes() -> dict[str, list[Picture]]:
    random = np.random.default_rng(0)
    return {
        name: [
            from_image(Image.new("RGB", (4, 4), (int(v),) * 3), f"{name}.png")
            for v in np.clip(random.normal(level, 30, 8), 0, 255)
        ]
        for name, level in (("dark", 40), ("grey", 120), ("light", 200), ("white", 250))
    }


def measured(classes: Any, method: Any, folder: Path, sampling: Sampling = SAMPLING, **options: Any) -> Any:
    return Evaluation(classes, sampling, results=Results(folder), **options).figures(method, None)


def test_the_same_question_is_not_measured_twice(classes: Any, tmp_path: Path) -> None:
    first, again = Grey(), Grey()
    expected = measured(classes, first, tmp_path)
    assert measured(classes, again, tmp_path) == expected
    assert (first.asked, again.asked) == (7, 0)
    assert measured(classes, again, tmp_path, fresh=True) == expected and again.asked == 7


def test_more_episodes_go_on_and_fewer_are_the_first_ones(classes: Any, tmp_path: Path) -> None:
    measured(classes, Grey(), tmp_path)
    more, fewer = Grey(), Grey()
    outcomes = measured(classes, more, folder=tmp_path, sampling=replace(SAMPLING, episodes=12))
    assert more.asked == 5
    assert outcomes == measured(classes, Grey(), folder=tmp_path / "other", sampling=replace(SAMPLING, episodes=12))
    outcomes = measured(classes, fewer, folder=tmp_path, sampling=replace(SAMPLING, episodes=3))
    assert fewer.asked == 0
    assert outcomes == measured(classes, Grey(), folder=tmp_path / "another", sampling=replace(SAMPLING, episodes=3))


def test_a_killed_run_goes_on(classes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "CHUNK", 2)
    monkeypatch.setattr(run, "KEEP_EVERY", -1.0)
    with pytest.raises(KeyboardInterrupt):
        measured(classes, Grey(stop_after=5), tmp_path)
    rest = Grey()
    assert measured(classes, rest, tmp_path) == measured(classes, Grey(), tmp_path / "whole")
    assert rest.asked == 3


def test_whatever_changes_the_figures_changes_the_key(classes: Any) -> None:
    def key(make: Any = Grey, warmth: float = 1.0, weights: str = "w", data: str = "d", **drawn: Any) -> str:
        return result_key(make(), Temper(warmth), weights=weights, data=data, sampling=replace(SAMPLING, **drawn))

    assert key() == key() == key(episodes=600)
    keys = [
        *(key(), key(GreyAtOnce), key(warmth=2.0), key(weights="v"), key(data="e"), key(way=4)),
        *(key(shot=5), key(queries=3), key(seed=1), key(within=True)),
    ]
    assert len(set(keys)) == len(keys)
    other = {**classes, "white": classes["white"][:-1]}
    renamed = {name.replace("white", "snow"): pictures for name, pictures in classes.items()}
    assert len({data_hash(part) for part in (classes, other, renamed)}) == 3


def test_a_damaged_result_is_measured_again(classes: Any, tmp_path: Path) -> None:
    expected = measured(classes, Grey(), tmp_path)
    (file,) = tmp_path.glob("*.npz")
    for damage in (b"", b"PK", file.read_bytes()[:-40]):
        file.write_bytes(damage)
        again = Grey()
        assert measured(classes, again, tmp_path) == expected and again.asked == 7


def test_nothing_is_kept_of_a_method_that_does_not_know_its_weights(classes: Any, tmp_path: Path) -> None:
    measured(classes, Grey(weights=""), tmp_path)
    assert not list(tmp_path.iterdir())


def test_many_episodes_at_once_give_the_same_figures(classes: Any, tmp_path: Path) -> None:
    assert measured(classes, GreyAtOnce(), tmp_path) == measured(classes, Grey(), tmp_path)
