"""Maps in the space where pictures are compared."""

import numpy as np
import pytest

from fsl_demo.backbones.picture_maps import CHANNELS, classes, placed, vectors
from fsl_demo.core.pictures import Picture
from fsl_demo.inference.vectors import l2_normalize
from tests.backbones.loaded import crops, networks


@pytest.fixture(scope="module")
def pictures() -> list[Picture]:
    return [crops(subject)[0] for subject in ("cat", "rocket")]


def test_axes_are_what_the_classifier_tells_apart() -> None:
    shared = networks()
    rows, axes = shared.pictures.classifier(), shared.pictures.axes()
    np.testing.assert_allclose(axes.T @ axes, np.eye(999), atol=1e-4)
    differences = rows - rows.mean(axis=0)
    np.testing.assert_allclose(differences @ axes @ axes.T, differences, atol=1e-4)
    np.testing.assert_allclose(classes(rows, axes) @ axes.T, l2_normalize(differences), atol=1e-4)


def test_vectors_are_square_roots_projected_at_unit_length(pictures: list[Picture]) -> None:
    shared = networks()
    pooled, axes = shared.features.pooled(shared.pictures, pictures), shared.pictures.axes()
    np.testing.assert_allclose(vectors(pooled, axes), l2_normalize(np.sqrt(pooled) @ axes), atol=1e-5)


def test_the_mean_of_maps_is_the_vector(pictures: list[Picture]) -> None:
    shared = networks()
    axes = shared.pictures.axes()
    maps = placed(shared.features.maps(shared.pictures, pictures), axes)
    assert maps.shape == (2, CHANNELS, 7, 7)
    np.testing.assert_allclose(
        maps.mean((2, 3)), vectors(shared.features.pooled(shared.pictures, pictures), axes), atol=1e-5
    )


def test_a_picture_without_activation_has_no_direction() -> None:
    axes = np.linalg.qr(np.random.default_rng(0).normal(size=(1280, 999)))[0]
    assert (placed(np.zeros((1, 1280, 7, 7), np.float32), axes) == 0).all()
    assert (vectors(np.zeros((2, 1280), np.float32), axes) == 0).all()


def test_a_network_on_them_embeds_no_picture_twice(pictures: list[Picture]) -> None:
    shared = networks()
    network = shared.trained("siamese_photographs")
    shared.features.pooled(shared.pictures, pictures)
    pooled = shared.features.pooled(network, pictures)
    assert shared.features.embedded[shared.pictures.id] == 2
    weighted = shared.features.maps(network, pictures)
    np.testing.assert_allclose(weighted.mean((2, 3)), pooled, atol=1e-6)
    assert network.seen(pictures[0]) == shared.pictures.seen(pictures[0])
