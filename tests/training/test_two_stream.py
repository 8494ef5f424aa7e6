"""What the two-stream model is taught: masks, groups, losses, and which blend is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fsl_demo.datasets.flickr8k import Captioned
from fsl_demo.training.caption_features import Features
from fsl_demo.training.caption_search import Searched, confused
from fsl_demo.training.objectives.two_stream import (
    BATCH,
    GROUP,
    HARD,
    MASKED,
    Texts,
    TwoStreamObjective,
    choices,
    masked,
)
from tests.backbones.loaded import networks

CAPTIONS = ("a dog runs on the grass", "two children play in the snow", "a man rides a red bicycle", "a cat sleeps")
COUNT = 24


def texts() -> Texts:
    return Texts.read(networks().texts, [[f"{CAPTIONS[n % 4]} again"] * 5 for n in range(COUNT)])


def objective() -> TwoStreamObjective:
    """On pictures that are noise, with captions of their own."""
    random = np.random.default_rng(0)
    pictures = random.standard_normal((COUNT, 1998)).astype(np.float32)
    captions = random.standard_normal((COUNT, 5, 768)).astype(np.float32)
    known = Features(pictures, captions=captions, teacher=np.zeros((1, 1), np.float32))
    near = np.array([[m for m in range(COUNT) if m != n][:6] for n in range(COUNT)])
    torch.manual_seed(0)
    return TwoStreamObjective(networks().texts, texts(), known=known, near=near)


def test_fifteen_in_a_hundred_tokens_are_masked_and_never_special_ones() -> None:
    torch.manual_seed(0)
    tokens = torch.tensor([101, 7, 8, 9, 102, 0]).repeat(5000, 1)
    real = torch.tensor([True] * 5 + [False]).repeat(5000, 1)
    hidden = masked(tokens, real, torch.tensor([0, 100, 101, 102, 103]))
    assert not hidden[:, [0, 4, 5]].any()
    assert float(hidden[:, 1:4].float().mean()) == pytest.approx(MASKED, abs=0.01)
    assert not torch.equal(hidden, masked(tokens, real, torch.tensor([0, 100, 101, 102, 103])))


def test_groups_hold_confused_pictures_and_none_twice() -> None:
    module = objective()
    batches = list(module.batches(np.arange(COUNT), 0, 0))
    assert sum(map(len, batches)) == COUNT and all(len(batch) <= BATCH for batch in batches)
    for group in np.concatenate(batches).reshape(-1, GROUP):
        assert len(set(group)) == GROUP  # so no negative is the own picture
        assert set(group[1 : 1 + HARD]) <= set(module._near[group[0]])
    again, other = (np.concatenate(list(module.batches(np.arange(COUNT), 0, epoch))) for epoch in (0, 1))
    assert np.array_equal(again, np.concatenate(batches)) and not np.array_equal(other, again)


def test_pictures_that_are_confused_are_others() -> None:
    class Space:
        def project(self, features: np.ndarray) -> np.ndarray:
            return features

        def texts(self, sentences: Sequence[Sequence[str]]) -> np.ndarray:
            return pictures[[int(number) for number, *_ in sentences]]

    random = np.random.default_rng(0)
    pictures = random.standard_normal((60, 4)).astype(np.float32)
    known = Features(pictures, captions=np.zeros((60, 5, 4), np.float32), teacher=np.zeros((60, 1), np.float32))
    space: Any = Space()
    near = confused(space, known=known, data=Captioned([Path()] * 60, [[str(number)] * 5 for number in range(60)]))
    for number, row in enumerate(near):
        order = [other for other in np.argsort(-(pictures @ pictures[number])) if other != number]
        assert row.tolist() == order[: len(row)]


def test_choosing_by_hand() -> None:
    logits = torch.tensor([[[1.0, 0.0], [2.0, 3.0]]])
    rows = [np.log(1 + np.exp(-1.0)), np.log(1 + np.exp(-1.0))]
    columns = [np.log(1 + np.exp(1.0)), np.log(1 + np.exp(-3.0))]
    assert float(choices(logits)) == pytest.approx((np.mean(rows) + np.mean(columns)) / 2)


@pytest.mark.slow
def test_the_loss_falls_and_the_language_model_stays() -> None:
    """On a few pictures that it sees again and again."""
    module = objective()
    assert not any(name.startswith("_minilm") for name in module.state_dict())
    positions, indices = torch.randn(8, 81, 999) / 30, torch.arange(8)
    language = networks().texts.load()[1]
    before = language.get_input_embeddings().weight.clone()
    optimiser = torch.optim.AdamW(module.parameters(), 2e-3)
    module.train()
    losses = []
    for _ in range(12):
        loss = module(positions, indices)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.7 * losses[0]
    assert torch.equal(before, language.get_input_embeddings().weight)


@pytest.mark.slow
def test_the_blend_is_the_best_one_and_figures_are_those_of_a_loop() -> None:
    module, random = objective().eval(), np.random.default_rng(0)
    likeness = np.sort(random.uniform(size=(COUNT * 5, 10)), axis=1)[:, ::-1].astype(np.float32)
    candidates = np.stack([random.permutation(COUNT)[:10] for _ in range(COUNT * 5)])
    positions = (random.standard_normal((COUNT, 130, 999)) / 30).astype(np.float16)
    searched = Searched(positions, texts(), similarities=likeness, candidates=candidates)
    every = 10
    blend = searched.blend(module, every)
    weight, figures = blend.weight, blend.as_dict()
    with torch.inference_mode():
        right = []
        for caption in range(0, COUNT * 5, every):
            tokens, real = (values.flatten(0, 1)[caption : caption + 1] for values in (texts().tokens, texts().real))
            sentence = module.model.texts(module.vectors(tokens, real))
            scores = []
            for number, similarity in zip(candidates[caption], likeness[caption], strict=True):
                picture = module.model.pictures(torch.from_numpy(positions[number : number + 1, :81]).float())
                match = float(module.model.match(module.model(picture, sentence, real)[-1], real))
                scores.append((1 - weight) * similarity + weight * match)
            right.append(candidates[caption][int(np.argmax(scores))] == caption // 5)
    assert figures["accuracy"] == pytest.approx(np.mean(right))
    assert blend.accuracy >= max(blend.built_in_order, blend.match_alone)
