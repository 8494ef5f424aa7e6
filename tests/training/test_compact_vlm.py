"""Training the built-in model: what is drawn, what is learned, what is shipped, what is kept."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fsl_demo import checkpoints
from fsl_demo.backbones.minilm import MiniLMWithWords
from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.tuned_minilm import PREFIX, tuned
from fsl_demo.core.episodes import Progress
from fsl_demo.datasets.flickr8k import Captioned
from fsl_demo.inference.compact_space import text_head
from fsl_demo.inference.vectors import l2_normalize
from fsl_demo.layers.attention_pool import AttentionPool
from fsl_demo.losses.clip import symmetric_contrastive
from fsl_demo.training import caption_features
from fsl_demo.training.caption_features import Features, features
from fsl_demo.training.data import Arrays
from fsl_demo.training.events import silent
from fsl_demo.training.loop import Training
from fsl_demo.training.named import named
from fsl_demo.training.objectives.compact_vlm import CompactVlmObjective, figure, folded, pooled_figure
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from tests import remembered
from tests.backbones.loaded import crops, networks
from tests.training.things import lessons, pictures_of


def drawn(count: int) -> Features:
    random = np.random.default_rng(0)
    pictures, captions = random.standard_normal((count, 12)) * 3 + 2, random.standard_normal((count, 5, 768)) + 1
    return Features(
        pictures.astype(np.float32), captions=captions.astype(np.float32), teacher=np.ones((count, 1), np.float32)
    )


def test_scaling_takes_off_the_mean_and_gives_each_part_its_spread() -> None:
    data = drawn(400)
    mean, spread = data.statistics()
    pictures = data.scaled(mean, spread)
    np.testing.assert_allclose(pictures.mean(axis=0), 0, atol=1e-4)
    for part in np.split(pictures, 2, axis=1):
        assert np.linalg.norm(part, axis=1).mean() == pytest.approx(1, abs=1e-4)
    assert not mean[12:396].any() and (spread[12:396] == 1).all()
    words = (data.captions[..., 384:] - mean[396:]) / spread[396:]
    assert np.linalg.norm(words.reshape(-1, 384), axis=1).mean() == pytest.approx(1, abs=1e-4)


def test_every_picture_comes_as_often_and_never_twice_in_a_batch() -> None:
    module = CompactVlmObjective(networks().texts, lessons(8, channels=12))
    indices = list(module.batches(np.arange(300), 0, 0))
    assert (np.bincount(np.concatenate(indices)) == 5).all() and all(len(set(batch)) == len(batch) for batch in indices)


def test_heads_and_text_tower_learn_what_pictures_are_called(tmp_path: Path) -> None:
    data, pictures = lessons(8, channels=24), pictures_of(8, channels=24)
    torch.manual_seed(0)
    module = CompactVlmObjective(networks().texts, data)
    before = figure(module, data.positions, data.captions), pooled_figure(module, pictures, data.captions)
    setup = Setup(
        module,
        Arrays.numbered(pictures),
        Schedule(epochs=2, rate=5e-3, decay=0.0),
        validate=lambda trained: Figures(0.0, figure(trained, data.positions, data.captions)),
        augment=lambda pictures: pictures,
        setting={},
    )
    loop = Training(setup, tmp_path)
    best = loop.run(silent)
    assert max(before) < 0.5 and loop.history.best > 0.9 and pooled_figure(module, pictures, data.captions) > 0.9
    assert all(best[name].any() for name in best if name.startswith("minilm.") and name.endswith(".up"))


def test_what_is_shipped_reads_texts_and_pictures_that_are_not_scaled(tmp_path: Path) -> None:
    """The heads by `folded`, the text tower by `tuned`; the frozen one stays as it was."""
    minilm = networks().texts
    frozen = minilm.encode(["a dog in the snow"])
    torch.manual_seed(0)
    module = CompactVlmObjective(minilm, lessons(8)).eval()
    for change in module.minilm.values():
        torch.nn.init.normal_(change.up, std=0.2)
    state = {name: value.detach().numpy() for name, value in module.state_dict().items()}
    random = np.random.default_rng(0)
    mean, spread = random.standard_normal(1998 + 768), random.uniform(0.5, 2, 1998 + 768)
    mean[1998:2382], spread[1998:2382] = 0, 1
    module.mean, module.spread = (torch.from_numpy(each[2382:]).float() for each in (mean, spread))
    heads = {name: array.astype(np.float32) for name, array in folded(state, mean, spread).items()}
    features = random.standard_normal((4, 1998)).astype(np.float32)
    projected = l2_normalize(features @ heads["pictures.weight"].T + heads["pictures.bias"])
    with torch.inference_mode():
        pictures = module.pictures(torch.from_numpy((features - mean[:1998]) / spread[:1998]).float()).numpy()
        texts = module.texts(module.encode(*minilm.tokens(["a dog in the snow"]))).numpy()
    np.testing.assert_allclose(projected, pictures, atol=5e-3)
    arrays = {name: array.astype(np.float16) for name, array in state.items() if name.startswith(PREFIX)}
    shipped = checkpoints.load(
        checkpoints.save("vlm", arrays=arrays, card={"architecture": "changes"}, folder=tmp_path)
    )
    encoder = tuned(minilm, shipped)
    np.testing.assert_allclose(
        text_head(heads, MiniLMWithWords(encoder).encode(["a dog in the snow"])), texts, atol=5e-3
    )
    assert np.abs(encoder.encode(["a dog in the snow"]) - frozen).max() > 5e-2
    with remembered.forgotten():
        np.testing.assert_array_equal(minilm.encode(["a dog in the snow"]), frozen)
    assert encoder.id != minilm.id and encoder.weights != minilm.weights


def test_attention_begins_with_the_mean_and_shares_add_up() -> None:
    torch.manual_seed(0)
    pool = AttentionPool(6, parts=(3, 2), dimension=8, groups=2, hidden=4, dropout=0.5).eval()
    positions = torch.randn(4, 5, 6)
    shares = pool.shares(positions)
    assert shares.shape == (4, 5, 8)
    shuffled = positions[:, [2, 0, 1, 4, 3]]
    torch.testing.assert_close(pool(shuffled), pool(positions))
    torch.testing.assert_close(pool(positions), torch.nn.functional.normalize(shares.sum(dim=1), dim=1))
    pool.scores[0].weight.data[0] = 100 * positions[0, 1] / positions[0, 1].norm()
    alone = pool.shares(positions[:1])[0, :, :4]
    assert alone[1].norm() > 50 * alone[[0, 2]].norm()


def test_names_that_belong_together_are_not_told_apart() -> None:
    vectors = torch.nn.functional.normalize(torch.tensor([[1.0, 0.1], [1.0, 0.0], [0.0, 1.0]]), dim=1)
    alike = torch.tensor([[True, True, False], [True, True, False], [False, False, True]])
    scale = torch.tensor(10.0)
    apart = symmetric_contrastive(vectors, vectors, scale)
    together = symmetric_contrastive(vectors, vectors, scale=scale, alike=alike)
    two = symmetric_contrastive(vectors[1:], vectors[1:], scale)
    assert together < apart / 3 and together < 10 * two


def test_kinds_have_the_mean_of_their_classes_and_are_alike() -> None:
    names = named(networks())
    assert len(names.texts) == len(names.rows) == len(names.alike) and len(names.texts) > 1200
    bare = [texts[-3] for texts in names.texts]
    goldfish, shark = bare.index("goldfish"), bare.index("great white shark")
    sharks = bare.index("shark")
    assert sharks >= 1000 and names.alike[sharks, shark] and names.alike[shark, sharks]
    assert not names.alike[goldfish, shark] and not names.alike[sharks, goldfish]
    members = [number for number in range(1000) if names.alike[number, sharks]]
    np.testing.assert_allclose(names.rows[sharks], names.rows[members].mean(axis=0), atol=1e-5)


def test_features_are_kept_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = []
    for number, picture in enumerate(crops("cat")[:2]):
        files.append(tmp_path / f"{number}.png")
        Image.fromarray(np.asarray(picture.image())).save(files[-1])
    data = Captioned(files, [["a cat"] * 5, ["a tabby"] * 5])
    shared = networks()
    first = features(shared, data, tmp_path / "kept.safetensors")
    assert first.captions.shape == (2, 5, 768) and first.pictures.shape == (2, 1998)
    np.testing.assert_allclose(first.teacher.sum(axis=1), 1, atol=1e-5)
    reads: list[int] = []
    real = caption_features.pooled

    def counted(networks: Networks, files: Sequence[Path], progress: Progress) -> tuple[np.ndarray, np.ndarray]:
        reads.append(len(files))
        return real(networks, files, progress)

    monkeypatch.setattr(caption_features, "pooled", counted)
    again = features(shared, data, tmp_path / "kept.safetensors")
    assert not reads
    for name in ("pictures", "captions", "teacher"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    fewer = replace(data, files=files[:1], captions=data.captions[:1])
    assert len(features(shared, fewer, tmp_path / "kept.safetensors").pictures) == 1 and reads == [1]
