"""Training captioners on a frozen language model: which pictures go with which words, and what is left out."""

from pathlib import Path

import numpy as np
import pytest
import torch

from fsl_demo.backbones.captioners import NETWORKS, PARTS, PICTURE, Captioning
from fsl_demo.training.captioned_maps import maps
from fsl_demo.training.data import Arrays
from fsl_demo.training.events import silent
from fsl_demo.training.loop import Training
from fsl_demo.training.objectives import captioner
from fsl_demo.training.objectives.captioner import CaptioningObjective, likelihood, mirrored, statistics
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from tests.backbones.loaded import crops, networks
from tests.backbones.small_language import small_language


def drawn(count: int) -> np.ndarray:
    """Pictures of two kinds."""
    random = np.random.default_rng(0)
    kinds = random.standard_normal((2, 1, 999))
    noise = random.standard_normal((count, 130, 999))
    return (kinds[np.arange(count) % 2] + 0.3 * noise).astype(np.float16)


def test_towers_are_centred_each_by_its_own_mean() -> None:
    positions = drawn(40)
    mean, spread = statistics(positions)
    for number, part in enumerate(PARTS):
        pooled = positions[:, part].astype(np.float32).mean(axis=1)
        np.testing.assert_allclose(mean[number], pooled.mean(axis=0), atol=1e-3)
        assert float(spread[number]) == pytest.approx((pooled - pooled.mean(axis=0)).std(), abs=1e-3)


def test_mirrored_exchanges_left_and_right_within_each_row() -> None:
    torch.manual_seed(0)
    positions = torch.arange(130.0)[None, :, None].expand(64, 130, 2).half()
    mirrored_maps = mirrored(positions)
    turned = [number for number in range(64) if mirrored_maps[number, 0, 0] == 8]
    assert 16 < len(turned) < 48
    column = mirrored_maps[turned[0], :, 0]
    assert column[:9].tolist() == list(range(8, -1, -1)) and column[81:88].tolist() == list(range(87, 80, -1))
    kept = next(number for number in range(64) if number not in turned)
    assert torch.equal(mirrored_maps[kept], positions[kept].float())


@pytest.mark.slow
@pytest.mark.parametrize("method", ["prefix", "gated"])
def test_it_learns_to_tell_pictures_apart(method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A random language model becomes no writer, but two captions can be told by the picture."""
    monkeypatch.setattr(captioner, "BATCH", 8)
    language = small_language(tmp_path, monkeypatch)
    positions = drawn(8)
    captions = [[language.encode("a dog" if number % 2 else "two children")] * 2 for number in range(8)]
    torch.manual_seed(0)
    own = {"tokens": 2, "hidden": 16} if method == "prefix" else {"latents": 2, "heads": 2}
    network = NETWORKS[method](language, *statistics(positions), **own)

    def told(module: CaptioningObjective, turned: int) -> float:
        return likelihood(module.network, np.roll(positions, turned, axis=0), captions)

    setup = Setup(
        CaptioningObjective(network, captions),
        Arrays.numbered(positions),
        Schedule(epochs=60, rate=2e-2, decay=0.0),
        validate=lambda module: Figures(told(module, 0), told(module, 0)),
        augment=lambda maps: maps.float(),
        setting={},
    )
    loop = Training(setup, tmp_path / "run")
    loop.run(silent)
    assert told(loop.module, 0) > 2 * told(loop.module, 1)
    assert not [name for name in loop.best if "embed_tokens" in name]


def test_each_caption_is_read_after_its_own_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    language = small_language(tmp_path, monkeypatch)
    seen: list[tuple[list[int], list[float]]] = []

    class Noting(Captioning):
        def media(self, positions: torch.Tensor) -> torch.Tensor:
            return positions[:, :1]

        def loss(self, texts, media, smoothing=0.0):  # type: ignore[no-untyped-def]
            seen.extend((list(text), maps[:, 0, 0].tolist()) for text, maps in zip(texts, media, strict=True))
            return torch.zeros(())

    positions = torch.arange(4.0)[:, None, None].expand(4, 130, 999)
    captions = [[[10 * picture + number + 5] for number in range(5)] for picture in range(4)]
    module = CaptioningObjective(Noting(language, torch.zeros(2, 999), torch.ones(2)), captions)
    module(positions, torch.arange(4))
    assert len(seen) == 20
    for text, pictures in seen:
        assert text.count(PICTURE) == len(pictures)
        marks = [place for place, token in enumerate(text) if token == PICTURE]
        for mark, picture in zip(marks, pictures, strict=True):
            assert text[mark + 1] == language.end and [text[mark + 2]] in captions[int(picture)]
    assert sorted(len(pictures) for _, pictures in seen) == [1] * 18 + [2] * 2


def test_maps_are_kept_for_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = {Path(picture.name): picture for picture in crops("cat")[:3]}
    monkeypatch.setattr("fsl_demo.training.captioned_maps.ingest", pictures.__getitem__)
    shared = networks()
    first = maps(shared, list(pictures), tmp_path / "new" / "some.npy")
    assert first.shape == (3, 130, 999) and first.dtype == np.float16
    again = maps(networks(), list(pictures), tmp_path / "new" / "some.npy")
    np.testing.assert_array_equal(first, again)
    features = np.concatenate([np.asarray(first[:, part], np.float32).mean(axis=1) for part in PARTS[::-1]], axis=1)
    from fsl_demo.backbones.towers import PictureTowers

    np.testing.assert_allclose(features, PictureTowers(shared).embed(list(pictures.values())), atol=2e-3)
