"""A small case of every kind of training: what its loop is given."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fsl_demo.backbones.architecture import Architecture
from fsl_demo.backbones.captioners import NETWORKS
from fsl_demo.backbones.embedder import Embedder
from fsl_demo.training.data import Arrays
from fsl_demo.training.objectives import adapted_clip, captioner, detector, language_model, picture_space, two_stream
from fsl_demo.training.objectives import semantic_dictionary as dictionary
from fsl_demo.training.objectives.adapted_clip import AdaptedClipObjective
from fsl_demo.training.objectives.captioner import CaptioningObjective, statistics
from fsl_demo.training.objectives.compact_vlm import CompactVlmObjective
from fsl_demo.training.objectives.language_model import LanguageModelObjective
from fsl_demo.training.objectives.metric import Can, S3Net, Sampling, Siamese
from fsl_demo.training.objectives.picture_space import PictureSpaceObjective
from fsl_demo.training.objectives.semantic_dictionary import SemanticDictionaryObjective
from fsl_demo.training.objectives.tuned_names import TunedNamesObjective
from fsl_demo.training.objectives.tuned_space import TunedSpaceObjective
from fsl_demo.training.recipes import INK
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Objective, Setup
from tests.backbones import tiny_clip
from tests.backbones.loaded import networks
from tests.backbones.small_language import ARCHITECTURE, small_language
from tests.training import dictionary as dictionary_data
from tests.training import test_captioners, test_detector, test_language_model, test_loop, test_two_stream
from tests.training.things import lessons, pictures_of

STEPS = 4
"""Batches of a case, at most."""
Made = tuple[Objective, Arrays, Callable[[Any], Any]]


def setups(folder: Path, patch: pytest.MonkeyPatch) -> dict[str, Callable[[], Setup[Any]]]:
    """By the name of the training, and of the method where it trains several: makes what the loop trains.

    Args:
        folder: for a language model.
    """
    patch.setattr(captioner, "LONGEST", 8)
    patch.setattr(detector, "CANVAS", 128)
    for module, size in ((captioner, 2), (language_model, 3), (two_stream, 4)):
        patch.setattr(module, "BATCH", size)
    patch.setattr(picture_space, "CHANNELS", 8)
    patch.setattr(picture_space, "WAY", 2)
    patch.setattr(adapted_clip, "SIZE", 4)
    for name, value in dictionary_data.SMALL.items():
        patch.setattr(dictionary, name, value)
    tiny_clip.register(patch)
    language = small_language(folder, patch)
    made: dict[str, Callable[[], Made]] = {
        "picture_space": _picture_space,
        "classes: siamese": lambda: _network(Siamese),
        "classes: s3net": lambda: _network(S3Net),
        "classes: can": lambda: _network(Can),
        "compact_vlm": _compact_vlm,
        "language_model": _language_model,
        "captioner: prefix": lambda: _captioner("prefix", language),
        "captioner: gated": lambda: _captioner("gated", language),
        "two_stream": _two_stream,
        "detector": _detector,
        "semantic_dictionary": _dictionary,
        "finetune_picture_space": lambda: (TunedSpaceObjective(8), _vectors(8), _same),
        "finetune_compact_vlm": lambda: (TunedNamesObjective(np.eye(4, 8, dtype=np.float32)), _vectors(12), _same),
        "finetune_clip": _clip,
    }
    return {name: lambda make=make: _setup(make) for name, make in made.items()}  # type: ignore[misc]


def _setup(make: Callable[[], Made]) -> Setup[Any]:
    torch.manual_seed(0)
    objective, data, augment = make()
    whole = objective.batches
    objective.batches = lambda *given: islice(whole(*given), STEPS)  # type: ignore[method-assign]
    return Setup(
        objective,
        data,
        Schedule(epochs=1, rate=1e-2, decay=0.01),
        validate=lambda module: Figures(0.5, 0.5),
        augment=augment,
        setting={},
    )


def _same(batch: Any) -> Any:
    return batch


def _vectors(channels: int) -> Arrays:
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 8)
    images = random.standard_normal((len(labels), channels)).astype(np.float32)
    return Arrays(images, labels=labels, names=tuple("abcd"), pairs=np.zeros((0, 3), int))


def _picture_space() -> Made:
    data = _vectors(16)
    return PictureSpaceObjective(data.images, data.labels, groups=np.zeros(4, int)), data, _same


def _network(kind: Any) -> Made:
    objective = kind(
        Embedder(Architecture("twin", "ink28", 16)), 10, Sampling(size=24, together=4, way=3, queries=2, episodes=16)
    )
    augment, _ = INK.preparing(objective.embedder.architecture)
    return objective, test_loop.part(0, 100), augment


def _compact_vlm() -> Made:
    return CompactVlmObjective(networks().texts, lessons(8, channels=24)), Arrays.numbered(pictures_of(8, 24)), _same


def _language_model() -> Made:
    known = test_language_model
    module = LanguageModelObjective(
        ARCHITECTURE, known.CAPTIONS * 2, keywords=known.KEYWORDS * 2, names=known.NAMES, stem=known.STEM
    )
    return module, Arrays.numbered(np.arange(12)), _same


def _captioner(method: str, language: Any) -> Made:
    positions = test_captioners.drawn(8)
    captions = [[language.encode("a dog" if number % 2 else "two children")] * 2 for number in range(8)]
    network = NETWORKS[method](language, *statistics(positions), **test_captioners.small(method))
    consensus = test_captioners.consensus_of(captions, language)
    module = CaptioningObjective(network, positions, captions=captions, consensus=consensus, critical_from=50)
    return module, Arrays.numbered(np.arange(8)), _same


def _two_stream() -> Made:
    positions = np.random.default_rng(0).standard_normal((test_two_stream.COUNT, 81, 999)) / 30
    return test_two_stream.objective(), Arrays.numbered(positions.astype(np.float32)), _same


def _detector() -> Made:
    module = test_detector.objective()
    module.batches = lambda *given: iter(np.array([[0, 1], [1, 2], [2, 0], [0, 2]]))  # type: ignore[method-assign]
    return module, Arrays.numbered(test_detector.pictures().numpy()), _same


def _dictionary() -> Made:
    words, table, features = dictionary_data.data()
    module = SemanticDictionaryObjective(words, table, features=dictionary_data.CHANNELS, steps=20)
    return module, Arrays.numbered(features), _same


def _clip() -> Made:
    tokens = tiny_clip.library().get_tokenizer("tiny")(["a cat", "a dog"])
    random = np.random.default_rng(0)
    pictures = random.standard_normal((16, 3, 32, 32)).astype(np.float16)
    data = Arrays(pictures, labels=np.arange(16) % 2, names=("cat", "dog"), pairs=np.zeros((0, 3), int))
    return AdaptedClipObjective(tiny_clip.draw("tiny").requires_grad_(False), tokens), data, lambda batch: batch.float()
