"""Vectors of positions, against the formulas worked out by hand."""

from typing import Any

import numpy as np
import pytest
import torch

from fsl_demo.backbones.clip.positions import dense
from tests.backbones import tiny_clip


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_clip.register(monkeypatch)


def tower(name: str) -> Any:
    return tiny_clip.draw(name).visual.requires_grad_(False)


def positions(network: Any, images: torch.Tensor) -> np.ndarray:
    forward = dense(network)
    assert forward is not None
    with torch.inference_mode():
        return forward(images).numpy()


def normalised(rows: np.ndarray, norm: Any) -> np.ndarray:
    rows = (rows - rows.mean(axis=1, keepdims=True)) / np.sqrt(rows.var(axis=1, keepdims=True) + norm.eps)
    return rows * norm.weight.numpy() + norm.bias.numpy()


def test_a_transformers_last_attention_position_by_position() -> None:
    network, images = tower("tiny"), torch.rand(1, 3, 32, 32)
    last, heads, width = network.transformer.resblocks[-1], 2, 128
    with torch.inference_mode():
        before = network.transformer.resblocks[0](network._embeds(images))[0].numpy()
    rows = normalised(before, last.ln_1)
    weight, bias = last.attn.in_proj_weight.numpy(), last.attn.in_proj_bias.numpy()
    query, value = (rows @ weight[start : start + width].T + bias[start : start + width] for start in (0, 2 * width))
    mixed = np.zeros_like(rows)
    for head in range(heads):
        part = slice(head * width // heads, (head + 1) * width // heads)
        for row in range(len(rows)):
            weights = np.exp(query[:, part] @ query[row, part] / np.sqrt(width // heads))
            mixed[row, part] = weights @ value[:, part] / weights.sum()
    out = mixed @ last.attn.out_proj.weight.numpy().T + last.attn.out_proj.bias.numpy()
    wanted = (normalised(out, network.ln_post) @ network.proj.numpy())[1:].reshape(4, 4, 16)
    np.testing.assert_allclose(positions(network, images)[0].transpose(1, 2, 0), wanted, atol=1e-4)


def test_like_queries_give_like_positions() -> None:
    network = tower("tiny")
    network.transformer.resblocks[-1].attn.in_proj_weight[:128] = 0
    network.transformer.resblocks[-1].attn.in_proj_bias[:128] = 0
    maps = positions(network, torch.rand(1, 3, 32, 32))
    np.testing.assert_allclose(maps, np.broadcast_to(maps[:, :, :1, :1], maps.shape), atol=1e-5)
    assert positions(tower("tiny"), torch.rand(1, 3, 32, 32)).std(axis=(2, 3)).min() > 0


def test_a_resnets_values_make_up_its_vector_where_attention_is_even() -> None:
    network, images = tower("tiny-resnet"), torch.rand(2, 3, 64, 64)
    pool = network.attnpool
    for weights in (pool.positional_embedding, pool.q_proj.weight, pool.q_proj.bias):
        weights.zero_()
    maps = positions(network, images)
    assert maps.shape == (2, 16, 2, 2)
    with torch.inference_mode():
        np.testing.assert_allclose(maps.mean(axis=(2, 3)), network(images).numpy(), atol=1e-4)


def test_positions_of_an_averaging_network_make_up_its_vector() -> None:
    network, images = tower("tiny-mobile"), torch.rand(2, 3, 64, 64)
    maps = positions(network, images)
    assert maps.shape == (2, 16, 2, 2)
    with torch.inference_mode():
        np.testing.assert_allclose(maps.mean(axis=(2, 3)), network(images).numpy(), rtol=1e-3, atol=1e-3)


def test_other_towers_have_none() -> None:
    assert dense(tower("tiny-pooler")) is None
