"""Faces are found and framed; what is no face stays."""

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut, coffee

from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.inference import faces


def picture(array: np.ndarray) -> Picture:
    return from_image(Image.fromarray(array), "picture.png")


@pytest.mark.slow
def test_the_crop_is_square_around_the_face() -> None:
    face = faces.crop(picture(astronaut()))
    assert face is not None and face.width == face.height and 90 < face.width < 200
    whole = astronaut()[60:175, 165:280].astype(float)
    pixels = np.asarray(face.image().resize(whole.shape[:2])).astype(float)
    assert np.corrcoef(whole.ravel(), pixels.ravel())[0, 1] > 0.6


def test_a_face_at_the_edge_is_framed_with_the_edge_going_on() -> None:
    close = astronaut()[75:170, 178:270]
    face = faces.crop(picture(close))
    assert face is not None and face.width > 92


def test_no_face_no_crop() -> None:
    assert faces.crop(picture(coffee())) is None
    assert faces.crop(picture(np.zeros((20, 400, 3), np.uint8))) is None


def test_a_picture_of_a_face_is_told_from_one_with_a_face_in_it() -> None:
    assert faces.is_face(picture(astronaut()[50:190, 150:290]))
    assert not faces.is_face(picture(astronaut()))
    assert not faces.is_face(picture(coffee()))
