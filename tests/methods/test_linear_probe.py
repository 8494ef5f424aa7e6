"""Logistic regression on given vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from fsl_demo.core.episodes import ClassSpec, Episode, Example, Focus, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.inference import logistic_regression
from fsl_demo.inference.calibration import HeldOut
from fsl_demo.inference.vectors import l2_normalize
from fsl_demo.methods.linear_probe import (
    STRENGTH,
    STRENGTHS,
    LinearProbe,
    LinearProbeClassifier,
    LinearProbeSettings,
    _held_out,
)
from tests.backbones.loaded import networks
from tests.inference.fake_space import SHARES, FakeSpace, apart

AUTOMATIC = LinearProbeSettings()


def vectors(owners: Sequence[int], noise: float, seed: int = 0) -> np.ndarray:
    """Around an axis a class, in eight dimensions."""
    random = np.random.default_rng(seed)
    return l2_normalize(np.eye(8)[list(owners)] + noise * random.normal(size=(len(owners), 8))).astype(np.float32)


class Task:
    def __init__(self, shots: Sequence[int], noise: float = 0.3) -> None:
        self.space, self.owners = FakeSpace(dimensions=8), np.repeat(range(len(shots)), shots)
        self.keys = vectors(self.owners, noise)
        self.asked = vectors(list(range(len(shots))) * 3, noise, seed=1)
        self.queries = [self.space.picture(query) for query in self.asked]
        support = [Example(self.space.picture(k), int(c)) for k, c in zip(self.keys, self.owners, strict=True)]
        self.episode = Episode(tuple(ClassSpec(f"class {i}") for i in range(len(shots))), tuple(support))

    def fit(self, settings: LinearProbeSettings = AUTOMATIC) -> LinearProbeClassifier:
        method = LinearProbe(networks(), lambda _: lambda: self.space)
        method.originals = apart
        return method.fit(self.episode, settings, quiet)


@pytest.mark.parametrize("shots", [(1, 1), (1, 1, 1), (4, 4), (2, 5, 3, 4)])
def test_probabilities_are_the_models(shots: tuple[int, ...]) -> None:
    task = Task(shots)
    classifier = task.fit()
    scores = classifier.predict(task.queries)
    model = LogisticRegression(C=classifier.note["strength"], class_weight="balanced", max_iter=100_000, tol=1e-9)
    expected = model.fit(task.keys.astype(float), task.owners).predict_proba(task.asked)
    np.testing.assert_allclose(scores.probabilities, expected, atol=1e-5)
    assert scores.method == "linear-probe" and scores.settings == {"none_below": None}
    np.testing.assert_allclose(scores.pairs, task.asked @ task.keys.T, atol=1e-5)


@pytest.mark.parametrize("shots", [(3, 3), (3, 3, 3, 3)])
def test_similarities_are_on_one_scale_and_add_up_to_nothing(shots: tuple[int, ...]) -> None:
    task = Task(shots)
    classifier = task.fit()
    similarities = classifier.predict(task.queries).similarities
    np.testing.assert_allclose(similarities.sum(axis=1), 0, atol=1e-4)
    assert np.linalg.norm(classifier.weights, axis=1).mean() == pytest.approx(1)
    assert 0.3 < similarities.max() < 1.5


@pytest.mark.slow
def test_held_out_pictures_choose_the_strength_and_the_threshold() -> None:
    clear, noisy = Task((6, 6, 6), 0.1), Task((6, 6, 6), 2.0)
    losses, _ = _held_out(noisy.keys[None], owners=noisy.owners, strengths=STRENGTHS, evidence=np.ones((1, 18)))
    classifier = noisy.fit()
    assert classifier.note == {"strength": STRENGTHS[int(np.argmin(losses))], "chosen": "held_out"}
    assert clear.fit().note["strength"] > classifier.note["strength"]
    ones = np.ones(18)
    _, similarities = _held_out(
        clear.keys[None], owners=clear.owners, strengths=[clear.fit().note["strength"]], evidence=ones[None]
    )
    held_out = HeldOut(similarities[0, 0], owners=clear.owners, weights=ones, evidence=ones)
    assert clear.fit().none_below == pytest.approx(held_out.threshold(before=0, now=0))
    assert similarities.all()
    assert clear.fit(LinearProbeSettings(none_below=0.9)).none_below == 0.9


def test_a_held_out_picture_had_no_part_in_its_similarities() -> None:
    owners = np.repeat(range(3), 4)
    keys = vectors(owners, 0.3)
    keys[0] = np.eye(8)[1]  # like class 1, unless it may teach class 0
    _, similarities = _held_out(keys[None], owners=owners, strengths=[1e6], evidence=np.ones((1, 12)))
    trained = logistic_regression.fit(keys[None], owners, np.array([1e6])).decisions(keys[None, None])
    assert similarities[0, 0, 0].argmax() == 1 and trained[0, 0, 0].argmax() == 0
    assert (similarities[0, 0, 8:].argmax(axis=1) == 2).all()


def test_one_picture_takes_the_default_and_says_so() -> None:
    for shots in ((1, 1, 1), (5, 1, 2)):
        classifier = Task(shots).fit()
        assert classifier.note == {"strength": STRENGTH, "chosen": "default"} and np.isnan(classifier.none_below)


def test_a_class_with_more_pictures_is_not_favoured() -> None:
    task = Task((1, 1))
    task.episode = Episode(task.episode.classes, (*task.episode.support[:1] * 9, task.episode.support[1]))
    middle = task.space.picture(l2_normalize(task.keys.sum(axis=0)))
    assert task.fit().predict([middle]).probabilities[0] == pytest.approx([0.5, 0.5], abs=1e-3)


def test_every_class_needs_pictures() -> None:
    for shots, code in (((2, 0), "class_empty"), ((2,), "one_class")):
        with pytest.raises(UserError) as refused:
            Task(shots).fit()
        assert refused.value.code == code


def test_an_explanation_shows_where_the_weights_are_found() -> None:
    task = Task((2, 2, 2))
    classifier = task.fit()
    evidence = (classifier.weights @ task.asked[0])[:, None, None] * SHARES
    for index in range(3):
        query, support = classifier.explain(task.queries[0], index).layers
        np.testing.assert_allclose(query.map, (evidence[index] - evidence.min()) / np.ptp(evidence), atol=1e-5)
        members = np.flatnonzero(task.owners == index)
        best = members[(task.keys[members] @ task.asked[0]).argmax()]
        assert (support.role, support.picture) == ("support", task.episode.support[best].picture)
    other = task.episode.support[-1].picture
    assert classifier.explain(task.queries[0], 0, Focus(other)).layers[1].picture == other
