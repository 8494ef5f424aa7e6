"""What the frozen towers say of a picture, and where they see it."""

import numpy as np

from fsl_demo.backbones.towers import PictureTowers, _overlap
from tests.backbones.loaded import crops, networks


def test_the_parts_by_position_have_the_features_as_their_means() -> None:
    towers = PictureTowers(networks())
    picture = crops("coffee")[0]
    small, large = towers.placed(picture)
    assert small.shape == (999, 7, 7) and large.shape == (999, 9, 9)
    features = towers.embed([picture])[0]
    means = np.concatenate([part.mean(axis=(1, 2)) for part in (small, large)])
    np.testing.assert_allclose(means, features, atol=1e-4)
    np.testing.assert_allclose([np.linalg.norm(part) for part in np.split(features, 2)], 1, atol=1e-5)


def test_a_picture_goes_once_through_each_network() -> None:
    shared = networks()
    towers = PictureTowers(shared)
    towers.embed(crops("cat"))
    towers.embed(crops("cat"))
    assert shared.features.embedded == {"efficientnet_lite0": 4, "efficientnet_lite2": 4}


def test_pieces_are_shared_out_among_the_cells_that_they_overlap() -> None:
    np.testing.assert_allclose(_overlap(0.25, 0.75, parts=2, cells=4), [[0, 0], [1, 0], [0, 1], [0, 0]])
    np.testing.assert_allclose(_overlap(-0.1, 1.1, parts=7, cells=9).sum(axis=0), 1)
    np.testing.assert_allclose(_overlap(0.0, 1.0, parts=1, cells=4), np.full((4, 1), 0.25))


def test_positions_are_those_of_the_whole_picture_and_then_of_its_middle() -> None:
    towers = PictureTowers(networks())
    picture = crops("coffee")[0]
    small, large = towers.placed(picture)
    positions = towers.positions([picture])[0]
    np.testing.assert_allclose(positions[:81], large.reshape(999, -1).T, atol=1e-6)
    np.testing.assert_allclose(positions[81:], small.reshape(999, -1).T, atol=1e-6)
    np.testing.assert_array_equal(towers.whole([picture])[0], positions[:81])
