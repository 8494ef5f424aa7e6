"""A part of a data set in memory."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fsl_demo.backbones.picture_maps import placed
from fsl_demo.backbones.preprocessing import PREPROCESSINGS
from fsl_demo.core.errors import UserError
from fsl_demo.datasets.parts import Part, opened
from fsl_demo.training.data import load
from tests.backbones.loaded import crops, networks
from tests.datasets.trees import class_tree

RGB = PREPROCESSINGS["rgb32"]


@pytest.fixture
def part(tmp_path: Path) -> Part:
    class_tree(tmp_path, ["cat"], 3)
    class_tree(tmp_path, ["dog"], 2)
    cats, dogs = (sorted((tmp_path / name).iterdir()) for name in ("cat", "dog"))
    dog = opened(dogs[1])  # in memory, unlike the others
    return Part({"cat": cats, "dog": [dogs[0], dog]}, [(cats[2], cats[0], True), (dog, cats[1], False)])


def test_pictures_labels_and_pairs(part: Part) -> None:
    arrays, told = load(part, RGB), list[tuple[str, int, int]]()
    load(part, RGB, lambda *step: told.append(step))
    assert arrays.images.shape == (5, 32, 32, 3) and arrays.images.dtype == np.uint8
    assert arrays.labels.tolist() == [0, 0, 0, 1, 1] and arrays.names == ("cat", "dog")
    assert arrays.pairs.tolist() == [[2, 0, 1], [4, 1, 0]]
    for image, item in zip(arrays.images, [*part.classes["cat"], *part.classes["dog"]], strict=True):
        np.testing.assert_array_equal(image, RGB.prepare(opened(item)))
    assert told[-1] == ("read", 5, 5)


def test_a_part_without_pairs(part: Part) -> None:
    assert load(Part(part.classes), RGB).pairs.shape == (0, 3)


def test_an_unreadable_picture_is_named(part: Part) -> None:
    broken = part.classes["cat"][1]
    assert isinstance(broken, Path)
    broken.write_bytes(broken.read_bytes()[:60])
    with pytest.raises(UserError, match=broken.name) as error:
        load(part, RGB)
    assert error.value.code == "picture_broken"
    broken.unlink()
    with pytest.raises(UserError, match=broken.name):
        load(part, RGB)


def test_turned_classes_are_other_classes(part: Part) -> None:
    arrays = load(part, RGB)
    turned = arrays.turned()
    assert len(turned.images) == 20 and len(turned.names) == len(set(turned.names)) == 8
    assert turned.labels.tolist() == [0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4, 4, 5, 5, 6, 6, 6, 7, 7]
    for turns in range(4):
        expected = Image.fromarray(arrays.images[3]).rotate(90 * turns)
        np.testing.assert_array_equal(turned.images[5 * turns + 3], np.asarray(expected))


def test_maps_of_the_frozen_network_are_read_in_place_of_pixels() -> None:
    recipe, shared = PREPROCESSINGS["lite0-maps"], networks()
    part = Part({subject: crops(subject) for subject in ("cat", "rocket")})
    arrays = load(part, recipe, each=3)
    assert arrays.images.shape == (6, 7, 7, 999) and arrays.images.dtype == np.float16
    assert arrays.labels.tolist() == [0, 0, 0, 1, 1, 1]
    raw = shared.features.maps(shared.pictures, crops("rocket")[:3])
    expected = placed(raw, shared.pictures.axes())
    np.testing.assert_allclose(recipe.tensor(arrays.images)[3:], expected, atol=2e-3)
