"""Training captioners on a frozen language model: which pictures go with which words, and what is left out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from fsl_demo.backbones.captioners import IGNORED, NETWORKS, PARTS, PICTURE, Captioning
from fsl_demo.backbones.language_model import LanguageModel
from fsl_demo.core.episodes import Caption, quiet
from fsl_demo.inference.compact_space import of_sentences
from fsl_demo.training.captioned_maps import maps
from fsl_demo.training.consensus import Consensus
from fsl_demo.training.data import Arrays
from fsl_demo.training.events import silent
from fsl_demo.training.export import Export
from fsl_demo.training.loop import Training
from fsl_demo.training.objectives import captioner
from fsl_demo.training.objectives.captioner import CaptioningObjective, agreement, mirrored, statistics
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from fsl_demo.training.tasks import captioner as task
from tests.backbones.loaded import crops, networks
from tests.backbones.small_language import small_language


def drawn(count: int) -> np.ndarray:
    """Pictures of two kinds."""
    random = np.random.default_rng(0)
    kinds = random.standard_normal((2, 1, 999))
    noise = random.standard_normal((count, 130, 999))
    return (kinds[np.arange(count) % 2] + 0.3 * noise).astype(np.float16)


def small(method: str) -> dict[str, int]:
    return {"tokens": 2, "hidden": 16, "adapter": 8} if method == "prefix" else {"latents": 2, "heads": 2}


def consensus_of(captions: Sequence[Sequence[list[int]]], language: LanguageModel) -> Consensus:
    return Consensus(captions, torch.tensor(language.begins_word()), language.end)


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
    monkeypatch.setattr(captioner, "LONGEST", 8)
    language = small_language(tmp_path, monkeypatch)
    positions = drawn(8)
    captions = [[language.encode("a dog" if number % 2 else "two children")] * 2 for number in range(8)]
    torch.manual_seed(0)
    network = NETWORKS[method](language, *statistics(positions), **small(method))

    consensus = consensus_of(captions, language)

    def told(module: CaptioningObjective, turned: int) -> float:
        return agreement(module.network, torch.from_numpy(np.roll(positions, turned, axis=0)), consensus)

    setup = Setup(
        CaptioningObjective(network, positions, captions=captions, consensus=consensus, critical_from=50),
        Arrays.numbered(np.arange(8)),
        Schedule(epochs=60, rate=2e-2, decay=0.0, turn=50 / 60, after=0.1),
        validate=lambda module: Figures(told(module, 0), told(module, 0)),
        augment=lambda numbers: numbers,
        setting={},
    )
    loop = Training(setup, tmp_path / "run")
    loop.run(silent)
    assert told(loop.module, 0) > 2 * told(loop.module, 1)
    assert not [name for name in loop.best if "embed_tokens" in name or name in ("positions", "captions")]


@pytest.mark.slow
@pytest.mark.parametrize(("method", "precision"), [("prefix", "bf16"), ("gated", "no")])
def test_own_sentences_become_what_they_are_praised_for(
    method: str, precision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody ever shows it a caption."""
    monkeypatch.setattr(captioner, "LONGEST", 8)
    language = small_language(tmp_path, monkeypatch)
    positions, kinds = drawn(8), (torch.arange(8) % 2).repeat_interleave(20)[:, None]
    torch.manual_seed(0)
    network = NETWORKS[method](language, *statistics(positions), **small(method))
    captions = [[language.encode("a dog")]] * 8
    module = CaptioningObjective(
        network, positions, captions=captions, consensus=consensus_of(captions, language), critical_from=0
    )
    monkeypatch.setattr(
        module, "praise", lambda tokens, pictures: (tokens % 2 == (pictures % 2)[:, None, None]).float().mean(-1)
    )
    next(module.batches(np.arange(8), 0, 0))
    before = network.speak(network.media(torch.from_numpy(positions).float()), 10, samples=20)
    optimiser = torch.optim.Adam(module.parameters(), 5e-3)
    for _ in range(40):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            loss = module(torch.arange(8), torch.arange(8))
        loss.backward()
        assert all(value.grad is not None for value in module.parameters())
        optimiser.step()
        optimiser.zero_grad()
    after = network.speak(network.media(torch.from_numpy(positions).float()), 10, samples=20)
    shares = [(tokens % 2 == kinds).float().mean().item() for tokens in (before, after)]
    assert shares[0] < 0.65 and shares[1] > shares[0] + 0.2


def test_each_caption_is_read_after_its_own_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    language = small_language(tmp_path, monkeypatch)
    seen: list[tuple[list[int], list[float]]] = []

    class Noting(Captioning):
        def media(self, positions: torch.Tensor) -> torch.Tensor:
            return positions[:, :1]

        def surprise(self, tokens, media):  # type: ignore[no-untyped-def]
            texts = [[token for token in text if token != IGNORED] for text in tokens.tolist()]
            seen.extend((text, maps[:, 0, 0].tolist()) for text, maps in zip(texts, media, strict=True))
            return torch.zeros(1), torch.ones(1)

    positions = np.arange(4, dtype=np.float16)[:, None, None].repeat(130, 1).repeat(999, 2)
    captions = [[[10 * picture + number + 5] for number in range(5)] for picture in range(4)]
    network = Noting(language, torch.zeros(2, 999), torch.ones(2))
    module = CaptioningObjective(
        network, positions, captions=captions, consensus=consensus_of(captions, language), critical_from=1
    )
    module(torch.arange(4), torch.arange(4))
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


def test_doubt_is_learned_from_captions_that_know_what_photographs_are_like(monkeypatch: pytest.MonkeyPatch) -> None:
    """People are looked for by that mean, so captions without it are others."""
    pictures = [*crops("cat")[:2], *crops("coffee")[:2]]
    mean = of_sentences(networks())().embed(pictures).mean(axis=0)
    drafts: list[Any] = []

    @contextmanager
    def draft(export: Export) -> Iterator[Path]:
        drafts.append(export.arrays)
        yield Path("draft")

    class Dictated:
        def __init__(self, *_: object) -> None: ...

        def describe(self, pictures: Sequence[Any], progress: object) -> list[list[Caption]]:
            return [[Caption("a cat", -1.0, fit=number / 3, doubtful=False)] for number in range(len(pictures))]

    monkeypatch.setitem(task.CAPTIONERS, "prefix", Dictated)
    monkeypatch.setattr(task, "ingest", lambda file: pictures[int(file.name)])
    trained: Any = SimpleNamespace(reporter=SimpleNamespace(note=lambda text: None, progress=quiet), draft=draft)
    facts: Any = None
    exported = task.CaptionerTask("prefix", Path())._with_doubt(
        trained,
        export=Export({"weight": np.ones(1)}, facts),
        networks=networks(),
        language=None,  # type: ignore[arg-type]
        files=[Path(str(number)) for number in range(4)],
    )
    (draft_arrays,) = drafts
    np.testing.assert_allclose(draft_arrays["doubt_photographs"], mean, atol=1e-5)
    assert set(exported.arrays) == {"weight", "doubt_photographs", "doubt_below"}
    np.testing.assert_array_equal(exported.arrays["doubt_photographs"], draft_arrays["doubt_photographs"])
    assert exported.arrays["doubt_below"][0] == pytest.approx(0.05)
