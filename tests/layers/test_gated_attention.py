"""Gated cross-attention: closed at first, and a word sees only the picture right before it."""

import torch
from torch import Tensor

from fsl_demo.layers.gated_attention import GatedAttention


def opened() -> GatedAttention:
    torch.manual_seed(0)
    layer = GatedAttention(8, 2)
    layer.gates.data.fill_(0.05)
    return layer


def drawn() -> tuple[Tensor, Tensor, Tensor]:
    """Five words, the first before any picture, two after each of two pictures of three latents."""
    return torch.randn(1, 5, 8), torch.randn(1, 2, 3, 8), torch.tensor([[-1, 0, 0, 1, 1]])


def test_closed_gates_let_the_states_through() -> None:
    states, media, preceding = drawn()
    attended, _ = GatedAttention(8, 2)(states, media, preceding)
    assert torch.equal(attended, states)


def test_a_word_sees_only_the_picture_right_before_it() -> None:
    layer, (states, media, preceding) = opened(), drawn()
    before, weights = layer(states, media, preceding)
    for picture, touched in ((0, [1, 2]), (1, [3, 4])):
        other = media.clone()
        other[0, picture] += 1
        after, _ = layer(states, other, preceding)
        changed = (after - before).abs().sum(-1)[0] > 0
        assert changed.nonzero().flatten().tolist() == touched
    assert not weights[0, 1, 3:].any() and not weights[0, 3, :3].any()


def test_a_word_before_any_picture_stays_as_it_is() -> None:
    layer, (states, media, preceding) = opened(), drawn()
    attended, _ = layer(states, media, preceding)
    assert torch.equal(attended[0, 0], states[0, 0])


def test_the_gates_weigh_attention_and_feed_forward() -> None:
    layer, (states, media, preceding) = opened(), drawn()
    attended = (
        states
        + layer.opened()[0]
        * layer.attention(
            layer.norm(states), media.flatten(1, 2), preceding[:, :, None] == torch.tensor([0, 0, 0, 1, 1, 1])
        )[0]
    )
    expected = attended + layer.opened()[1] * layer.feed_forward(attended)
    torch.testing.assert_close(layer(states, media, preceding)[0][0, 1:], expected[0, 1:])
