"""Training the heads of the built-in model: what is drawn, what is shipped, what is kept."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fsl_demo.datasets.flickr8k import Captioned
from fsl_demo.inference.compact_space import text_head
from fsl_demo.inference.vectors import l2_normalize
from fsl_demo.training import caption_features
from fsl_demo.training.caption_features import Features, features
from fsl_demo.training.data import Arrays
from fsl_demo.training.events import silent
from fsl_demo.training.loop import Training
from fsl_demo.training.objectives.compact_vlm import CompactVlmObjective, figure, folded
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from tests.backbones.loaded import crops, networks

CHANNELS, WORDS, CLASSES = 12, 6, 7


def drawn(count: int, seed: int = 0) -> Features:
    """Pictures whose captions say what they are, in other axes, with noise."""
    random = np.random.default_rng(seed)
    axes = np.random.default_rng(9).standard_normal((CHANNELS, WORDS))
    pictures = random.standard_normal((count, CHANNELS)) * 3 + 2
    captions = np.stack([pictures @ axes + 0.1 * random.standard_normal((count, WORDS)) for _ in range(5)], axis=1)
    rows = random.standard_normal((CLASSES, CHANNELS))
    names = np.repeat((rows @ axes)[:, None], 3, axis=1)
    teacher = np.full((count, CLASSES), 1 / CLASSES)
    arrays = (pictures, captions, teacher, names, rows)
    return Features(*(array.astype(np.float32) for array in arrays))


def test_scaling_takes_off_the_mean_and_gives_each_part_its_spread() -> None:
    data = drawn(400)
    scaled = data.scaled(*data.statistics())
    np.testing.assert_allclose(scaled.pictures.mean(axis=0), 0, atol=1e-4)
    for part in np.split(scaled.pictures, 2, axis=1):
        assert np.linalg.norm(part, axis=1).mean() == pytest.approx(1, abs=1e-4)
    np.testing.assert_array_equal(scaled.captions[:, :, : WORDS // 2], data.captions[:, :, : WORDS // 2])
    assert np.linalg.norm(scaled.captions[:, :, WORDS // 2 :].reshape(-1, 3), axis=1).mean() == pytest.approx(
        1, abs=1e-4
    )
    np.testing.assert_array_equal(scaled.rows, data.rows)


@pytest.mark.slow
def test_the_heads_learn_and_every_picture_comes_as_often(tmp_path: Path) -> None:
    data = drawn(300)
    data = data.scaled(*data.statistics())
    torch.manual_seed(0)
    module = CompactVlmObjective(data)
    indices = list(module.batches(np.arange(300), 0, 0))
    assert (np.bincount(np.concatenate(indices)) == 5).all() and all(len(set(batch)) == len(batch) for batch in indices)
    before = figure(module, data)
    setup = Setup(
        module,
        Arrays.numbered(data.pictures),
        Schedule(epochs=12, rate=5e-3, decay=0.0),
        validate=lambda trained: Figures(figure(trained, data), figure(trained, data)),
        augment=lambda pictures: pictures,
        setting={},
    )
    loop = Training(setup, tmp_path)
    loop.run(silent)
    chance = 1 / 300
    assert before < 4 * chance and loop.history.best > 12 * chance


def test_shipped_heads_read_what_is_not_scaled() -> None:
    data = drawn(50)
    mean, spread = data.statistics()
    torch.manual_seed(0)
    module = CompactVlmObjective(data.scaled(mean, spread)).eval()
    heads = {
        name: value.astype(np.float32)
        for name, value in folded(
            {name: value.numpy() for name, value in module.state_dict().items()}, mean, spread
        ).items()
    }
    scaled = data.scaled(mean, spread)
    with torch.inference_mode():
        pictures = module.pictures(torch.from_numpy(scaled.pictures)).numpy()
        texts = module.texts(torch.from_numpy(scaled.captions[:, 0])).numpy()
    projected = l2_normalize(data.pictures @ heads["pictures.weight"].T + heads["pictures.bias"])
    np.testing.assert_allclose(projected, pictures, atol=5e-3)
    np.testing.assert_allclose(text_head(heads, data.captions[:, 0]), texts, atol=5e-3)


def test_features_are_kept_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = []
    for number, picture in enumerate(crops("cat")[:2]):
        files.append(tmp_path / f"{number}.png")
        Image.fromarray(np.asarray(picture.image())).save(files[-1])
    few = networks().words.encode(["a cat"])[None]
    monkeypatch.setattr(caption_features, "class_sentences", lambda networks, progress: few)
    data = Captioned(files, [["a cat"] * 5, ["a tabby"] * 5])
    shared = networks()
    first = features(shared, data, tmp_path / "kept.safetensors")
    assert first.captions.shape == (2, 5, 768) and first.pictures.shape == (2, 1998)
    np.testing.assert_allclose(first.teacher.sum(axis=1), 1, atol=1e-5)
    before = shared.features.embedded.copy()
    again = features(shared, data, tmp_path / "kept.safetensors")
    assert shared.features.embedded == before
    for name in ("pictures", "captions", "teacher", "names", "rows"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    fewer = replace(data, files=files[:1], captions=data.captions[:1])
    assert len(features(shared, fewer, tmp_path / "kept.safetensors").pictures) == 1
