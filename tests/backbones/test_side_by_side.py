"""Networks side by side: each on its own, each with its own window."""

import pytest
import torch
from torch.nn.functional import normalize

from fsl_demo.backbones.architecture import Architecture
from fsl_demo.backbones.convolutional import WINDOWS, Conv4, SideBySide, channel_sums
from fsl_demo.backbones.embedder import Embedder


def joined(count: int, windows: bool) -> tuple[list[Conv4], SideBySide]:
    torch.manual_seed(0)
    networks = [Conv4(1).eval() for _ in range(count)]
    return networks, SideBySide(networks, windows).eval()


@torch.inference_mode()
def test_the_maps_are_those_of_each_network() -> None:
    networks, both = joined(2, windows=False)
    images = torch.randn(3, 1, 32, 32)
    torch.testing.assert_close(both(images), torch.cat([network(images) for network in networks], 1))
    assert len(list(both.children())) == len(list(networks[0].children()))


@torch.inference_mode()
def test_each_sees_its_own_window() -> None:
    _, three = joined(3, windows=True)
    images = torch.randn(1, 1, 32, 32)
    for number, (left, top, right, bottom) in enumerate(WINDOWS):
        outside = images.clone()
        outside[..., round(top * 32) : round(bottom * 32), round(left * 32) : round(right * 32)] = 0
        changed = images - outside
        maps, other = (three(given).chunk(3, 1)[number] for given in (images, changed))
        torch.testing.assert_close(maps, other)
        assert (three(outside).chunk(3, 1)[number] - maps).abs().max() > 1e-4


def test_the_loss_of_one_teaches_no_other() -> None:
    embedder = Embedder(Architecture("conv4", "rgb32", 12, members=3))
    embedder(torch.randn(4, 3, 32, 32))[:, :4].square().sum().backward()
    rows = embedder.head.linear.weight.grad  # type: ignore[union-attr]
    assert rows is not None and rows[:4].abs().sum() > 0


@torch.inference_mode()
def test_a_joined_vector_is_the_mean_of_its_maps() -> None:
    embedder = Embedder(Architecture("conv4", "rgb32", 12, mirrored=True, members=3, windows=True)).eval()
    images = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(normalize(embedder.maps(images).mean((2, 3))), embedder(images))
    head = embedder.head
    assert head is not None
    maps = embedder.backbone(images)
    torch.testing.assert_close(head.maps(maps).mean((2, 3)), head(maps), rtol=1e-3, atol=1e-4)
    other = maps.clone()
    other[:, :64] += 1
    changed = (head(other) - head(maps)).abs().amax(0) > 1e-6
    assert changed.tolist() == [True] * 4 + [False] * 8


@pytest.mark.parametrize("number", [0, 1, 2])
def test_what_a_member_says_is_laid_where_it_looked(number: int) -> None:
    _, three = joined(3, windows=True)
    values = torch.zeros(1, 3 * 64, 16, 16)
    values[:, 64 * number, 4:12, 4:12] = 1
    laid = channel_sums(three, values)[0]
    left, top, right, bottom = WINDOWS[number]
    places = (torch.arange(16) + 0.5) / 16
    assert laid.sum().item() == pytest.approx(64, rel=0.05)
    assert (laid.sum(0) @ places / laid.sum()).item() == pytest.approx((left + right) / 2, abs=0.01)
    assert (laid.sum(1) @ places / laid.sum()).item() == pytest.approx((top + bottom) / 2, abs=0.01)


def test_a_single_network_says_it_of_the_whole() -> None:
    values = torch.randn(2, 5, 4, 4)
    torch.testing.assert_close(channel_sums(Conv4(1), values), values.sum(1))
