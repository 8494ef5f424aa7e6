"""The region network: its stages, and that what it says belongs to the boxes that it says it of."""

from collections.abc import Iterator

import pytest
import torch

from fsl_demo.backbones.efficientnet_lite0 import fold_batch_norms
from fsl_demo.backbones.efficientnet_lite2 import EfficientNetLite2
from fsl_demo.backbones.region_network import CHANNELS, CLASSES, FEATURES, RegionNetwork


@pytest.fixture(scope="module")
def network() -> Iterator[RegionNetwork]:
    torch.manual_seed(0)
    yield RegionNetwork(EfficientNetLite2.blank()).eval()


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return torch.rand(2, 3, 64, 128, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_maps_have_the_strides_of_their_levels(network: RegionNetwork, images: torch.Tensor):
    with torch.inference_mode():
        maps = network.trunk(images)
    sizes = {name: tuple(level.shape) for name, level in maps.items()}
    expected = {"0": (8, 16), "1": (4, 8), "2": (2, 4), "pool": (1, 2)}
    assert sizes == {name: (2, CHANNELS, *size) for name, size in expected.items()}


def test_regions_lie_in_the_picture_the_most_probable_first(network: RegionNetwork, images: torch.Tensor):
    given = [torch.tensor([[0.0, 0.0, 128.0, 64.0]]), torch.zeros(0, 4)]
    sizes = [(64, 128), (40, 100)]
    for regions, own, size in zip(network.detect(images, sizes, given=given, most=30), given, sizes, strict=True):
        assert 0 < len(regions.boxes) <= 30
        assert (regions.boxes >= 0).all() and (regions.boxes[:, 2:] <= torch.tensor(size[::-1])).all()
        assert (regions.boxes[:, 2:] - regions.boxes[:, :2] >= 1).all()
        assert (regions.things.diff() <= 0).all()
        assert regions.features.shape == (len(regions.boxes), FEATURES) and regions.given.shape == (len(own), FEATURES)
        assert regions.classes.shape == (len(regions.boxes), CLASSES) and (regions.classes.sum(1) < 1).all()


def test_a_picture_says_the_same_beside_another(network: RegionNetwork, images: torch.Tensor):
    box = torch.tensor([[10.0, 5.0, 60.0, 50.0]])
    both = network.detect(images, [(64, 128)] * 2, given=[box, box], most=10)
    alone = network.detect(images[1:], [(64, 128)], given=[box], most=10)[0]
    torch.testing.assert_close(both[1].given, alone.given, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(both[0].given, both[1].given)


def test_folding_batch_norms_changes_nothing(images: torch.Tensor):
    torch.manual_seed(1)
    network = RegionNetwork(EfficientNetLite2.blank()).eval()
    with torch.inference_mode():
        before = network.trunk(images)["1"]
        fold_batch_norms(network.trunk)
        torch.testing.assert_close(network.trunk(images)["1"], before, atol=1e-3, rtol=1e-3)


def test_batch_norms_stay_while_it_learns(network: RegionNetwork):
    network.train()
    norms = [module for module in network.trunk.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert norms and not any(module.training for module in norms)
    assert network.trunk.pyramid.training
    network.eval()


def test_what_is_not_annotated_is_no_background(network: RegionNetwork):
    anchors = torch.tensor([[0.0, 0.0, 10.0, 10.0], [50.0, 50.0, 60.0, 60.0]])
    box = torch.tensor([[0.0, 0.0, 10.0, 10.0]])
    targets = [{"boxes": box, "complete": torch.tensor(complete)} for complete in (True, False)]
    labels, _ = network.proposals.assign_targets_to_anchors([anchors, anchors], targets)
    assert labels[0].tolist() == [1, 0] and labels[1].tolist() == [1, -1]
