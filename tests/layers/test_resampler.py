"""Flamingo's resampler: attention in a loop, and where latents look."""

import math

import torch

from fsl_demo.layers.resampler import Attention, Resampler


def test_attention_is_the_softmax_of_products() -> None:
    torch.manual_seed(0)
    layer = Attention(4, 2).requires_grad_(False)
    asking, asked = torch.randn(1, 3, 4), torch.randn(1, 5, 4)
    attended, weights = layer(asking, asked)
    key, value = layer.key_value(asked)[0].split(4, dim=1)
    query = layer.query(asking)[0]
    for t in range(3):
        out: list[float] = []
        means = [0.0] * 5
        for head in (slice(0, 2), slice(2, 4)):
            logits = [float(query[t, head] @ key[s, head]) / math.sqrt(2) for s in range(5)]
            total = sum(map(math.exp, logits))
            shares = [math.exp(logit) / total for logit in logits]
            means = [mean + share / 2 for mean, share in zip(means, shares, strict=True)]
            out += [sum(shares[s] * float(value[s, head][i]) for s in range(5)) for i in range(2)]
        torch.testing.assert_close(layer.out(torch.tensor(out)), attended[0, t])
        torch.testing.assert_close(torch.tensor(means), weights[0, t])


def test_what_may_not_be_looked_at_changes_nothing_and_nothing_to_look_at_gives_zeros() -> None:
    torch.manual_seed(0)
    layer = Attention(4, 2)
    asking, asked = torch.randn(1, 2, 4), torch.randn(1, 3, 4)
    allowed = torch.tensor([[[True, False, True], [False, False, False]]])
    attended, weights = layer(asking, asked, allowed)
    asked[0, 1] += 100
    torch.testing.assert_close(layer(asking, asked, allowed)[0], attended)
    assert weights[0, 0, 1] == 0 and not weights[0, 1].any() and not attended[0, 1].any()


def test_any_number_of_positions_becomes_a_few_latents() -> None:
    torch.manual_seed(0)
    layer = Resampler(channels=6, positions=9, width=8, latents=3, heads=2, dropout=0.0)
    media = torch.randn(2, 9, 6)
    latents, weights = layer(media)
    assert latents.shape == (2, 3, 8) and weights.shape == (2, 3, 9)
    assert (weights.sum(-1) < 1).all()
    torch.testing.assert_close(layer(media[1:])[0], latents[1:])
