"""`prefix` as a classifier: the prompt, the names that may follow it, and what a picture of nothing says."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from fsl_demo.backbones.captioners import PICTURE, together
from fsl_demo.core.episodes import ClassSpec, Episode, Example, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.methods.prefix import SHOTS, InContext, Prefix, PrefixSettings, class_words, in_turns
from tests.backbones.loaded import crops, networks


def fitted(task: Episode) -> InContext:
    return Prefix(networks()).fit(task, PrefixSettings(), quiet)


def task(shots: int = 1, names: tuple[str, ...] = ("cat", "coffee", "rocket")) -> Episode:
    subjects = ("cat", "coffee", "rocket")[: len(names)]
    support = [Example(picture, c) for c, subject in enumerate(subjects) for picture in crops(subject)[:shots]]
    return Episode(tuple(map(ClassSpec, names)), tuple(support), (crops("cat")[3], crops("rocket")[3]))


def test_the_prompt_shows_each_picture_with_its_name_and_ends_with_the_query() -> None:
    classifier = fitted(task())
    language = classifier.network.language
    stem = language.encode("this is a")
    expected: list[int] = []
    for name in ("cat", "coffee", "rocket"):
        expected += [PICTURE, language.end, *stem, *language.encode(name), language.end]
    assert classifier.prompt == [*expected, PICTURE, language.end, *stem]
    assert classifier.names == [[*language.encode(name), language.end] for name in ("cat", "coffee", "rocket")]


def test_scores_are_the_names_log_probabilities_less_those_with_a_picture_of_nothing() -> None:
    classifier = fitted(task(names=("cat", "coffee cup", "rocket")))
    scores = classifier.predict(task().queries, quiet)
    network: Any = classifier.network
    language = network.language
    with torch.inference_mode():
        query = network.media(classifier.method.captioner.positions(task().queries[:1]))
        nothing = network.mapper(torch.zeros(1, 1998))
        for c, name in enumerate(classifier.names):
            sums = []
            for media in (query, nothing):
                text = together([classifier.prompt + name], [torch.cat([classifier.prefixes, media])])
                with network.reading(*text) as (embedded, _):
                    logs = language.logits(language.states(embedded))[0].log_softmax(-1)
                rows = logs[-len(name) - 1 : -1]
                sums.append(float(rows.gather(1, torch.tensor(name)[:, None]).sum()))
            assert scores.similarities[0, c] == pytest.approx(sums[0] - sums[1], abs=1e-3)
    np.testing.assert_allclose(scores.probabilities.sum(axis=1), 1, atol=1e-5)


def test_without_pictures_the_names_alone_compete() -> None:
    pictureless = dataclasses.replace(task(), support=())
    scores = fitted(pictureless).predict(pictureless.queries, quiet)
    assert scores.similarities.shape == (2, 3) and scores.pairs is None


def test_as_many_pictures_as_fit_in_turns() -> None:
    support = [Example(crops("cat")[0], c) for c in (0, 0, 0, 1, 2, 2)]
    assert in_turns(Episode((), tuple(support))) == [0, 3, 4, 1, 5, 2]
    many = Episode((), tuple(Example(crops("cat")[0], c % 3) for c in range(40)))
    assert in_turns(many) == list(range(SHOTS))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (ClassSpec("golden_retriever"), "golden retriever"),
        (ClassSpec("狗", ("一隻狗", "A dog!")), "a dog"),
        (ClassSpec("狗"), ""),
    ],
)
def test_class_words(spec: ClassSpec, words: str) -> None:
    assert class_words(spec) == words


def test_a_class_without_english_words_is_named() -> None:
    with pytest.raises(UserError, match="狗"):
        fitted(task(names=("cat", "狗", "rocket")))


def test_maps_of_a_query_have_one_scale_for_all_classes() -> None:
    classifier = fitted(task())
    maps = np.stack([classifier.explain(task().queries[0], c).layers[0].map for c in range(3)])
    assert maps.shape == (3, 9, 9) and maps.min() == 0 and maps.max() == 1 and maps.dtype == np.float32
