"""Regions of pictures by the network that is shipped: on a drawn picture, on odd sizes, and kept in memory."""

from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.detectors.things import ThingDetector
from fsl_demo.inference import dictionary_space, region_space
from fsl_demo.inference.region_space import PreparedPicture, RegionSpace


@pytest.fixture(scope="module")
def networks() -> Iterator[Networks]:
    yield Networks(FeatureCache())


@pytest.fixture(scope="module")
def space(networks: Networks) -> Iterator[RegionSpace]:
    yield RegionSpace(networks, most=20)


def photograph(crop: tuple[int, int, int, int] | None = None) -> Picture:
    from skimage import data

    image = Image.fromarray(data.chelsea())
    return from_image(image.crop(crop) if crop else image, "cat.png")


def test_a_cat_is_a_thing_and_its_box_holds_its_face(space: RegionSpace) -> None:
    (regions,) = space.propose([photograph()])
    left, top, right, bottom = regions.boxes[0]
    assert regions.objectness[0] > 0.5
    assert left < 0.35 and right > 0.6 and top < 0.3 and bottom > 0.7
    assert regions.classes[0].argmax() == 7  # "cat" of VOC's names
    assert regions.features.shape == (len(regions.boxes), 512) and regions.whole.shape == (512,)


@pytest.mark.parametrize("size", [(1, 1), (1, 20_000), (3_000, 40)])
def test_odd_pictures_have_regions_within_them_or_none(space: RegionSpace, size: tuple[int, int]) -> None:
    (regions,) = space.propose([from_image(Image.new("RGB", size, "grey"), "odd.png")])
    assert (regions.boxes >= 0).all() and (regions.boxes <= 1).all()
    assert (regions.boxes[:, :2] < regions.boxes[:, 2:]).all()
    assert np.isfinite(regions.whole).all()


def test_given_boxes_have_the_vectors_that_embed_gives(space: RegionSpace) -> None:
    boxes = np.array([[0.1, 0.1, 0.6, 0.8], [0.0, 0.0, 1.0, 1.0]], np.float32)
    (regions,) = space.propose([photograph()], boxes=[boxes])
    np.testing.assert_allclose(regions.given, space.embed(photograph(), boxes), atol=1e-4)
    np.testing.assert_allclose(regions.given[1], regions.whole, atol=1e-4)


def test_a_picture_goes_through_the_network_once(space: RegionSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = photograph((0, 0, 300, 200))
    (first,) = space.propose([picture])
    monkeypatch.setattr(PreparedPicture, "of", lambda _: pytest.fail("read again"))
    assert space.propose([picture])[0] is first


def test_all_on_the_same_networks_share_the_regions_of_a_picture(space: RegionSpace, networks: Networks) -> None:
    picture = photograph((0, 0, 200, 200))
    (first,) = space.propose([picture])
    assert RegionSpace(networks, most=20).propose([picture])[0] is first
    assert len(RegionSpace(networks, most=5).propose([picture])[0].boxes) == 5 < len(first.boxes)


def test_dictionary_and_things_look_at_a_picture_once(networks: Networks, monkeypatch: pytest.MonkeyPatch) -> None:
    picture, looked, prepare = photograph((0, 0, 250, 200)), list[Picture](), PreparedPicture.of
    monkeypatch.setattr(PreparedPicture, "of", lambda own: looked.append(own) or prepare(own))
    things = ThingDetector(networks).detect([picture])[0]
    (seen,) = dictionary_space.shared(networks)().see([picture])
    (again,) = dictionary_space.shared(networks)().see([picture])
    assert looked == [picture] and seen is again
    assert np.allclose(seen.boxes, [region.box for region in things], atol=1e-6)


def test_the_oldest_pictures_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(region_space, "REMEMBERED", 1)
    space = RegionSpace(Networks(FeatureCache()), most=20)
    older, newer = (from_image(Image.new("RGB", (40, 40 + number)), "plain.png") for number in range(2))
    first, kept = space.propose([older, newer])
    assert space.propose([newer])[0] is kept
    assert space.propose([older])[0] is not first


def test_boxes_go_to_pixels_of_what_the_network_sees_and_back() -> None:
    prepared = PreparedPicture.of(from_image(Image.new("RGB", (100, 1_000)), "long.png"))
    assert prepared.image.shape == (448, 112, 3)
    boxes = np.array([[0.2, 0.4, 0.5, 0.6]], np.float32)
    pixels = prepared.pixels(boxes)
    np.testing.assert_allclose(pixels, [[22.4, 112, 56, 336]], atol=0.1)  # 300 to 700 of 1,000 rows are seen
    np.testing.assert_allclose(prepared.fractions(pixels), boxes, atol=1e-5)
