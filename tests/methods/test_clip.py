"""CLIP as a method: open_clip's own calls give the same probabilities. This proves the path, not an accuracy."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.episodes import ClassSpec, Episode, Example, Focus, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.inference.prompts import default_templates
from fsl_demo.methods.clip.method import ClipMethod, ClipSettings
from tests.backbones import tiny_clip
from tests.backbones.loaded import SUBJECTS, crops

CLASSES = tuple(ClassSpec(name) for name in SUBJECTS)
QUERIES = tuple(crops(subject)[3] for subject in SUBJECTS)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_clip.register(monkeypatch)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return tiny_clip.save("tiny", tmp_path / "mine.safetensors")


def by_open_clip(weights: Path, templates: tuple[str, ...]) -> np.ndarray:
    library = tiny_clip.library()
    network, _, transform = library.create_model_and_transforms("tiny", pretrained=str(weights))
    tokenizer = library.get_tokenizer("tiny")
    with torch.inference_mode():
        pictures = torch.stack([transform(query.image()) for query in QUERIES])
        pictures = network.eval().encode_image(pictures, normalize=True)
        rows = []
        for name in SUBJECTS:
            texts = network.encode_text(tokenizer([line.format(name) for line in templates]), normalize=True)
            rows.append(torch.nn.functional.normalize(texts.mean(dim=0), dim=0))
        return (network.logit_scale.exp() * pictures @ torch.stack(rows).T).softmax(dim=1).numpy()


def test_zero_shot_is_what_open_clip_computes(weights: Path) -> None:
    method, task = ClipMethod(Networks(FeatureCache())), Episode(CLASSES)
    for typed, lines in ((None, default_templates()), ("a {} here\nno {}", ("a {} here", "no {}"))):
        settings = ClipSettings(f"tiny:{weights}", typed)
        scores = method.fit(task, settings, quiet).predict(QUERIES, quiet)
        np.testing.assert_allclose(scores.probabilities, by_open_clip(weights, lines), atol=1e-5)
        assert scores.settings == dataclasses.asdict(settings) and scores.method == "clip" and scores.pairs is None
        assert scores.probabilities.std() > 1e-3 and not any(scores.unlike(query) for query in range(3))


def test_pictures_are_embedded_once_and_new_words_embed_none(weights: Path) -> None:
    features = FeatureCache()
    method, support = ClipMethod(Networks(features)), [Example(crops(s)[0], i) for i, s in enumerate(SUBJECTS)]
    settings = ClipSettings(f"tiny:{weights}", "a {}")
    method.fit(Episode(CLASSES, tuple(support)), settings, quiet).predict(QUERIES, quiet)
    assert features.embedded["open_clip-tiny"] == 6 + 3  # pictures and prompts
    described = (ClassSpec("cat", ("a small tiger",)), *CLASSES[1:])
    classifier = method.fit(Episode(described, tuple(support)), settings, quiet)
    classifier.predict(QUERIES, quiet)
    assert features.embedded["open_clip-tiny"] == 6 + 3 + 1
    layer = classifier.explain(QUERIES[0], 0, Focus(phrase="two green eyes")).layers[0]
    assert layer.kind == "phrase" and [word for word, _ in layer.contributions] == ["two", "green", "eyes"]
    assert layer.map is not None and layer.map.shape == (4, 4)


def test_absent_weights_are_said_before_anything_is_embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    features = FeatureCache()
    with pytest.raises(UserError) as refused:
        ClipMethod(Networks(features)).fit(Episode(CLASSES), ClipSettings(), quiet)
    assert refused.value.code == "clip_absent" and not features.embedded
