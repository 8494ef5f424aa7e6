"""Heat maps over pictures: place, size, colours, opacity."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.services.overlays import DIMMED, inferno, overlay

WHOLE = (0.0, 0.0, 1.0, 1.0)


@pytest.fixture
def picture() -> Picture:
    """Twice as wide as high, of one colour."""
    return from_image(Image.new("RGB", (80, 40), (10, 200, 30)), "green.png")


def test_opacity_0_is_the_picture_and_1_the_colours(picture: Picture) -> None:
    values = np.ones((7, 7), np.float32)
    assert overlay(picture, values, seen=WHOLE, opacity=0.0).tobytes() == picture.image().tobytes()
    hot = np.asarray(overlay(picture, values, seen=WHOLE, opacity=1.0))
    assert (hot == inferno()[255]).all()


def test_what_was_not_seen_is_dimmed(picture: Picture) -> None:
    drawn = np.asarray(overlay(picture, np.ones((2, 2), np.float32), seen=(0.25, 0.0, 0.75, 1.0), opacity=1.0))
    assert (drawn[:, :20] == DIMMED).all()
    assert (drawn[:, 20:60] == inferno()[255]).all()
    assert (drawn[:, 60:] == DIMMED).all()


def test_the_hottest_place_is_where_the_map_says(picture: Picture) -> None:
    values = np.zeros((4, 4), np.float32)
    values[3, 0] = 1.0
    bright = np.asarray(overlay(picture, values, seen=WHOLE, opacity=1.0)).astype(int).sum(axis=2)
    assert np.unravel_index(bright.argmax(), bright.shape) in {
        (row, column) for row in range(30, 40) for column in range(20)
    }
    assert bright[0, -1] == inferno()[0].astype(int).sum()


@pytest.mark.parametrize(("size", "expected"), [(None, (80, 40)), (40, (40, 20)), (160, (160, 80))])
def test_size_is_the_longer_side(picture: Picture, size: int | None, expected: tuple[int, int]) -> None:
    assert overlay(picture, np.zeros((1, 1), np.float32), seen=WHOLE, opacity=0.5, size=size).size == expected


def test_a_sliver_of_a_picture_can_be_drawn() -> None:
    thin = from_image(Image.new("RGB", (900, 1)), "thin.png")
    assert overlay(thin, np.ones((7, 7), np.float32), seen=(0.4995, 0.0, 0.5005, 1.0), opacity=0.5, size=300).size == (
        300,
        1,
    )


def test_colours_grow_brighter_with_the_value() -> None:
    luminance = inferno().astype(float) @ (0.2126, 0.7152, 0.0722)
    assert inferno().shape == (256, 3)
    assert (np.diff(luminance) > -0.5).all()
    assert luminance[-1] > 200 > 10 > luminance[0]
