"""CLIP is fine-tuned by low-rank changes, which are versions of a checkpoint. This proves the path, not an accuracy."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from fsl_demo import checkpoints
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.clip import adapter
from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import layout
from fsl_demo.core.episodes import ClassSpec, Episode, Example, quiet
from fsl_demo.core.errors import UserError
from fsl_demo.layers import lora
from fsl_demo.methods.clip.method import ClipMethod, ClipSettings
from fsl_demo.services import receipt
from fsl_demo.services.finetuning import Finetuned, FinetuneOptions, carry_out, requested
from fsl_demo.training.events import EpochDone, Event
from fsl_demo.training.tasks.finetune_clip import together
from tests import tuned
from tests.backbones import tiny_clip


@pytest.fixture(autouse=True)
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a tiny model's weights."""
    tiny_clip.register(monkeypatch)
    monkeypatch.setattr(layout, "FOLDER", tmp_path / "checkpoints")
    monkeypatch.setattr(receipt, "EXPLAINED", 1)
    return f"tiny:{tiny_clip.save('tiny', tmp_path / 'mine.safetensors')}"


def finetuned(folder: Path, start: str, events: list[Event] | None = None) -> Finetuned:
    options = FinetuneOptions(epochs=3, rate=0.02)
    made = carry_out(
        requested("clip", tuned.collection(), start, options=options),
        tuned.collection(),
        folder=folder / "run",
        networks=tuned.networks(),
        on_event=(events if events is not None else []).append,
        root=folder,
    )
    assert made is not None
    return made


def probabilities(model: str) -> np.ndarray:
    """Of some digits, by names and one picture a class."""
    members = tuned.digits()
    support = tuple(Example(pictures[0], index) for index, pictures in enumerate(members.values()))
    queries = tuple(pictures[1] for pictures in members.values())
    episode = Episode(tuple(map(ClassSpec, members)), support)
    method = ClipMethod(tuned.networks())
    return method.fit(episode, ClipSettings(model), quiet).predict(queries, quiet).probabilities


def test_changes_of_weights_are_versions_that_are_put_to_use_and_rolled_back(tmp_path: Path, weights: str) -> None:
    events: list[Event] = []
    before = probabilities(weights)
    made = finetuned(tmp_path, weights, events)
    name = made.version.name
    assert name.startswith("clip_tiny_") and made.version.version == 2 and checkpoints.entry(name).in_use == 1
    losses = [event.loss for event in events if isinstance(event, EpochDone)]
    assert losses[-1] < losses[0]
    card = checkpoints.load(f"{name}@2").card
    assert card.base is not None and card.base.name == weights and card.method == "clip"
    assert sum(array.size for array in checkpoints.load(f"{name}@2").arrays.values()) < 20_000

    adapted = f"adapted:{name}"
    np.testing.assert_array_equal(probabilities(adapted), before)
    checkpoints.use(name, 2)
    changed = probabilities(adapted)
    assert np.abs(changed - before).max() > 1e-3
    np.testing.assert_allclose(probabilities(f"{adapted}@2"), changed)
    checkpoints.roll_back(name)
    np.testing.assert_array_equal(probabilities(adapted), before)
    assert made.receipt.before.version == 1 and made.receipt.figures is not None
    assert made.receipt.flips


def test_a_change_of_a_change_is_one_whose_product_is_the_sum() -> None:
    random = np.random.default_rng(0)
    first, second = (
        {"w.down": random.normal(size=(rank, 5)), "w.up": random.normal(size=(7, rank))} for rank in (2, 3)
    )
    joined = together({**first, "kept.down": np.ones((1, 2))}, second)
    products = [change["w.up"] @ change["w.down"] for change in (first, second)]
    np.testing.assert_allclose(joined["w.up"] @ joined["w.down"], sum(products))
    assert "kept.down" in joined


@pytest.mark.parametrize("architecture", ["tiny", "tiny-resnet", "tiny-mobile", "tiny-pooler"])
def test_what_is_exported_changes_the_model_as_peft_does(architecture: str, tmp_path: Path) -> None:
    network = tiny_clip.draw(architecture).requires_grad_(False)
    names = lora.inject(network, rank=2, alpha=4)
    with torch.no_grad():
        for parameter in names.values():
            parameter.normal_(0, 0.05)
    size = tiny_clip.CONFIGS[architecture]["vision_cfg"]["image_size"]
    pictures, tokens = torch.rand(2, 3, size, size), tiny_clip.library().get_tokenizer(architecture)(["a cat", "dogs"])
    values = {name: parameter.detach().numpy() for name, parameter in names.items()}
    arrays = lora.changes(network, values, rank=2, alpha=4)
    checkpoints.save("changed", arrays=arrays, card={"method": "clip", "architecture": "a change"})
    merged = tiny_clip.draw(architecture)
    with torch.inference_mode():
        plain = merged.encode_text(tokens)
        adapter.merge(merged, checkpoints.load("changed"))
        expected = network.encode_image(pictures), network.encode_text(tokens)
        for ours, theirs in zip((merged.encode_image(pictures), merged.encode_text(tokens)), expected, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)
        assert (merged.encode_text(tokens) - plain).abs().max() > 1e-3


def test_other_weights_under_the_same_name_are_refused(tmp_path: Path, weights: str) -> None:
    name, _, _ = adapter.plain(weights).partition("@")
    assert adapter.plain(weights) == f"{name}@1" and len(checkpoints.entry(name).versions) == 1
    tiny_clip.save("tiny", tmp_path / "mine.safetensors", seed=1)
    with pytest.raises(UserError) as refused:
        Networks(FeatureCache()).clip(f"adapted:{name}").load()
    assert refused.value.code == "clip_base_differs"


def test_a_change_that_does_not_fit_is_refused(weights: str) -> None:
    card = checkpoints.load(adapter.plain(weights)).card.as_dict()
    for key, array in (("nothing.weight.down", np.zeros((2, 4))), ("text_projection.down", np.zeros((2, 3)))):
        checkpoints.save("wrong", arrays={key: array.astype(np.float32)}, card=card)
        with pytest.raises(UserError, match="does not fit"):
            probabilities("adapted:wrong")


def test_without_peft_it_says_what_to_install(tmp_path: Path, weights: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(UserError) as refused:
        finetuned(tmp_path, weights)
    assert refused.value.code == "lora_missing"


def test_weights_that_are_not_here_are_not_fetched(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        requested("clip", tuned.collection(), "ViT-B-32/laion2b_s34b_b79k")
    assert refused.value.code == "clip_absent"
