"""The shipped captioners: sentences, doubt, maps of words, and checkpoints that do not fit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fsl_demo import checkpoints
from fsl_demo.captioners import CAPTIONERS, build
from fsl_demo.captioners.doubt import Doubt
from fsl_demo.captioners.trained import BATCH, SHOWN
from fsl_demo.core.errors import Cancelled, UserError
from fsl_demo.evaluation.doubt import others
from tests.backbones.loaded import crops, networks

EACH = pytest.mark.parametrize("make", CAPTIONERS)


@EACH
def test_candidates_are_different_sentences_best_first(make: Any) -> None:
    captioner = make(networks())
    pictures = [crops("cat")[0], crops("rocket")[0]]
    captions = captioner.describe(pictures)
    assert len(captions) == 2
    for picture, candidates in zip(pictures, captions, strict=True):
        assert 1 <= len(candidates) <= SHOWN
        assert len({caption.text for caption in candidates}) == len(candidates)
        scores = {caption.text: caption.score for caption in reversed(candidates)}
        assert captioner.ranked(picture, scores) == list(candidates) and max(scores.values()) < 0
        assert all(caption.text == caption.text.strip() and len(caption.text.split()) > 2 for caption in candidates)
    assert captions[0][0].text != captions[1][0].text


@EACH
def test_fit_is_the_built_in_models_similarity(make: Any) -> None:
    captioner = make(networks())
    best = captioner.describe(crops("cat")[:1])[0][0]
    space = captioner.joint
    assert best.fit == pytest.approx(float(space.embed(crops("cat")[:1])[0] @ space.texts([[best.text]])[0]), abs=1e-5)


@pytest.mark.slow
@EACH
def test_pictures_unlike_photographs_are_doubted(make: Any) -> None:
    captioner, drawn = make(networks()), others()
    for kind in ("digits", "textures", "noise"):
        captions = [candidates[0] for candidates in captioner.describe(drawn[kind][:4])]
        assert sum(caption.doubtful for caption in captions) >= 3


def test_doubt_comes_from_a_poor_fit_or_an_unlike_picture() -> None:
    vectors = np.eye(3)[[0] * 19 + [1]]
    doubt = Doubt.learned(np.linspace(0, 1, 20), vectors)
    assert doubt.below[0] == pytest.approx(0.05) and doubt.photographs.tolist() == pytest.approx([0.95, 0.05, 0])
    assert [doubt.about(fit, np.eye(3)[0]) for fit in (0.04, 0.06)] == [True, False]
    assert doubt.about(0.5, np.eye(3)[2])
    assert not Doubt(np.zeros(0), np.zeros(0)).about(-1, np.eye(3)[2])


@EACH
def test_every_word_has_its_map_and_probability(make: Any) -> None:
    captioner = make(networks())
    layers = captioner.words(crops("cat")[0], "a cat with green eyes")
    assert [layer.words[0][0] for layer in layers] == ["a", "cat", "with", "green", "eyes"]
    assert all(0 < layer.words[0][1] <= 1 for layer in layers)
    maps = np.stack([layer.map for layer in layers])
    assert maps.shape == (5, 9, 9) and maps.min() == 0 and maps.max() == 1
    assert not np.allclose(maps[1], maps[3])


@pytest.mark.slow
def test_describing_can_be_cancelled_between_batches() -> None:
    captioner = build(networks())["prefix"]
    done: list[int] = []

    def stop(stage: str, count: int, total: int) -> None:
        if stage == "describe":
            done.append(count)
            if count:
                raise Cancelled

    with pytest.raises(Cancelled):
        captioner.describe([*crops("cat"), *crops("coffee"), *crops("rocket")], stop)
    assert done == [0, BATCH]


@pytest.mark.parametrize(
    ("part", "code"),
    [("architecture", "card_incomplete"), ("language_model", "card_differs"), ("tokens", "card_differs")],
)
def test_a_card_that_does_not_fit_is_refused(part: str, code: str, tmp_path: Path) -> None:
    stored = checkpoints.load("prefix_captions")
    card = stored.card.as_dict()
    if part == "architecture":
        del card[part]
    elif part == "tokens":
        card["architecture"] = {**card["architecture"], "tokens": 2}
    else:
        card[part] = {**card[part], "sha256": "0"}
    folder = checkpoints.save("prefix_captions", stored.arrays, card=card, folder=tmp_path)
    with pytest.raises(UserError) as raised:
        CAPTIONERS[0](networks(), folder).load()
    assert raised.value.code == code


@pytest.mark.slow
def test_shuffled_weights_speak_otherwise() -> None:
    from dataclasses import replace

    shared = networks()
    control = CAPTIONERS[0](replace(shared, shuffle=0))
    picture = crops("cat")[:1]
    spoken, otherwise = (
        captioner.search(captioner.media(picture), [[]])[0] for captioner in (CAPTIONERS[0](shared), control)
    )
    assert next(iter(spoken)) != next(iter(otherwise))
