"""The space in which photographs are compared."""

from dataclasses import replace

import numpy as np
import pytest

from fsl_demo.core.pictures import from_image
from fsl_demo.inference.anchors import PICTURE_KEEP, PICTURE_POWER, PictureAnchors, relative
from fsl_demo.inference.picture_space import PictureSpace
from fsl_demo.inference.vectors import l2_normalize
from tests.backbones.loaded import SUBJECTS, crops, networks


def test_vectors_are_the_linear_map_of_both_networks_features() -> None:
    shared = networks()
    space, pictures = PictureSpace(shared), crops("cat")
    features = space.towers.embed(pictures)
    expected = l2_normalize(features @ space.weight.T + space.bias)
    np.testing.assert_allclose(space.embed(pictures), expected, atol=1e-6)
    assert space.channels == expected.shape[1] and shared.features.embedded.keys() == {
        shared.pictures.id,
        shared.whole_pictures.id,
    }


def test_another_crop_of_a_thing_is_more_like_it_than_another_thing() -> None:
    space = PictureSpace(networks())
    vectors = np.stack([space.embed(crops(subject)[:2]) for subject in SUBJECTS])
    cosines = np.einsum("ad,bd->ab", vectors[:, 0], vectors[:, 1])
    assert (cosines.argmax(axis=1) == np.arange(len(SUBJECTS))).all()


@pytest.mark.parametrize("size", [(240, 192), (90, 240), (40, 400)])
def test_shares_of_the_positions_add_up_to_the_products(size: tuple[int, int]) -> None:
    space = PictureSpace(networks())
    picture = from_image(crops("coffee")[0].image().resize(size), "coffee.png")
    directions = space.embed(crops("cat")[:3])
    evidence = space.evidence(picture, directions)
    assert evidence.shape == (3, 9, 9)
    np.testing.assert_allclose(evidence.sum(axis=(1, 2)), directions @ space.embed([picture])[0], atol=1e-4)


def test_shuffled_weights_are_the_same_numbers_in_another_order() -> None:
    space, control = PictureSpace(networks()), PictureSpace(replace(networks(), shuffle=1))
    assert not np.allclose(space.weight, control.weight)
    np.testing.assert_array_equal(np.sort(space.weight.ravel()), np.sort(control.weight.ravel()))


def test_relations_are_the_sum_of_both_networks_rows() -> None:
    space = PictureSpace(networks())
    anchors, features = PictureAnchors(space.towers), space.towers.embed(crops("rocket")[:2])
    small, large = (relative(cosines, PICTURE_POWER, PICTURE_KEEP) for cosines in anchors.cosines(features))
    np.testing.assert_allclose(anchors.rows(features), l2_normalize(small + large), atol=1e-6)


def test_what_a_picture_is_like_is_made_of_its_features() -> None:
    space = PictureSpace(networks())
    anchors, features = PictureAnchors(space.towers), space.towers.embed(crops("rocket")[:1])
    texts = np.abs(np.random.default_rng(0).standard_normal((4, 1000))).astype(np.float32)
    products = anchors.through(features[0], texts) @ features[0]
    np.testing.assert_allclose(products, anchors.rows(features)[0] @ texts.T, rtol=1e-4)


def test_the_quick_vectors_come_from_one_network_and_are_near_the_others() -> None:
    shared = networks()
    space, pictures = PictureSpace(shared), [picture for subject in SUBJECTS for picture in crops(subject)]
    quick = space.embed_quickly(pictures)
    assert shared.features.embedded.keys() == {shared.pictures.id}
    np.testing.assert_allclose(np.linalg.norm(quick, axis=1), 1, atol=1e-5)
    nearest = (quick @ space.embed(pictures).T).argmax(axis=1)
    assert (nearest // 4 == np.repeat(np.arange(len(SUBJECTS)), 4)).all()
