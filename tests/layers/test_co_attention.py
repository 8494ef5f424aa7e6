"""Co-attention against arithmetic by hand: who looks at whom, what is masked, and pairs that are broadcast."""

import numpy as np
import torch
from torch import nn

from fsl_demo.layers.co_attention import CoAttention, CrossHeads


def plain(layer: nn.Module) -> None:
    """Linear layers that change nothing, so that what is left is attention itself."""
    for part in layer.modules():
        if isinstance(part, nn.Linear):
            nn.init.eye_(part.weight)
            nn.init.zeros_(part.bias)


def test_by_hand() -> None:
    """One position asks two tokens: logits 1 / sqrt(2) and 0, so weights 0.66976 and 0.33024."""
    heads = CrossHeads(2, 1)
    plain(heads)
    attended, weights = heads(torch.tensor([[[1.0, 0.0]]]), torch.tensor([[[1.0, 2.0], [0.0, 4.0]]]))
    np.testing.assert_allclose(weights.detach()[0, 0, 0], [0.66976, 0.33024], atol=1e-5)
    np.testing.assert_allclose(attended.detach()[0, 0], [0.66976, 2 * 0.66976 + 4 * 0.33024], atol=1e-5)


def test_heads_are_attentions_of_their_own_channels() -> None:
    torch.manual_seed(0)
    asking, asked = torch.randn(1, 3, 4), torch.randn(1, 5, 4)
    both, single = CrossHeads(4, 2), CrossHeads(2, 1)
    plain(both)
    plain(single)
    attended, weights = both(asking, asked)
    for head, channels in enumerate((slice(0, 2), slice(2, 4))):
        alone, alone_weights = single(asking[..., channels], asked[..., channels])
        torch.testing.assert_close(attended[..., channels], alone)
        torch.testing.assert_close(weights[:, head], alone_weights[:, 0])


def test_each_stream_looks_at_the_other_and_padding_is_not_seen() -> None:
    torch.manual_seed(0)
    layer = CoAttention(8, 2).eval()
    pictures, texts, mask = torch.randn(2, 4, 8), torch.randn(2, 5, 8), torch.ones(2, 5, dtype=torch.bool)
    mask[1, 3:] = False
    attended = layer(pictures, texts, mask)
    assert attended.on_texts.shape == (2, 2, 4, 5) and attended.on_pictures.shape == (2, 2, 5, 4)
    assert (attended.on_texts[1, :, :, 3:] == 0).all()
    for weights in (attended.on_texts, attended.on_pictures):
        torch.testing.assert_close(weights.sum(-1), torch.ones_like(weights.sum(-1)))
    longer = layer(pictures[1:], torch.cat([texts[1:, :3], torch.randn(1, 6, 8)], dim=1), torch.arange(9)[None] < 3)
    torch.testing.assert_close(longer.pictures, attended.pictures[1:])
    torch.testing.assert_close(longer.texts[:, :3], attended.texts[1:, :3])
    other = layer(pictures, texts + torch.tensor([1.0, 0])[:, None, None], mask)
    assert not torch.allclose(other.pictures[0], attended.pictures[0])
    torch.testing.assert_close(other.pictures[1], attended.pictures[1])


def test_all_pairs_are_what_each_pair_is() -> None:
    torch.manual_seed(0)
    layer = CoAttention(8, 2).eval()
    pictures, texts = torch.randn(3, 4, 8), torch.randn(2, 5, 8)
    mask = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    pairs = layer(pictures[:, None], texts[None], mask[None])
    for i in range(3):
        for j in range(2):
            pair = layer(pictures[i : i + 1], texts[j : j + 1], mask[j : j + 1])
            torch.testing.assert_close(pairs.pictures[i, j], pair.pictures[0])
            torch.testing.assert_close(pairs.texts[i, j], pair.texts[0])


def test_residual_norm_and_hidden_layer_by_hand() -> None:
    """Nothing is found; the hidden layer adds gelu(1) to the first channel of what is normalised."""
    layer = CoAttention(4, 1)
    hidden, out = layer.pictures.hidden[0], layer.pictures.hidden[2]
    with torch.no_grad():
        for part in (layer.pictures.attention.out, hidden, out):
            part.weight.zero_()
            part.bias.zero_()
        hidden.bias[0] = 1
        out.weight[0, 0] = 1
    pictures, texts = torch.tensor([[[1.0, 2.0, 3.0, 6.0]]]), torch.randn(1, 2, 4)
    attended = layer(pictures, texts, torch.ones(1, 2, dtype=torch.bool)).pictures[0, 0].detach()
    expected = (pictures[0, 0].numpy() - 3) / np.sqrt(3.5) + np.array([0.8413447, 0, 0, 0])
    np.testing.assert_allclose(attended, (expected - expected.mean()) / expected.std(), atol=1e-4)
