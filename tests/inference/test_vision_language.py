"""Prompts and Tip-Adapter on a space whose vectors are given: against slow loops that are obviously right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fsl_demo.core.episodes import ClassSpec, Episode, Example, Focus
from fsl_demo.core.errors import UserError
from fsl_demo.inference.calibration import Default, softmax
from fsl_demo.inference.vectors import l2_normalize
from fsl_demo.inference.vision_language import VisionLanguage, VisionLanguageInputs
from fsl_demo.methods.clip.method import ClipSettings
from tests.inference.fake_space import SHARES, FakeSpace, apart

NAMES = ("cat", "coffee", "rocket")
SCALE = 20.0


class Task:
    """Classes whose words and pictures have random directions, and queries.

    Attributes:
        texts, keys, owners, queries: the vectors, and the class of each key.
    """

    def __init__(self, shots: Sequence[int] = (2, 2, 2), dimensions: int = 6, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        self.texts = l2_normalize(random.normal(size=(3, dimensions)))
        self.owners = np.repeat(range(3), shots)
        self.keys = l2_normalize(random.normal(size=(len(self.owners), dimensions)))
        self.queries = l2_normalize(random.normal(size=(5, dimensions)))

    def fit(self, names: Sequence[str] = NAMES, worth: float = 1.0, **settings: Any) -> VisionLanguage:
        self.space = FakeSpace(dict(zip(NAMES, self.texts, strict=True)), self.texts.shape[1])
        support = [Example(self.space.picture(k), int(c)) for k, c in zip(self.keys, self.owners, strict=True)]
        self.asked = [self.space.picture(query) for query in self.queries]
        return fit(self.space, Episode(tuple(map(ClassSpec, names)), tuple(support)), worth, **settings)

    def similarities(self, query: np.ndarray, weights: Sequence[float]) -> list[float]:
        """One query's, term by term."""
        scores, common = [], self.common(weights)
        for index, weight in enumerate(weights):
            mean = sum((self.keys[i] for i, owner in enumerate(self.owners) if owner == index), np.zeros(len(query)))
            pictures = float(query @ mean) / max(float(np.linalg.norm(mean)), 1e-9)
            scores.append(weight * pictures + (1 - weight) * (float(query @ self.texts[index]) - common[index]))
        return scores

    def common(self, weights: Sequence[float]) -> list[float]:
        """What is taken off the texts of classes that have pictures too."""
        means = {}
        for index, weight in enumerate(weights):
            products, own = self.keys @ self.texts[index], self.owners == index
            if 0 < weight < 1:
                means[index] = 0.1 * float(products[own].mean()) + 0.4 * float(products[~own].mean())
        return [means[index] - float(np.mean(list(means.values()))) if index in means else 0.0 for index in range(3)]


def fit(space: FakeSpace, episode: Episode, worth: float = 1.0, below: float = 0.0, **settings: Any) -> VisionLanguage:
    given = ClipSettings(**{"templates": "the {}", **settings})
    return VisionLanguage(
        VisionLanguageInputs(
            "some",
            "Some",
            space=space,
            originals=apart,
            sentences=space,
            temperature=Default.constant(SCALE),
            none_below=Default.constant(below),
            worth=worth,
            settings=given,
            define=lambda name: (),
            unfamiliar=lambda classes: {},
        ),
        episode,
    )


def trial(texts: np.ndarray, keys: np.ndarray, **settings: Any) -> VisionLanguage:
    """Three classes of five pictures each; the default weight is 1/2."""
    task = Task((5, 5, 5), texts.shape[1])
    task.texts, task.keys = texts, keys
    return task.fit(worth=5.0, **settings)


def near(axes: Sequence[int], seed: int = 0) -> np.ndarray:
    """Unit vectors not far from axes."""
    return l2_normalize(np.eye(4)[list(axes)] + 0.3 * np.random.default_rng(seed).normal(size=(len(axes), 4)))


def test_similarities_term_by_term() -> None:
    task = Task()
    classifier = task.fit(pictures=0.4)
    scores = classifier.predict(task.asked)
    expected = [task.similarities(query, (0.4, 0.4, 0.4)) for query in task.queries]
    np.testing.assert_allclose(scores.similarities, expected, atol=1e-5)
    np.testing.assert_allclose(scores.probabilities, softmax(classifier.temperature * np.array(expected)), atol=1e-4)
    assert scores.pairs is not None
    np.testing.assert_allclose(scores.pairs, task.queries @ task.keys.T, atol=1e-5)


