"""Maps in the space where pictures are compared."""

import numpy as np
import pytest
from fsl_demo.inference.image_space import ImageSpace

from fsl_demo.backbones.picture_maps import CHANNELS, placed
from fsl_demo.core.pictures import Picture
from tests.backbones.loaded import crops, networks


@pytest.fixture(scope="module")
def pictures() -> list[Picture]:
    return [crops(subject)[0] for subject in ("cat", "rocket")]


def test_their_mean_is_the_vector_that_prototypes_are_made_of(pictures: list[Picture]) -> None:
    shared = networks()
    space = ImageSpace(shared)
    maps = placed(shared.features.maps(shared.pictures, pictures), space.axes())
    assert maps.shape == (2, CHANNELS, 7, 7)
    np.testing.assert_allclose(maps.mean((2, 3)), space.embed(pictures), atol=1e-5)


def test_a_position_has_its_share_of_a_cosine(pictures: list[Picture]) -> None:
    shared = networks()
    space = ImageSpace(shared)
    raw, anchors = shared.features.maps(shared.pictures, pictures), space.anchors()[:5]
    maps = placed(raw, space.axes())
    for positions, summed in zip(raw, maps, strict=True):
        expected = space.shares(positions, anchors)
        np.testing.assert_allclose(np.tensordot(anchors, summed, 1) / 49, expected, atol=1e-6)


def test_a_picture_without_activation_has_no_direction() -> None:
    axes = np.linalg.qr(np.random.default_rng(0).normal(size=(1280, 999)))[0]
    assert (placed(np.zeros((1, 1280, 7, 7), np.float32), axes) == 0).all()


def test_a_network_on_them_embeds_no_picture_twice(pictures: list[Picture]) -> None:
    shared = networks()
    network = shared.trained("siamese_photographs")
    shared.features.pooled(shared.pictures, pictures)
    vectors = shared.features.pooled(network, pictures)
    assert shared.features.embedded[shared.pictures.id] == 2
    weighted = shared.features.maps(network, pictures)
    np.testing.assert_allclose(weighted.mean((2, 3)), vectors, atol=1e-6)
    assert network.seen(pictures[0]) == shared.pictures.seen(pictures[0])
