"""Every kind of objective that was stopped between two steps comes to the numbers of a run that was not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fsl_demo.backbones.architecture import Architecture
from fsl_demo.backbones.captioners import NETWORKS
from fsl_demo.backbones.embedder import Embedder
from fsl_demo.core.errors import Cancelled
from fsl_demo.training.caption_features import Features
from fsl_demo.training.consensus import Consensus
from fsl_demo.training.data import Arrays
from fsl_demo.training.events import Event, Stepped, silent
from fsl_demo.training.loop import Training
from fsl_demo.training.objectives import captioner, compact_vlm, language_model, two_stream
from fsl_demo.training.objectives.captioner import CaptioningObjective, agreement, statistics
from fsl_demo.training.objectives.compact_vlm import CompactVlmObjective, figure
from fsl_demo.training.objectives.language_model import LanguageModelObjective
from fsl_demo.training.objectives.metric import Can, S3Net, Sampling, Siamese
from fsl_demo.training.objectives.two_stream import TwoStreamObjective
from fsl_demo.training.recipes import INK
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from fsl_demo.training.texts import Texts
from tests.backbones.loaded import networks
from tests.backbones.small_language import ARCHITECTURE, small_language
from tests.training.things import lessons, pictures_of

pytestmark = pytest.mark.slow

COUNT, BATCH = 24, 8
SCHEDULE = Schedule(epochs=2, rate=2e-3, decay=0.01)
CAPTIONS = ("a dog runs on the grass", "two children play in the snow", "a man rides a bike on the street")


def texts(picture: int) -> list[str]:
    return [f"{CAPTIONS[(picture + number) % 3]} again" for number in range(5)]


def classes(kind: Any) -> Setup[Any]:
    embedder = Embedder(Architecture("twin", "ink28", 16))
    augment, setting = INK.preparing(embedder.architecture)
    images = np.random.default_rng(0).integers(0, 256, (COUNT, 32, 32, 1), np.uint8)
    data = Arrays(images, np.arange(COUNT) % 4, names=tuple("abcd"), pairs=np.zeros((0, 3), int))
    sampling = Sampling(size=BATCH, together=2, way=4, queries=1, episodes=4)
    return Setup(
        kind(embedder, 4, sampling), data, schedule=SCHEDULE, validate=halves, augment=augment, setting=setting
    )


def halves(module: Any) -> Figures:
    return Figures(0.5, 0.5)


def captions(kind: str, folder: Path, patch: pytest.MonkeyPatch) -> Setup[Any]:
    patch.setattr(captioner, "BATCH", BATCH)
    patch.setattr(captioner, "CRITICAL_BATCH", BATCH)
    patch.setattr(captioner, "LONGEST", 8)
    language = small_language(folder, patch)
    positions = np.random.default_rng(0).standard_normal((COUNT, 130, 999)).astype(np.float16)
    tokens = [[language.encode(text) for text in texts(picture)] for picture in range(COUNT)]
    own = {"tokens": 2, "hidden": 16, "adapter": 8} if kind == "prefix" else {"latents": 2, "heads": 2}
    torch.manual_seed(0)
    network = NETWORKS[kind](language, *statistics(positions), dropout=0.3, **own)
    consensus = Consensus(tokens, torch.tensor(language.begins_word()), language.end)

    def validate(module: CaptioningObjective) -> Figures:
        share = agreement(module.network, torch.from_numpy(positions), consensus)
        return Figures(share, share)

    objective = CaptioningObjective(network, positions, captions=tokens, consensus=consensus, critical_from=1)
    return Setup(
        objective,
        Arrays.numbered(np.arange(COUNT)),
        schedule=SCHEDULE,
        validate=validate,
        augment=lambda numbers: numbers,
        setting={},
    )


def words(patch: pytest.MonkeyPatch) -> Setup[Any]:
    patch.setattr(language_model, "BATCH", BATCH)
    tokens = [[[10 * picture + number + 5, 3, 4] for number in range(5)] for picture in range(COUNT)]
    keywords = [[[150 + picture], [160 + picture, 170]] for picture in range(COUNT)]
    objective = LanguageModelObjective(
        ARCHITECTURE, tokens, keywords=keywords, names=[[201, 202], [203]], stem=[101, 102]
    )

    def validate(module: LanguageModelObjective) -> Figures:
        share = language_model.likelihood(module, tokens)
        return Figures(share, share)

    return Setup(
        objective,
        Arrays.numbered(np.arange(COUNT)),
        schedule=SCHEDULE,
        validate=validate,
        augment=lambda pictures: pictures,
        setting={},
    )


def known() -> Features:
    random = np.random.default_rng(0)
    pictures, captions = (random.standard_normal((COUNT, *shape)).astype(np.float32) for shape in ((1998,), (5, 768)))
    return Features(pictures, captions=captions, teacher=np.full((COUNT, 7), 1 / 7, np.float32))


def heads(patch: pytest.MonkeyPatch) -> Setup[Any]:
    patch.setattr(compact_vlm, "BATCH", BATCH)
    patch.setattr(compact_vlm, "PASSES", 1)
    data, minilm = lessons(COUNT, channels=24), networks().texts
    pictures = pictures_of(COUNT, 24)

    def validate(module: CompactVlmObjective) -> Figures:
        share = figure(module, data.positions, data.captions)
        return Figures(share, share)

    return Setup(
        CompactVlmObjective(minilm, data),
        Arrays.numbered(pictures),
        schedule=SCHEDULE,
        validate=validate,
        augment=lambda pictures: pictures,
        setting={},
    )


def streams(patch: pytest.MonkeyPatch) -> Setup[Any]:
    patch.setattr(two_stream, "BATCH", BATCH)
    minilm = networks().texts
    near = np.array([[other for other in range(COUNT) if other != own][:6] for own in range(COUNT)])
    positions = (np.random.default_rng(0).standard_normal((COUNT, 81, 999)) / 30).astype(np.float16)
    objective = TwoStreamObjective(
        minilm, Texts.read(minilm, [texts(n) for n in range(COUNT)]), known=known(), near=near
    )
    return Setup(
        objective,
        Arrays.numbered(positions),
        schedule=SCHEDULE,
        validate=halves,
        augment=lambda pictures: pictures.float(),
        setting={},
    )


def setup(kind: str, folder: Path, patch: pytest.MonkeyPatch) -> Setup[Any]:
    """A fresh process's setup."""
    torch.manual_seed(0)
    made: dict[str, Callable[[], Setup[Any]]] = {
        "siamese": lambda: classes(Siamese),
        "s3net": lambda: classes(S3Net),
        "can": lambda: classes(Can),
        "prefix": lambda: captions("prefix", folder, patch),
        "gated": lambda: captions("gated", folder, patch),
        "language-model": lambda: words(patch),
        "compact-vlm": lambda: heads(patch),
        "two-stream": lambda: streams(patch),
    }
    return made[kind]()


KINDS = ("siamese", "s3net", "can", "prefix", "gated", "language-model", "compact-vlm", "two-stream")


@pytest.mark.parametrize("kind", KINDS)
def test_a_stopped_run_goes_on_to_the_same_numbers(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[Event] = []
    whole = Training(setup(kind, tmp_path / "a", monkeypatch), tmp_path / "whole")
    expected = whole.run(events.append)
    steps = sum(isinstance(event, Stepped) and event.epoch == 1 for event in events)
    assert steps > 1

    seen: list[Event] = []
    stopped = Training(setup(kind, tmp_path / "b", monkeypatch), tmp_path / "run")
    with pytest.raises(Cancelled):
        stopped.run(seen.append, lambda: sum(isinstance(event, Stepped) for event in seen) > steps)
    torch.rand(5)  # the state of the generator is another one
    again = Training(setup(kind, tmp_path / "c", monkeypatch), tmp_path / "run")
    weights = again.run(silent)
    assert weights.keys() == expected.keys() and all(torch.equal(weights[name], expected[name]) for name in weights)
    for row, other in zip(again.history.rows, whole.history.rows, strict=True):
        assert {**row, "pictures_per_second": 0} == {**other, "pictures_per_second": 0}