def test_weight_0_is_the_text_and_1_the_pictures() -> None:
    task = Task()
    text, pictures = (task.fit(pictures=weight).predict(task.asked).similarities for weight in (0.0, 1.0))
    np.testing.assert_allclose(text, task.queries @ task.texts.T, atol=1e-5)
    np.testing.assert_allclose(pictures, [task.similarities(q, (1, 1, 1)) for q in task.queries], atol=1e-5)


def test_a_picture_is_held_out_of_its_own_class_alone() -> None:
    task = Task((3, 3, 3))
    held_out = task.fit(pictures=1.0).blend.held_out.similarities
    for number, key in enumerate(task.keys):
        others = [i for i, owner in enumerate(task.owners) if owner == task.owners[number] and i != number]
        mean = l2_normalize(task.keys[others].sum(axis=0))
        assert held_out[number, task.owners[number]] == pytest.approx(float(key @ mean), abs=1e-4)


def test_products_with_the_directions_are_the_similarities() -> None:
    task = Task()
    classifier = task.fit(pictures=0.4)
    similarities = classifier.predict(task.asked).similarities
    products = task.queries @ classifier.directions.T + classifier.offsets
    np.testing.assert_allclose(products, similarities, atol=1e-5)


def test_held_out_pictures_trust_what_tells_them_apart() -> None:
    classes = np.repeat(range(3), 5)
    right, wrong = np.eye(4)[:3], np.eye(4)[[1, 2, 0]]
    misleading_text = trial(wrong, near(classes))
    assert misleading_text.note == {"weight": 0.8, "mixed": "held_out"}  # a quarter of the default worth
    backgrounds = np.tile(range(3, 8), 3)  # a picture is most like those of the other classes
    misleading_pictures = trial(np.eye(8)[:3], l2_normalize(np.eye(8)[backgrounds] + 0.1 * np.eye(8)[classes]))
    assert misleading_pictures.note["weight"] == 0.2
    agreeing = trial(right, near(classes))
    assert 0.2 < agreeing.note["weight"] < 0.8


def test_held_out_pictures_set_the_temperature_and_the_threshold() -> None:
    classes = np.repeat(range(3), 5)
    given = {"pictures": 0.5, "below": 0.1}
    certain, lost = (trial(np.eye(4)[order], near(classes), **given) for order in ([0, 1, 2], [1, 2, 0]))
    assert certain.temperature >= SCALE > lost.temperature
    best = certain.blend.held_out.similarities.max(axis=1)
    lowest = best.mean() - 1.645 * best.std(ddof=1)
    assert certain.none_below == pytest.approx(0.1 + (lowest - 0.1) * 15 / (15 + 20), abs=1e-3)
    assert trial(np.eye(4)[:3], near(classes), none_below=0.3).none_below == 0.3


def test_one_shot_takes_the_default_and_says_so() -> None:
    task = Task((1, 1, 1))
    classifier = task.fit(worth=3.0, below=-1.0)
    assert classifier.note == {"weight": 0.25, "mixed": "default"}
    assert classifier.blend.weights.tolist() == [0.25] * 3
    assert classifier.temperature == SCALE
    assert np.isnan(classifier.none_below)  # the default, -1, would let any stranger pass
    assert classifier.predict(task.asked).note == classifier.note
    assert Task((5, 1, 1)).fit().note["mixed"] == "default"


def test_what_was_asked_for_is_kept() -> None:
    for shots, reason in (((1, 1, 1), "default"), ((3, 3, 3), "held_out")):
        note = Task(shots).fit(pictures=0.15).note
        assert note == {"weight": 0.15, "mixed": reason}


def test_text_alone_has_nothing_to_say_of_mixing() -> None:
    task = Task((0, 0, 0))
    classifier = task.fit()
    scores = classifier.predict(task.asked)
    np.testing.assert_allclose(scores.similarities, task.queries @ task.texts.T, atol=1e-5)
    assert scores.note == {} and scores.pairs is None and scores.none_below == 0
    assert classifier.predict([]).similarities.shape == (0, 3)


def test_a_class_without_pictures_competes_by_its_text() -> None:
    task = Task((2, 0, 2))
    classifier = task.fit(pictures=0.7)
    expected = [task.similarities(query, (0.7, 0, 0.7)) for query in task.queries]
    np.testing.assert_allclose(classifier.predict(task.asked).similarities, expected, atol=1e-5)
    assert len(classifier.explain(task.asked[0], 1).layers) == 1


