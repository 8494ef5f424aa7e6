"""The networks: their maps, their attention, their sizes."""

from typing import Any

import pytest
import torch
from torch import nn

from fsl_demo.backbones.convolutional import Conv4, NarrowResNet12, ResNet10, ResNet12, Twin
from fsl_demo.layers.cbam import CBAM

NETWORKS = [
    (Twin, 28, (40, 3, 3)),
    (Conv4, 28, (64, 3, 3)),
    (ResNet10, 64, (256, 4, 4)),
    (ResNet12, 32, (480, 4, 4)),
    (NarrowResNet12, 32, (176, 4, 4)),
]
BLOCKS = {Twin: 3, Conv4: 4, ResNet10: 4, ResNet12: 4, NarrowResNet12: 4}


@pytest.mark.parametrize(("network", "side", "shape"), NETWORKS)
@pytest.mark.parametrize(("colours", "cbam"), [(1, False), (3, True)])
def test_maps_have_the_size_of_their_paper(
    network: Any, side: int, shape: tuple[int, int, int], colours: int, cbam: bool
) -> None:
    made = network(colours, cbam).eval()
    with torch.inference_mode():
        maps = made(torch.randn(2, colours, side, side))
    assert maps.shape == (2, *shape) and shape[0] == network.channels
    assert maps.min() >= 0


@pytest.mark.parametrize(("network", "side", "shape"), NETWORKS)
def test_every_block_has_attention_where_its_paper_puts_it(network: Any, side: int, shape: Any) -> None:
    assert not any(isinstance(module, CBAM) for module in network(1).modules())
    made = network(1, cbam=True)
    assert sum(isinstance(module, CBAM) for module in made.modules()) == BLOCKS[network]
    order = [type(module) for module in made.modules() if isinstance(module, CBAM | nn.MaxPool2d | nn.BatchNorm2d)]
    before = [order[number - 1] for number, kind in enumerate(order) if kind is CBAM]
    expected = {Twin: [nn.MaxPool2d] * 3, Conv4: [nn.MaxPool2d] * 3 + [nn.BatchNorm2d]}
    assert before == expected.get(network, [nn.BatchNorm2d] * 4)
    with torch.inference_mode():
        made.eval()(torch.randn(1, 1, side, side))
    places = [module.spatial.numel() for module in made.modules() if isinstance(module, CBAM)]
    assert min(places) > 1  # no attention after global pooling


@pytest.mark.parametrize("network", [ResNet10, ResNet12])
def test_attention_is_added_to_the_shortcut_not_applied_to_it(network: Any) -> None:
    torch.manual_seed(0)
    block = next(module for module in network(1, cbam=True).modules() if hasattr(module, "shortcut")).eval()
    channels = next(block.path.parameters()).shape[1]
    maps = torch.randn(1, channels, 8, 8)
    with torch.inference_mode():
        expected = torch.relu(block.attention(block.path(maps)) + block.shortcut(maps))
        torch.testing.assert_close(block(maps), expected)
        assert isinstance(block.path[-1], nn.BatchNorm2d)


def test_resnet12_pools_between_its_blocks_of_three_convolutions() -> None:
    made = ResNet12(3)
    blocks = [module for module in made.modules() if hasattr(module, "shortcut")]
    for block in blocks:
        strides = [layer.stride[0] for layer in block.path if isinstance(layer, nn.Conv2d)]
        assert strides == [1, 1, 1] and block.shortcut[0].stride == (1, 1) and block.shortcut[0].kernel_size == (1, 1)
    order = [module for module in made.modules() if hasattr(module, "shortcut") or isinstance(module, nn.MaxPool2d)]
    assert [isinstance(module, nn.MaxPool2d) for module in order] == [False, True] * 3 + [False]


def test_the_first_convolution_of_a_strided_block_strides() -> None:
    blocks = [module for module in ResNet10(1).modules() if hasattr(module, "shortcut")]
    strides = [[layer.stride[0] for layer in block.path if isinstance(layer, nn.Conv2d)] for block in blocks]
    assert strides == [[1, 1], [2, 1], [2, 1], [2, 1]]
    assert all(block.shortcut[0].stride == (2, 2) for block in blocks[1:])


@pytest.mark.parametrize(("network", "side", "shape"), NETWORKS[:3])
@pytest.mark.parametrize("cbam", [False, True])
def test_every_weight_learns(network: Any, side: int, shape: Any, cbam: bool) -> None:
    torch.manual_seed(0)
    made = network(1, cbam)
    (made(torch.randn(4, 1, side, side)) * torch.randn(shape)).sum().backward()
    for name, parameter in made.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
