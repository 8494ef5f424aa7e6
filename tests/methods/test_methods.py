"""What every method keeps to: counts, calibrated scores, explanations that add up, refusals in plain words."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from fsl_demo import methods
from fsl_demo.core.episodes import ClassSpec, Episode, Example, Focus, quiet
from fsl_demo.core.errors import Cancelled, UserError
from fsl_demo.inference import shares
from fsl_demo.inference.anchors import relative
from fsl_demo.methods.asif import Asif, AsifSettings
from fsl_demo.methods.prototype import Prototype, PrototypeSettings
from tests.backbones.loaded import SUBJECTS, crops, networks

METHODS = pytest.mark.parametrize("make", [Prototype, Asif])


def episode(shots: int, names: tuple[str, ...] = SUBJECTS, queries: int = 1) -> Episode:
    support = [Example(picture, c) for c, subject in enumerate(SUBJECTS) for picture in crops(subject)[:shots]]
    asked = [picture for subject in SUBJECTS for picture in crops(subject)[-queries:]]
    return Episode(tuple(ClassSpec(name) for name in names), tuple(support), tuple(asked))


def test_the_table_holds_each_method_under_its_id() -> None:
    table = methods.build(networks())
    assert list(table) == [
        *("prototype", "asif", "compact-vlm", "two-stream", "semantic-dictionary", "clip"),
        *("linear-probe", "prefix"),
        *("siamese", "siamese-cbam", "s3net", "can", "can-transductive"),
    ]
    for name, method in table.items():
        assert method.card.id == name
        for setting in method.Settings.controls():
            assert setting.kind in ("slider", "choice", "text", "weights", "lines")
            assert setting.label and setting.help


@pytest.mark.slow
@METHODS
@pytest.mark.parametrize("shots", [1, 3])
def test_queries_are_told_apart(make: Any, shots: int) -> None:
    task = episode(shots)
    scores = make(networks()).fit(task, make.Settings(), quiet).predict(task.queries, quiet)
    assert [scores.best(query) for query in range(3)] == [0, 1, 2]
    assert not any(scores.unlike(query) for query in range(3))
    assert scores.pairs is not None and scores.pairs.shape == (3, 3 * shots)
    assert scores.method == make.card.id and scores.settings == dataclasses.asdict(make.Settings())


@METHODS
def test_one_more_query_embeds_one_picture_and_a_slider_none(make: Any) -> None:
    shared = networks()
    method, task = make(shared), episode(2)
    method.fit(task, make.Settings(), quiet).predict(task.queries, quiet)
    before = shared.features.embedded.copy()
    moved = make.Settings(none_below=0.9)
    scores = method.fit(task, moved, quiet).predict(task.queries, quiet)
    assert scores.none_below == 0.9 and shared.features.embedded == before
    method.fit(task, make.Settings(), quiet).predict([*task.queries, crops("cat")[2]], quiet)
    shared.features.embedded.subtract(before)
    assert +shared.features.embedded == {"efficientnet_lite0": 1, "efficientnet_lite2": 1}


@METHODS
@pytest.mark.parametrize("shots", [1, 2])
def test_shares_of_all_positions_add_up_to_the_similarity(make: Any, shots: int) -> None:
    shared = networks()
    task = episode(shots)
    classifier = make(shared).fit(task, make.Settings(), quiet)
    scores = classifier.predict(task.queries, quiet)
    for number, query in enumerate(task.queries):
        shares = classifier.evidence(query)
        np.testing.assert_allclose(shares.sum(axis=(1, 2)), scores.similarities[number], atol=1e-4)


@METHODS
def test_an_explanation_has_one_scale_for_all_classes_and_embeds_nothing_new(make: Any) -> None:
    shared = networks()
    task = episode(2)
    classifier = make(shared).fit(task, make.Settings(), quiet)
    classifier.predict(task.queries, quiet)
    before = shared.features.embedded.copy()
    explanations = [classifier.explain(task.queries[0], index) for index in range(3)]
    assert shared.features.embedded == before
    for index, explanation in enumerate(explanations):
        query, support = explanation.layers
        assert (query.picture, query.role, support.role) == (task.queries[0], "query", "support")
        assert support.picture in [example.picture for example in task.support if example.class_index == index]
        assert query.seen == shared.whole_pictures.seen(query.picture)
    for layer in (0, 1):
        maps = np.stack([explanation.layers[layer].map for explanation in explanations])
        assert maps.dtype == np.float32 and maps.min() >= 0 and maps.max() <= 1
    queries = np.stack([explanation.layers[0].map for explanation in explanations])
    assert queries.min() == 0 and queries.max() == 1
    asked = classifier.explain(task.queries[0], 0, focus=Focus(crops("rocket")[0]))
    assert asked.layers[1].picture == crops("rocket")[0]


@METHODS
def test_a_stop_is_passed_on(make: Any) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        make(networks()).fit(episode(1), make.Settings(), stop)


@METHODS
def test_an_episode_that_is_no_choice_is_refused(make: Any) -> None:
    with pytest.raises(UserError) as refused:
        make(networks()).fit(Episode((ClassSpec("cat"),)), make.Settings(), quiet)
    assert refused.value.code == "one_class"


def test_prototype_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "NEAR", 0.0)  # the pictures are parts of one another
    method, task = Prototype(networks()), episode(2)
    vectors = method.embed([example.picture for example in task.support])
    means = np.stack([vectors[:2].mean(axis=0), vectors[2:4].mean(axis=0), vectors[4:].mean(axis=0)])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    scores = method.fit(task, PrototypeSettings(), quiet).predict(task.queries, quiet)
    np.testing.assert_allclose(scores.similarities, method.embed(task.queries) @ means.T, atol=1e-5)


def test_a_quick_prototype_sees_queries_with_one_network() -> None:
    shared, task = networks(), episode(2)
    method = Prototype(shared)
    quick, exact = (fit(task, PrototypeSettings(), quiet) for fit in (method.fit_quick, method.fit))
    before = shared.features.embedded.copy()
    scores = quick.predict(task.queries, quiet)
    before[shared.pictures.id] += len(task.queries)
    assert shared.features.embedded == before
    np.testing.assert_array_equal(quick.prototypes, exact.prototypes)
    np.testing.assert_array_equal(scores.similarities.argmax(axis=1), [0, 1, 2])


def test_prototype_needs_pictures_of_every_class() -> None:
    with pytest.raises(UserError) as refused:
        Prototype(networks()).fit(episode(1, (*SUBJECTS, "brick")), PrototypeSettings(), quiet)
    assert refused.value.code == "class_empty" and "brick" in str(refused.value)


def test_relative_rows_by_hand() -> None:
    rows = relative(np.array([[0.8, 0.6, 0.2, -0.9], [-0.1, -0.2, 0.5, -0.3]]), power=2, keep=2)
    np.testing.assert_allclose(rows[0], np.array([0.64, 0.36, 0, 0]) / np.hypot(0.64, 0.36))
    np.testing.assert_allclose(rows[1], [0, 0, 1, 0])


def test_asif_by_hand() -> None:
    method, task = Asif(networks()), episode(0)
    scores = method.fit(task, AsifSettings(), quiet).predict(task.queries, quiet)
    rows = method.picture_anchors.rows(method.space.towers.embed(task.queries))
    np.testing.assert_allclose(scores.similarities, rows @ method.text_rows(task.classes).T, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(method.text_rows(task.classes), axis=1), 1, atol=1e-5)
    assert scores.pairs is None
    assert [scores.best(query) for query in range(3)] == [0, 1, 2]


def test_asif_blends_pictures_and_text() -> None:
    method, task = Asif(networks()), episode(1)

    def similarities(blend: float | None) -> np.ndarray:
        classifier = method.fit(task, AsifSettings(blend=blend), quiet)
        return classifier.predict(task.queries, quiet).similarities - classifier.chosen.offsets()

    text, pictures = similarities(0.0), similarities(1.0)
    np.testing.assert_allclose(similarities(0.3), 0.3 * pictures + 0.7 * text, atol=1e-5)
    np.testing.assert_allclose(similarities(None), (pictures + text) / 2, atol=1e-5)
    prototype = Prototype(networks()).fit(task, PrototypeSettings(), quiet).predict(task.queries, quiet)
    np.testing.assert_allclose(pictures, prototype.similarities, atol=1e-5)


def test_asif_names_what_a_picture_is_like() -> None:
    task = episode(1)
    query, support = Asif(networks()).fit(task, AsifSettings(), quiet).explain(task.queries[0], 0).layers
    for layer in (query, support):
        words, values = zip(*layer.words, strict=True)
        assert list(values) == sorted(values, reverse=True)
        assert {"Egyptian Mau", "tabby cat", "tiger cat"} & set(words)


def test_asif_reads_english_or_looks_at_pictures() -> None:
    method = Asif(networks())

    def refusal(task: Episode) -> str:
        with pytest.raises(UserError) as refused:
            method.fit(task, AsifSettings(), quiet)
        return refused.value.code

    assert refusal(episode(0, ("貓", "coffee"))) == "description_script"
    assert refusal(episode(0, ("1", "coffee"))) == "class_undescribed"
    described = Episode((ClassSpec("貓", ("a small furry pet that purrs",)), ClassSpec("coffee")), (), crops("cat")[:1])
    assert method.fit(described, AsifSettings(), quiet).predict(described.queries, quiet).best(0) == 0
    seen = episode(1, ("貓", "咖啡", "rocket"))
    classifier = method.fit(seen, AsifSettings(blend=0.0), quiet)
    assert classifier.blend.tolist() == [1, 1, 0]
    assert [classifier.predict(seen.queries, quiet).best(query) for query in range(3)] == [0, 1, 2]


def test_a_class_without_pictures_competes_by_its_text() -> None:
    task = dataclasses.replace(episode(1), support=episode(1).support[:2])
    classifier = Asif(networks()).fit(task, AsifSettings(), quiet)
    assert classifier.blend.tolist() == [0.5, 0.5, 0]
    assert [classifier.predict(task.queries, quiet).best(query) for query in range(3)] == [0, 1, 2]
    assert len(classifier.explain(task.queries[2], 2).layers) == 1


def test_a_better_description_moves_the_score() -> None:
    method = Asif(networks())

    def score(description: str) -> float:
        task = Episode((ClassSpec("Luna", (description,)), ClassSpec("rocket")), (), crops("cat")[:1])
        return float(method.fit(task, AsifSettings(), quiet).predict(task.queries, quiet).similarities[0, 0])

    assert score("a striped cat with green eyes") > score("a moon") + 0.05
