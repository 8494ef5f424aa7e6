"""Training the space of photographs: its whitening, its episodes, its loss."""

from pathlib import Path

import numpy as np
import pytest
import torch

from fsl_demo.training.data import Arrays
from fsl_demo.training.events import silent
from fsl_demo.training.loop import Training
from fsl_demo.training.objectives import picture_space as objective
from fsl_demo.training.objectives.picture_space import QUERIES, PictureSpaceObjective, whitening
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from fsl_demo.training.tasks.picture_space import figure, groups

CLASSES, EACH, CHANNELS = 12, 20, 16


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objective, "CHANNELS", 8)
    monkeypatch.setattr(objective, "WAY", 4)


@pytest.fixture
def data() -> Arrays:
    """Classes of two groups that differ in four channels; the others are loud and say nothing."""
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(CLASSES), EACH)
    images = np.concatenate([3 * random.standard_normal((len(labels), 12)), np.zeros((len(labels), 4))], axis=1)
    images[:, 12:] = random.standard_normal((CLASSES, 4))[labels] + 0.2 * random.standard_normal((len(labels), 4))
    names = tuple(f"{'ab'[number % 2]}/{number}" for number in range(CLASSES))
    return Arrays(images=images.astype(np.float32), labels=labels, names=names, pairs=np.zeros((0, 3), int))


def test_whitening_makes_the_spread_within_classes_the_same_in_all_directions(
    data: Arrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objective, "CHANNELS", CHANNELS)
    monkeypatch.setattr(objective, "SHRINKAGE", 0.0)
    weight, bias = whitening(data.images, data.labels, groups(data))
    mapped = data.images @ weight.T
    within = np.mean([np.cov(mapped[data.labels == label], rowvar=False) for label in range(CLASSES)], axis=0)
    np.testing.assert_allclose(within / within[0, 0], np.eye(CHANNELS), atol=1e-3)
    means = np.stack([data.images[data.labels == label].mean(axis=0) for label in range(CLASSES)])
    middle = (means[::2].mean(axis=0) + means[1::2].mean(axis=0)) / 2
    np.testing.assert_allclose(bias, -objective.CENTRE * weight @ middle, atol=1e-4)


def test_the_directions_that_are_kept_are_those_in_which_classes_differ(
    data: Arrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objective, "SHRINKAGE", 0.0)
    weight, _ = whitening(data.images, data.labels, groups(data))
    assert weight.shape == (8, CHANNELS)
    assert np.linalg.norm(weight[:, 12:]) > 3 * np.linalg.norm(weight[:, :12])


def test_an_episode_is_of_one_group_and_queries_come_last(data: Arrays) -> None:
    module = PictureSpaceObjective(data.images, data.labels, groups(data))
    batches = list(module.batches(data.labels, seed=0, epoch=0))
    assert len(batches) == objective.EPISODES
    shots = set()
    for number, rows in enumerate(batches):
        labels = data.labels[rows].reshape(4, -1)
        assert (labels == labels[:, :1]).all() and len(set(labels[:, 0])) == 4 and len(set(rows)) == len(rows)
        assert set(labels[:, 0] % 2) == {number % 2}
        shots.add(labels.shape[1] - QUERIES)
    assert shots == set(objective.SHOTS)
    assert not all(
        np.array_equal(*pair) for pair in zip(batches, module.batches(data.labels, seed=0, epoch=1), strict=True)
    )


def test_the_loss_is_that_of_a_prototypical_network(data: Arrays) -> None:
    module = PictureSpaceObjective(data.images, data.labels, groups(data))
    rows = next(module.batches(data.labels, seed=0, epoch=0))
    loss = module(torch.from_numpy(data.images[rows]), torch.from_numpy(data.labels[rows]))
    vectors = module.vectors(torch.from_numpy(data.images[rows])).detach().numpy().reshape(4, -1, 8)
    costs = []
    for own in range(4):
        for query in vectors[own, -QUERIES:]:
            means = vectors[:, :-QUERIES].sum(axis=1)
            logits = objective.SCALE * np.array([query @ mean / np.linalg.norm(mean) for mean in means])
            costs.append(np.log(np.exp(logits).sum()) - logits[own])
    assert loss.item() == pytest.approx(np.mean(costs), rel=1e-4)


def test_the_quick_map_comes_nearest_with_half_of_the_channels(data: Arrays) -> None:
    module = PictureSpaceObjective(data.images, data.labels, groups(data))
    arrays = {name: array.astype(np.float64) for name, array in objective.quick(data.images, module).items()}
    vectors = module.vectors(torch.from_numpy(data.images)).detach().numpy()
    half = data.images[:, : data.images.shape[1] // 2]

    def distance(weight: np.ndarray, bias: np.ndarray) -> float:
        return float(((half @ weight.T + bias - vectors) ** 2).sum())

    best = distance(arrays["quick.weight"], arrays["quick.bias"])
    exact = np.linalg.lstsq(np.c_[half, np.ones(len(half))], vectors, rcond=None)[0].T
    assert distance(exact[:, :-1], exact[:, -1]) <= best < distance(0 * arrays["quick.weight"], vectors.mean(axis=0))
    assert best < distance(0.8 * arrays["quick.weight"], arrays["quick.bias"])


@pytest.mark.slow
def test_it_learns(data: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objective, "SHRINKAGE", 1e6)
    torch.manual_seed(0)
    module = PictureSpaceObjective(data.images, data.labels, groups(data))
    before = figure(module, data)
    setup = Setup(
        module,
        data,
        Schedule(epochs=4, rate=5e-2, decay=0.0),
        validate=lambda trained: Figures(figure(trained, data), figure(trained, data)),
        augment=lambda batch: batch,
        setting={},
    )
    loop = Training(setup, tmp_path)
    loop.run(silent)
    assert before < 0.6 and loop.history.best > before + 0.2
