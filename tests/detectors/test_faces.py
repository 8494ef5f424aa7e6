"""The face detector: regions within the picture, and the crop that the page puts in a picture's place."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut, coffee

from fsl_demo import detectors
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.capabilities import Crops
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.inference import faces


def picture(array: np.ndarray) -> Picture:
    return from_image(Image.fromarray(array), "picture.png")


@pytest.fixture(scope="module")
def detector() -> Crops:
    known = detectors.build(Networks(FeatureCache()))["faces"]
    assert isinstance(known, Crops) and known.card.id == "faces"
    return known


def test_a_face_is_a_region(detector: Crops) -> None:
    told: list[tuple[str, int, int]] = []
    faces, nothing = detector.detect(
        [picture(astronaut()), picture(coffee())], lambda stage, done, total: told.append((stage, done, total))
    )
    assert nothing == () and told == [("faces", 0, 2), ("faces", 1, 2)]
    left, top, right, bottom = faces[0].pixels(512, 512)
    assert 160 < left < 200 and 260 < right < 300 and 50 < top < 100 and 140 < bottom < 190
    assert faces[0].words == (("face", 1.0),)


def test_two_faces_come_the_larger_first(detector: Crops) -> None:
    face = Image.fromarray(astronaut()[40:200, 140:300])
    both = Image.new("RGB", (500, 260), "white")
    both.paste(face.resize((100, 100)), (10, 80))
    both.paste(face.resize((220, 220)), (250, 20))
    (regions,) = detector.detect([from_image(both, "both.png")])
    areas = [region.area for region in regions]
    assert len(areas) >= 2 and areas == sorted(areas, reverse=True)
    assert regions[0].box[0] > 0.5


def test_a_box_beyond_the_edge_is_cut_and_the_crop_is_not(detector: Crops) -> None:
    close = picture(astronaut()[75:170, 178:270])
    (regions,) = detector.detect([close])
    assert all(0 <= edge <= 1 for region in regions for edge in region.box)
    crop = detector.crop(close)
    assert crop is not None and crop == faces.crop(close) and crop.width > 92


@pytest.mark.parametrize("array", [coffee(), np.zeros((20, 400, 3), np.uint8), np.zeros((1, 1, 3), np.uint8)])
def test_no_face(detector: Crops, array: np.ndarray) -> None:
    assert detector.detect([picture(array)]) == [()] and detector.crop(picture(array)) is None
