"""The space in which pictures are compared."""

import numpy as np
from fsl_demo.inference.image_space import ImageSpace

from fsl_demo.inference.vectors import l2_normalize
from tests.backbones.loaded import crops, networks


def test_axes_are_what_the_classifier_tells_apart() -> None:
    space = ImageSpace(networks())
    rows = space.networks.pictures.classifier()
    np.testing.assert_allclose(space.axes().T @ space.axes(), np.eye(999), atol=1e-4)
    differences = rows - rows.mean(axis=0)
    np.testing.assert_allclose(differences @ space.axes() @ space.axes().T, differences, atol=1e-4)
    np.testing.assert_allclose(space.anchors() @ space.axes().T, l2_normalize(differences), atol=1e-4)


def test_embeddings_are_square_roots_projected_at_unit_length() -> None:
    shared = networks()
    space = ImageSpace(shared)
    pooled = shared.features.pooled(shared.pictures, crops("cat"))
    embedded = space.embed(crops("cat"))
    np.testing.assert_allclose(embedded, l2_normalize(np.sqrt(pooled) @ space.axes()), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(embedded, axis=1), 1, atol=1e-5)


def test_shares_add_up_to_the_products() -> None:
    shared = networks()
    space = ImageSpace(shared)
    picture = crops("rocket")[0]
    shares = space.shares(shared.features.maps(shared.pictures, [picture])[0], space.anchors()[:5])
    assert shares.shape == (5, 7, 7)
    np.testing.assert_allclose(shares.sum(axis=(1, 2)), space.anchors()[:5] @ space.embed([picture])[0], atol=1e-5)


def test_a_silent_network_gives_zeros_not_nans() -> None:
    space = ImageSpace(networks())
    assert (space.project(np.zeros((2, 1280), np.float32)) == 0).all()
    assert (space.shares(np.zeros((1280, 7, 7), np.float32), space.anchors()[:2]) == 0).all()
