"""What leaves answers as what stays."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import onnxruntime
import pytest
import torch

from fsl_demo.core.capabilities import Exports
from fsl_demo.core.episodes import ClassSpec, Episode, Example, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.core.portable import Portable
from fsl_demo.core.registry import Registry
from fsl_demo.portable.model import model
from fsl_demo.services import registry
from tests.backbones.loaded import SUBJECTS, crops, networks
from tests.portable.test_preparations import HERE

TEXTS = ("a cat", "a cup of coffee", "a rocket")
SMALL = {
    "siamese": {"variant": "characters"},
    "siamese-cbam": {"variant": "faces"},
    "s3net": {"variant": "characters"},
    "can": {"variant": "small"},
}
"""Methods whose networks are small, with settings."""
LARGE = {
    "asif": {},
    "compact-vlm": {},
    "linear-probe": {},
    "siamese": {"variant": "photographs"},
    "can": {"variant": "photographs"},
}
NEAR = 1e-4


@cache
def known() -> Registry:
    return registry.build(networks())


@cache
def episode(shots: int = 1) -> Episode:
    return Episode(
        tuple(ClassSpec(name, (text,)) for name, text in zip(SUBJECTS, TEXTS, strict=True)),
        tuple(Example(picture, i) for i, name in enumerate(SUBJECTS) for picture in crops(name)[:shots]),
        tuple(crops(name)[3] for name in SUBJECTS),
    )


def exports(name: str) -> Exports:
    method = known().method(name)
    assert isinstance(method, Exports)
    return method


def similarities(portable: Portable, pictures: Sequence[Picture]) -> np.ndarray:
    """What the network gives for pictures that were prepared here, [Q, C]."""
    prepared = [
        torch.from_numpy(np.stack([HERE[recipe](picture) for picture in pictures]).astype(np.float32))
        for recipe in portable.recipes
    ]
    with torch.inference_mode():
        return portable.network.eval()(*prepared).numpy()


@pytest.mark.parametrize("name", LARGE)
def test_the_network_gives_the_similarities_of_the_method(name: str) -> None:
    method = exports(name)
    settings = method.Settings(**LARGE[name])
    portable = method.portable(episode(), settings)
    scores = method.fit(episode(), settings).predict(episode().queries[:1], quiet)
    np.testing.assert_allclose(similarities(portable, episode().queries[:1]), scores.similarities, atol=NEAR)
    assert portable.none_below == pytest.approx(scores.none_below, nan_ok=True)
    assert portable.weights == scores.checkpoint
    assert portable.sources


@pytest.mark.parametrize("name", [*SMALL, pytest.param("prototype", marks=pytest.mark.slow)])
def test_the_model_answers_as_the_method(name: str) -> None:
    method = exports(name)
    settings = method.Settings(**SMALL.get(name, {}))
    data = model(method.portable(episode(), settings)).SerializeToString()
    scores = method.fit(episode(), settings).predict(episode().queries, quiet)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    for number, picture in enumerate(episode().queries):
        similarities, probabilities = session.run(None, {"picture": np.asarray(picture.image())})
        np.testing.assert_allclose(similarities, scores.similarities[number], atol=NEAR)
        np.testing.assert_allclose(probabilities, scores.probabilities[number], atol=NEAR)


def test_a_classifier_of_texts_alone_can_be_taken() -> None:
    described = Episode(episode().classes, (), episode().queries)
    portable = exports("asif").portable(described, exports("asif").Settings())
    scores = exports("asif").fit(described, exports("asif").Settings()).predict(described.queries, quiet)
    np.testing.assert_allclose(similarities(portable, described.queries), scores.similarities, atol=NEAR)


def test_faces_that_are_aligned_first_are_refused() -> None:
    portable = exports("siamese").portable(episode(), exports("siamese").Settings(variant="faces"))
    with pytest.raises(UserError) as refused:
        model(portable)
    assert refused.value.code == "export_recipe"


def test_who_can_be_taken_away() -> None:
    able = {method.card.id for method in known().supporting(Exports)}
    assert able == {"prototype", *LARGE, *SMALL}
