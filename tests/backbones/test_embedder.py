"""Pictures to unit vectors, and to the maps whose mean they are."""

import pytest
import torch
from torch.nn.functional import normalize

from fsl_demo.backbones.architecture import Architecture
from fsl_demo.backbones.embedder import BACKBONES, Embedder, PositionWeights
from fsl_demo.backbones.preprocessing import PREPROCESSINGS
from fsl_demo.layers.cbam import CBAM

READ = {
    "twin": "ink28",
    "conv4": "rgb32",
    "resnet10": "face64",
    "resnet12": "rgb32",
    "narrow-resnet12": "rgb32",
    "efficientnet_lite0": "lite0-maps",
}
TRAINED = [name for name in BACKBONES if name != "efficientnet_lite0"]


def pictures(embedder: Embedder, count: int) -> torch.Tensor:
    recipe = PREPROCESSINGS[embedder.architecture.preprocessing]
    return torch.randn(count, recipe.colours, recipe.side, recipe.side)


def used(architecture: Architecture) -> Embedder:
    """A network whose running statistics and batch norms are not those of a fresh one."""
    torch.manual_seed(0)
    embedder = Embedder(architecture)
    with torch.no_grad():
        for _ in range(3):
            embedder(pictures(embedder, 6))
        for parameter in embedder.parameters():
            if parameter.ndim == 1:
                parameter += 0.2 * torch.randn_like(parameter)
    return embedder.eval()


@pytest.mark.slow
@pytest.mark.parametrize("cbam", [False, True])
@pytest.mark.parametrize("dimension", [0, 24])
@pytest.mark.parametrize("backbone", BACKBONES)
@torch.inference_mode()
def test_vectors_are_the_means_of_their_maps_at_unit_length(backbone: str, dimension: int, cbam: bool) -> None:
    embedder = used(Architecture(backbone, READ[backbone], dimension=dimension, cbam=cbam, dropout=0.5))
    images = pictures(embedder, 3)
    vectors, maps = embedder(images), embedder.maps(images)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))
    assert maps.shape == (3, embedder.channels, *embedder.size) and vectors.shape == (3, embedder.channels)
    torch.testing.assert_close(normalize(maps.mean((2, 3))), vectors, rtol=1e-3, atol=1e-5)
    assert (vectors[0] - vectors[1]).abs().max() > 1e-4


@torch.inference_mode()
def test_a_map_shows_where_the_vector_comes_from() -> None:
    embedder = used(Architecture("twin", "ink28", 8))
    images = pictures(embedder, 1)
    maps, head = embedder.backbone(images), embedder.head
    assert head is not None
    for place in range(9):
        only = torch.zeros_like(maps)
        only.flatten(2)[:, :, place] = maps.flatten(2)[:, :, place]
        added = (head(only) - head(torch.zeros_like(maps)))[0]
        part = (head.maps(maps) - head.maps(torch.zeros_like(maps))).flatten(2)[0, :, place]
        torch.testing.assert_close(part / 9, added, rtol=1e-3, atol=1e-5)


@torch.inference_mode()
def test_a_vector_does_not_depend_on_the_batch() -> None:
    embedder = used(Architecture("twin", "ink28", 32))
    images = pictures(embedder, 4)
    torch.testing.assert_close(embedder(images)[1:2], embedder(images[1:2]), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(embedder.maps(images)[1:2], embedder.maps(images[1:2]), rtol=1e-4, atol=1e-4)


def test_the_twin_has_few_parameters() -> None:
    embedder = Embedder(Architecture("twin", "ink28", 32))
    assert sum(parameter.numel() for parameter in embedder.parameters()) <= 30_000


def test_resnet12_keeps_positions_to_attend_to() -> None:
    embedder = Embedder(Architecture("resnet12", "rgb32", 0))
    assert embedder.channels == 480 and embedder.size == (4, 4) and embedder.head is None
    assert sum(value.numel() for value in embedder.state_dict().values()) * 2 < 15_900_000  # float16, as it is shipped


@pytest.mark.parametrize("backbone", TRAINED)
def test_attention_only_when_asked_for(backbone: str) -> None:
    for cbam in (False, True):
        embedder = Embedder(Architecture(backbone, "ink28", dimension=0, cbam=cbam))
        assert any(isinstance(module, CBAM) for module in embedder.modules()) == cbam


@torch.inference_mode()
def test_position_weights_begin_as_a_plain_mean() -> None:
    embedder = Embedder(Architecture("efficientnet_lite0", "lite0-maps", 0, weighted=True)).eval()
    maps = torch.randn(2, 999, 7, 7)
    torch.testing.assert_close(embedder(maps), normalize(maps.mean((2, 3))))
    assert isinstance(embedder.head, PositionWeights)
    embedder.head.logits[2, 3] = torch.tensor(49.0).log()
    torch.testing.assert_close(embedder(maps), normalize(maps.sum((2, 3)) + 48 * maps[:, :, 2, 3]))


def test_measuring_the_size_changes_no_statistics() -> None:
    embedder = Embedder(Architecture("conv4", "ink28", 16))
    assert embedder.training and all(module.training for module in embedder.modules())
    assert all(not value.any() for name, value in embedder.named_buffers() if name.endswith("running_mean"))


def test_a_seed_determines_the_weights() -> None:
    states = []
    for _ in range(2):
        torch.manual_seed(3)
        states.append(Embedder(Architecture("twin", "ink28", 16)).state_dict())
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


def test_everything_learns() -> None:
    torch.manual_seed(0)
    embedder = Embedder(Architecture("twin", "ink28", 16, cbam=True))
    vectors = embedder(pictures(embedder, 6))
    (vectors * torch.randn_like(vectors)).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in embedder.parameters())


@torch.inference_mode()
def test_a_picture_and_its_mirror_image_are_one_to_a_mirrored_network() -> None:
    single, both = (used(Architecture("resnet10", "face64", 24, mirrored=mirrored)) for mirrored in (False, True))
    both.load_state_dict(single.state_dict())
    images = pictures(single, 3)
    sums = sum(single.maps(batch).mean((2, 3)) for batch in (images, images.flip(3)))
    torch.testing.assert_close(both(images), normalize(sums), rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(both(images.flip(3)), both(images))
    torch.testing.assert_close(both.maps(images.flip(3)), both.maps(images).flip(3))
    torch.testing.assert_close(both.train()(images), single.train()(images), msg="training sees one picture")


@torch.inference_mode()
def test_a_shifted_network_takes_the_mean_of_five_places() -> None:
    still, moved = (used(Architecture("twin", "ink28", 24, shifted=shifted)) for shifted in (False, True))
    moved.load_state_dict(still.state_dict())
    images = torch.zeros(2, 1, 28, 28)
    images[:, :, 9:19, 9:19] = torch.rand(2, 1, 10, 10)

    def at(down: int, across: int) -> torch.Tensor:
        placed = torch.zeros_like(images)
        placed[:, :, 9 + down : 19 + down, 9 + across : 19 + across] = images[:, :, 9:19, 9:19]
        return still.maps(placed)

    expected = sum(at(*place) for place in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))) / 5
    torch.testing.assert_close(moved.maps(images), expected)
    torch.testing.assert_close(moved(images), normalize(expected.mean((2, 3))))
