"""The built-in vision-language model as a method, on real photographs."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from fsl_demo.core.episodes import ClassSpec, Episode, Example, Focus
from fsl_demo.core.errors import UserError
from fsl_demo.inference import shares
from fsl_demo.inference.vision_language import VisionLanguageSettings
from fsl_demo.methods.asif import Asif
from fsl_demo.methods.compact_vlm import CompactVlm
from tests.backbones.loaded import SUBJECTS, crops, networks

NAMES = ("cat", "cup of coffee", "rocket")
AUTOMATIC = VisionLanguageSettings()


def episode(shots: int) -> Episode:
    support = [Example(picture, c) for c, subject in enumerate(SUBJECTS) for picture in crops(subject)[:shots]]
    queries = tuple(crops(subject)[-1] for subject in SUBJECTS)
    return Episode(tuple(ClassSpec(name) for name in NAMES), tuple(support), queries)


@pytest.mark.slow
@pytest.mark.parametrize("shots", [0, 1, 3])
def test_queries_are_told_apart_by_text_by_pictures_and_by_both(shots: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "NEAR", 0.0)  # the pictures are parts of one another
    task = episode(shots)
    scores = CompactVlm(networks()).fit(task, AUTOMATIC).predict(task.queries)
    assert [scores.best(query) for query in range(3)] == [0, 1, 2]
    assert not any(scores.unlike(query) for query in range(3))
    assert scores.settings == asdict(AUTOMATIC)
    assert scores.note.get("mixed") == {0: None, 1: "default", 3: "held_out"}[shots]
    assert (scores.pairs is None) == (shots == 0)


def test_a_description_scores_again_without_a_picture() -> None:
    shared = networks()
    method, task = CompactVlm(shared), episode(0)
    before = method.fit(task, AUTOMATIC).predict(task.queries).probabilities
    seen = {name: shared.features.embedded[name] for name in ("efficientnet_lite0", "efficientnet_lite2")}
    described = (
        replace(task.classes[0], descriptions=("a white rocket stands on its launch pad between two towers",)),
        *task.classes[1:],
    )
    after = method.fit(replace(task, classes=described), AUTOMATIC).predict(task.queries).probabilities
    assert seen == {name: shared.features.embedded[name] for name in seen} and set(seen.values()) == {3}
    assert after[2, 0] > 10 * before[2, 0]


def test_another_script_is_refused_and_its_pictures_are_enough() -> None:
    method, task = CompactVlm(networks()), episode(0)
    foreign = (ClassSpec("貓"), *task.classes[1:])
    with pytest.raises(UserError) as refused:
        method.fit(replace(task, classes=foreign), AUTOMATIC)
    assert refused.value.code == "description_script"
    task = replace(episode(1), classes=foreign)
    assert method.fit(task, AUTOMATIC).predict(task.queries).best(0) == 0


def test_a_phrase_is_found_where_it_is() -> None:
    """The saucer and the cup are in the lower middle of the photograph, the spoon's end is at its right."""
    task = episode(0)
    classifier = CompactVlm(networks()).fit(task, AUTOMATIC)
    explanation = classifier.explain(task.queries[1], 1, Focus(phrase="a cup of coffee"))
    (layer,) = explanation.layers
    assert layer.kind == "phrase" and layer.map is not None and layer.map.shape == (9, 9)
    assert layer.map[2:7, 2:7].mean() > layer.map.mean()
    words = dict(layer.contributions)
    assert list(words) == ["a", "cup", "of", "coffee"] and words["coffee"] > max(words["a"], words["of"])


def test_sentences_are_the_ones_that_are_compared() -> None:
    method = CompactVlm(networks())
    named, described = method.sentences(ClassSpec("cat"), VisionLanguageSettings(templates="a {} indoors"))
    assert named == ["a cat indoors"] and described[0].startswith("cat: ")
    assert method.sentences(ClassSpec("cat", ("a tabby",)), AUTOMATIC)[1] == ["cat: a tabby"]
    assert method.reads("a cat", AUTOMATIC) and not method.reads("貓", AUTOMATIC)


def test_sentences_for_searching_leave_asifs_relations_out() -> None:
    method = CompactVlm(networks())
    vector = method.joint.texts([["a cat"]])[0]
    heads = len(method.joint.heads["pictures.weight"])
    assert np.linalg.norm(vector[:heads]) == pytest.approx(1, abs=1e-4) and not vector[heads:-1].any()


@pytest.mark.parametrize("method", [CompactVlm, Asif])
def test_names_that_the_text_encoder_may_not_know_are_noted(method: type[CompactVlm] | type[Asif]) -> None:
    task = episode(1)
    task = replace(task, classes=(ClassSpec("Katze"), ClassSpec("blorp", ("a cup of coffee",)), task.classes[2]))
    made = method(networks())
    for scores in (
        made.fit(task, made.Settings()).predict(task.queries),
        *made.score_episodes([task], made.Settings()),
    ):
        assert scores.note["unfamiliar"] == "Katze" and scores.note["weight"] > 0
    assert "unfamiliar" not in made.fit(episode(1), made.Settings()).predict(task.queries).note
