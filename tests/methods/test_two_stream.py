"""The two-stream model at work: matching, explanations, words, and what it refuses."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from fsl_demo.core.episodes import ClassSpec, Episode, Example, Focus
from fsl_demo.core.errors import Cancelled, UserError
from fsl_demo.methods.two_stream.method import TwoStream, TwoStreamSettings
from tests.backbones.loaded import SUBJECTS, crops, networks

AUTOMATIC = TwoStreamSettings()
DESCRIBED = ("a cat with green eyes", "a cup of coffee on a table", "a rocket flies into the sky")


def episode(descriptions: tuple[str, ...] = DESCRIBED) -> Episode:
    classes = (ClassSpec(name, (text,)) for name, text in zip(SUBJECTS, descriptions, strict=True))
    support = tuple(Example(crops(subject)[0], number) for number, subject in enumerate(SUBJECTS))
    return Episode(tuple(classes), support, tuple(crops(subject)[-1] for subject in SUBJECTS))


def test_queries_are_told_apart_by_text_and_support_pictures_are_not_looked_at() -> None:
    shared, task = networks(), episode()
    method = TwoStream(shared)
    scores = method.fit(task, AUTOMATIC).predict(task.queries)
    assert scores.similarities.shape == (3, 3) and scores.method == "two-stream"
    assert (np.abs(scores.similarities) <= 1).all() and scores.pairs is None
    assert scores.similarities.diagonal().mean() > scores.similarities.mean()
    assert scores.settings == asdict(AUTOMATIC) and scores.checkpoint == method.matcher.weights
    assert shared.features.embedded["efficientnet_lite2"] == 3
    without = method.fit(replace(task, support=()), AUTOMATIC).predict(task.queries)
    np.testing.assert_array_equal(without.similarities, scores.similarities)
    assert method.fit(task, TwoStreamSettings(none_below=0.9)).predict(task.queries).none_below == 0.9


def test_a_class_is_the_mean_of_its_sentences_and_pairs_do_not_disturb_each_other() -> None:
    method, task = TwoStream(networks()), episode()
    scores = method.fit(task, AUTOMATIC).predict(task.queries)
    for number, spec in enumerate(task.classes):
        named, described = method.sentences(spec, AUTOMATIC)
        assert (named, described) == ([f"a photo of a {spec.name}."], list(spec.descriptions))
        for place, query in enumerate(task.queries):
            named_score, two = (float(method.matcher.match([query], [text])[0, 0]) for text in (*named, *described))
            assert scores.similarities[place, number] == pytest.approx((named_score + two) / 2, abs=1e-5)


def test_candidates_are_matched_as_pairs_are() -> None:
    matcher, pictures = TwoStream(networks()).matcher, [crops(subject)[-1] for subject in SUBJECTS]
    candidates = np.array([[2, 0], [1, 2], [0, 1]])
    scores = matcher.match_candidates(pictures, list(DESCRIBED), candidates)
    everything = matcher.match(pictures, list(DESCRIBED)).T
    np.testing.assert_allclose(scores, np.take_along_axis(everything, candidates, axis=1), atol=1e-5)


def test_a_description_scores_again_without_a_picture() -> None:
    shared, task = networks(), episode()
    method = TwoStream(shared)
    before = method.fit(task, AUTOMATIC).predict(task.queries).similarities
    described = (replace(task.classes[0], descriptions=("a rocket on its launch pad",)), *task.classes[1:])
    after = method.fit(replace(task, classes=described), AUTOMATIC).predict(task.queries).similarities
    assert shared.features.embedded["efficientnet_lite2"] == 3
    assert not np.allclose(before[:, 0], after[:, 0])
    np.testing.assert_allclose(before[:, 1:], after[:, 1:], atol=1e-5)


def test_shares_of_all_positions_add_up_to_the_match() -> None:
    matcher, picture = TwoStream(networks()).matcher, crops("coffee")[0]
    shares = matcher.evidence(picture, list(DESCRIBED))
    np.testing.assert_allclose(shares.sum(axis=(1, 2)), matcher.match([picture], list(DESCRIBED))[0], atol=1e-5)


def test_maps_are_on_one_scale_and_words_are_those_of_the_description() -> None:
    task = episode()
    classifier = TwoStream(networks()).fit(task, AUTOMATIC)
    layers = [classifier.explain(task.queries[1], number).layers[0] for number in range(3)]
    maps = np.stack([layer.map for layer in layers])
    assert maps.shape == (3, 9, 9) and maps.dtype == np.float32 and (maps.min(), maps.max()) == (0, 1)
    assert [word for word, _ in layers[1].contributions] == DESCRIBED[1].split()
    assert {layer.kind for layer in layers} == {"evidence"} and layers[0].picture == task.queries[1]
    (phrase,) = classifier.explain(task.queries[1], 1, Focus(phrase="a  spoon")).layers
    assert phrase.kind == "phrase" and [word for word, _ in phrase.contributions] == ["a", "spoon"]
    with pytest.raises(UserError) as refused:
        classifier.explain(task.queries[1], 1, Focus(phrase="湯匙"))
    assert refused.value.code == "search_script"


def test_each_word_of_a_sentence_has_a_layer() -> None:
    matcher = TwoStream(networks()).matcher
    picture = crops("coffee")[0]
    layers = matcher.words(picture, "a skateboarder  drinks coffee")
    assert [layer.words[0][0] for layer in layers] == ["a", "skateboarder", "drinks", "coffee"]
    assert [layer.words[0][1] for layer in layers] == pytest.approx(
        [weight for _, weight in matcher.contributions(picture, "a skateboarder drinks coffee")]
    )
    maps = np.stack([layer.map for layer in layers])
    assert maps.dtype == np.float32 and (maps.min(), maps.max()) == (0, 1)
    assert all(layer.kind == "attention" and layer.seen == matcher.seen(picture) for layer in layers)
    for text, code in (("", "search_empty"), ("a " * 600, "search_long"), ("貓", "search_script")):
        with pytest.raises(UserError) as refused:
            matcher.words(picture, text)
        assert refused.value.code == code


def test_names_that_minilm_may_not_know_are_noted() -> None:
    method, task = TwoStream(networks()), episode()
    strange = (ClassSpec("Katze"), *task.classes[1:])
    assert method.fit(replace(task, classes=strange), AUTOMATIC).predict(task.queries).note == {"unfamiliar": "Katze"}
    assert method.fit(task, AUTOMATIC).predict(task.queries).note == {}


def test_shuffled_weights_are_for_controls() -> None:
    task = episode()
    known, control = TwoStream(networks()), TwoStream(replace(networks(), shuffle=0))
    informed, other = (method.fit(task, AUTOMATIC).predict(task.queries).similarities for method in (known, control))
    assert not np.allclose(informed, other, atol=0.01)


def test_what_is_refused() -> None:
    method, task = TwoStream(networks()), episode()
    for name in ("貓", "1"):
        with pytest.raises(UserError) as refused:
            method.fit(replace(task, classes=(ClassSpec(name), *task.classes[1:])), AUTOMATIC)
        assert refused.value.code == "description_script"
    described = (ClassSpec("貓", ("a cat",)), *task.classes[1:])
    assert method.fit(replace(task, classes=described), AUTOMATIC).sentences[0] == ["a cat"]
    assert method.reads("a cat", AUTOMATIC) and not method.reads("貓", AUTOMATIC)
    with pytest.raises(UserError) as refused:
        method.fit(Episode((ClassSpec("cat"),)), AUTOMATIC)
    assert refused.value.code == "one_class"


def test_a_stop_is_passed_on() -> None:
    def stop(stage: str, done: int, total: int) -> None:
        raise Cancelled

    task = episode()
    with pytest.raises(Cancelled):
        TwoStream(networks()).fit(task, AUTOMATIC, stop)
    with pytest.raises(Cancelled):
        TwoStream(networks()).fit(task, AUTOMATIC).predict(task.queries, stop)


def test_the_blend_of_a_search_is_fixed_in_the_checkpoint() -> None:
    matcher = TwoStream(networks()).matcher
    weight = float(matcher.blend)
    assert 0 < weight < 1
    blended = matcher.blended(np.array([0.2, 0.4]), np.array([0.6, 0.1]))
    np.testing.assert_allclose(blended, [0.2 + weight * 0.4, 0.4 - weight * 0.3])
