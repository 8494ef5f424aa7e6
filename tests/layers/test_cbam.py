"""CBAM against arithmetic by hand and in loops."""

import math

import pytest
import torch
from torch import nn

from fsl_demo.layers.cbam import CBAM


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_a_case_by_hand() -> None:
    block = CBAM(1).eval()
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.zero_()
        first, last = block.mlp[0], block.mlp[2]
        first.weight[0], last.weight[0, 0], last.bias[0] = 1.0, 1.0, 0.5
        block.convolution.weight[0, :, 3, 3] = torch.tensor([1.0, 2.0])
        block.norm.weight[0] = math.sqrt(1 + block.norm.eps)
    attended = block(torch.tensor([[[[4.0, 0.0]]]]))
    # The bias counts twice, once with the mean of 2 and once with the maximum of 4.
    channel = sigmoid(2 + 4 + 0.5 + 0.5)
    spatial = [sigmoid((1 + 2) * value * channel) for value in (4.0, 0.0)]
    assert attended.flatten().tolist() == pytest.approx([4.0 * channel * spatial[0], 0.0])
    assert block.channel.tolist() == [pytest.approx([channel])]
    assert block.spatial.flatten().tolist() == pytest.approx(spatial)


def in_loops(block: CBAM, maps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Equations 2 and 3 of the paper for one map [C, h, w], in evaluation."""
    channels, height, width = maps.shape

    def mlp(pooled: list[float]) -> list[float]:
        for layer in (block.mlp[0], block.mlp[2]):
            rows = zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
            pooled = [sum(map(float.__mul__, row, pooled)) + bias for row, bias in rows]
            if layer is block.mlp[0]:
                pooled = [max(0.0, value) for value in pooled]
        return pooled

    mean = mlp([sum(channel_map.flatten().tolist()) / (height * width) for channel_map in maps])
    strongest = mlp([max(channel_map.flatten().tolist()) for channel_map in maps])
    channel = torch.tensor([sigmoid(a + b) for a, b in zip(mean, strongest, strict=True)], dtype=maps.dtype)
    scaled = torch.stack([channel_map * weight for channel_map, weight in zip(maps, channel, strict=True)])
    spatial = torch.empty(height, width, dtype=maps.dtype)
    kernel, norm = block.convolution.weight[0], block.norm
    for y in range(height):
        for x in range(width):
            total = 0.0
            for i in range(7):
                for j in range(7):
                    row, column = y + i - 3, x + j - 3
                    if 0 <= row < height and 0 <= column < width:
                        values = scaled[:, row, column].tolist()
                        total += kernel[0, i, j].item() * max(values)
                        total += kernel[1, i, j].item() * sum(values) / channels
            total = (total - norm.running_mean.item()) / math.sqrt(norm.running_var.item() + norm.eps)
            spatial[y, x] = sigmoid(total * norm.weight.item() + norm.bias.item())
    return scaled * spatial, channel, spatial


def test_loops_over_channels_and_positions() -> None:
    torch.manual_seed(0)
    block, maps = CBAM(6).double(), torch.randn(2, 6, 4, 5, dtype=torch.double)
    block.train()(maps * 2 + 1)  # running statistics that are not 0 and 1
    with torch.no_grad():
        block.norm.weight.fill_(1.5)
        block.norm.bias.fill_(-0.3)
        attended = block.eval()(maps)
        for number, each in enumerate(maps):
            expected, channel, spatial = in_loops(block, each)
            torch.testing.assert_close(attended[number], expected)
            torch.testing.assert_close(block.channel[number], channel)
            torch.testing.assert_close(block.spatial[number], spatial)


@pytest.mark.parametrize(("channels", "narrow"), [(16, 4), (64, 4), (128, 8), (512, 32)])
def test_the_narrow_layer_keeps_four_channels_at_least(channels: int, narrow: int) -> None:
    block = CBAM(channels)
    assert isinstance(block.mlp[0], nn.Linear) and block.mlp[0].out_features == narrow
    expected = 2 * narrow * channels + narrow + channels + 2 * 49 + 2
    assert sum(parameter.numel() for parameter in block.parameters()) == expected


def test_attention_is_kept_to_be_shown_and_lies_between_0_and_1() -> None:
    torch.manual_seed(0)
    block, maps = CBAM(40), torch.randn(3, 40, 5, 6, requires_grad=True)
    attended = block(maps)
    assert attended.shape == maps.shape
    assert block.channel.shape == (3, 40) and block.spatial.shape == (3, 5, 6)
    for attention in (block.channel, block.spatial):
        assert not attention.requires_grad and attention.min() > 0 and attention.max() < 1
    torch.testing.assert_close(attended, maps * block.channel[:, :, None, None] * block.spatial[:, None])
    attended.sum().backward()
    assert all(parameter.grad is not None for parameter in block.parameters())


def test_attention_is_not_part_of_the_weights() -> None:
    block = CBAM(16)
    block(torch.randn(2, 16, 3, 3))
    assert not {"channel", "spatial"} & set(block.state_dict())