def test_a_class_without_text_competes_by_its_pictures() -> None:
    task = Task((2, 2, 2))
    classifier = task.fit(("貓", "coffee", "rocket"), pictures=0.3)
    expected = [task.similarities(query, (1, 0.3, 0.3)) for query in task.queries]
    np.testing.assert_allclose(classifier.predict(task.asked).similarities, expected, atol=1e-5)
    assert classifier.explain(task.asked[0], 0).layers[0].contributions == ()
    assert task.fit(("貓", "咖啡", "火箭")).note == {}  # there was nothing to mix


def test_descriptions_and_definitions_weigh_as_much_as_the_name() -> None:
    space = FakeSpace({"cat": (1, 0, 0), "purrs": (0, 1, 0), "dog": (0, 0, 1)})
    classes = (ClassSpec("cat", ("purrs", "它會叫")), ClassSpec("dog"))
    texts = fit(space, Episode(classes)).texts
    described = np.array([1, 1, 0]) / np.sqrt(2)
    np.testing.assert_allclose(texts, [l2_normalize(np.array([1, 0, 0]) + described), [0, 0, 1]], atol=1e-6)
    foreign = fit(space, Episode((ClassSpec("貓", ("purrs",)), ClassSpec("dog"))))
    np.testing.assert_allclose(foreign.texts, [[0, 1, 0], [0, 0, 1]], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "descriptions", "settings", "code"),
    [
        ("貓", (), {}, "description_script"),
        ("7", ("七",), {}, "description_script"),
        ("7", (), {}, "class_undescribed"),
        ("cat", (), {"templates": "a photo"}, "template_bad"),
        ("cat", (), {"templates": "\n".join(f"{{}} {i}" for i in range(41))}, "templates_many"),
        ("rocket", (), {}, "class_name_twice"),
    ],
)
def test_what_is_refused(name: str, descriptions: tuple[str, ...], settings: dict[str, Any], code: str) -> None:
    with pytest.raises(UserError) as refused:
        fit(FakeSpace(), Episode((ClassSpec(name, descriptions), ClassSpec("rocket"))), **settings)
    assert refused.value.code == code and str(refused.value)


def test_an_explanation_shows_where_the_direction_is_found() -> None:
    task = Task((2, 2, 2))
    classifier = task.fit(pictures=0.5)
    layers = [classifier.explain(task.asked[0], index).layers for index in range(3)]
    shares = classifier.directions @ task.queries[0]
    evidence = shares[:, None, None] * SHARES
    scaled = (evidence - evidence.min()) / (evidence.max() - evidence.min())
    for index, (query, support) in enumerate(layers):
        np.testing.assert_allclose(query.map, scaled[index], atol=1e-5)
        assert (query.kind, query.role, support.role) == ("evidence", "query", "support")
        members = np.flatnonzero(task.owners == index)
        best = members[(task.keys[members] @ task.queries[0]).argmax()]
        assert support.picture == classifier.episode.support[best].picture
        assert [word for word, _ in query.contributions] == ["the", NAMES[index]] and support.contributions == ()
    (_, word) = layers[0][0].contributions[1]
    assert word == pytest.approx(float(task.texts[0] @ task.queries[0]), abs=1e-5)
    other = classifier.episode.support[-1].picture
    assert classifier.explain(task.asked[0], 0, Focus(other)).layers[1].picture == other


def test_the_words_are_the_persons_own_where_there_are_any() -> None:
    task = Task((1, 1, 1))
    classifier = task.fit()
    described = replace(classifier.episode.classes[0], descriptions=("it purrs",))
    episode = replace(classifier.episode, classes=(described, *classifier.episode.classes[1:]))
    contributions = fit(task.space, episode).explain(task.asked[0], 0).layers[0].contributions
    assert [word for word, _ in contributions] == ["cat:", "it", "purrs"]
    assert fit(task.space, episode, pictures=1.0).explain(task.asked[0], 0).layers[0].contributions == ()


def test_a_typed_phrase_is_looked_for_in_place_of_the_class() -> None:
    task = Task((2, 2, 2))
    classifier = task.fit()
    (layer,) = classifier.explain(task.asked[0], 1, Focus(phrase="the rocket")).layers
    evidence = float(task.texts[2] @ task.queries[0]) * SHARES
    np.testing.assert_allclose(layer.map, (evidence - evidence.min()) / np.ptp(evidence), atol=1e-5)
    assert layer.kind == "phrase" and [word for word, _ in layer.contributions] == ["the", "rocket"]
    for phrase, code in ((" ", "search_empty"), ("x" * 1001, "search_long"), ("貓", "search_script")):
        with pytest.raises(UserError) as refused:
            classifier.explain(task.asked[0], 1, Focus(phrase=phrase))
        assert refused.value.code == code
