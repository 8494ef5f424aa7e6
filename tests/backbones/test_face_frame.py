"""Faces found by MTCNN, and put into their frame."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from skimage.data import astronaut, coffee

from fsl_demo.backbones import face_frame, mtcnn
from fsl_demo.backbones.face_frame import POINTS, Frame, cut, fitted, frame
from fsl_demo.backbones.mtcnn import Mtcnn
from fsl_demo.backbones.preprocessing import ALIGNED_FACE
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture, from_image

FACE = Image.fromarray(astronaut()[30:230, 120:320])
EYES = np.array([83 + 71j, 127 + 73j])
"""Where they are in `FACE`, by eye."""
DRAWING = Image.new("RGB", (300, 300), "white")
_pen = ImageDraw.Draw(DRAWING)
_pen.ellipse((40, 30, 260, 280), outline="black", width=5)
_pen.ellipse((95, 110, 125, 140), fill="black")
_pen.ellipse((175, 110, 205, 140), fill="black")
_pen.arc((100, 190, 200, 250), 0, 180, fill="black", width=5)


def picture(image: Image.Image) -> Picture:
    return from_image(image, "face.png")


def moved(image: Image.Image, degrees: float, scale: float) -> Image.Image:
    size = (round(image.width * scale), round(image.height * scale))
    return image.resize(size, Image.Resampling.BICUBIC).rotate(degrees, Image.Resampling.BICUBIC)


def test_the_points_are_on_the_face() -> None:
    points = Mtcnn().points(np.asarray(FACE))
    assert points is not None and points.shape == (5, 2)
    places = points[:, 0] + 1j * points[:, 1]
    assert np.abs(places[:2] - EYES).max() < 4, places
    assert places[0].real < places[2].real < places[1].real
    assert places[2].imag < places[3].imag and places[3].real < places[4].real


def test_where_there_is_no_face_there_are_no_points() -> None:
    for pixels in (coffee(), np.zeros((3, 400, 3), np.uint8), np.full((1, 1, 3), 255, np.uint8)):
        assert Mtcnn().points(pixels) is None


def test_weights_of_another_hash_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mtcnn, "WEIGHTS", {**mtcnn.WEIGHTS, "onet": "0" * 64})
    with pytest.raises(UserError) as error:
        Mtcnn().load()
    assert error.value.code == "weights_differ"


@pytest.mark.parametrize(("turn", "corner"), [(100 + 0j, 3 + 4j), (80 + 30j, -20 + 7j)])
def test_the_frame_is_where_the_points_say(turn: complex, corner: complex) -> None:
    place = fitted(turn * POINTS + corner)
    assert place.turn == pytest.approx(turn) and place.corner == pytest.approx(corner)
    assert place.side == pytest.approx(abs(turn)) and place.middle == pytest.approx(corner + turn * (0.5 + 0.5j))


def test_what_is_cut_is_what_is_in_the_frame() -> None:
    image = Image.fromarray(astronaut()).convert("L")
    np.testing.assert_array_equal(cut(image, Frame(64 + 0j, 200 + 100j), 64), np.asarray(image)[100:164, 200:264])
    quarter = np.asarray(cut(image, Frame(64j, 264 + 100j), 64))
    np.testing.assert_array_equal(quarter, np.rot90(np.asarray(image)[100:164, 200:264]))


def test_beyond_the_picture_its_edges_go_on() -> None:
    image = Image.new("L", (50, 50), 255)
    assert np.asarray(cut(image, Frame(100 + 20j, -30 - 30j), 40)).min() == 255


@pytest.mark.parametrize(("degrees", "scale"), [(12, 1.0), (-15, 0.7), (0, 2.5)])
def test_a_face_turned_or_scaled_is_put_straight(degrees: float, scale: float) -> None:
    straight, other = (ALIGNED_FACE.prepare(picture(image)) for image in (FACE, moved(FACE, degrees, scale)))
    assert straight.shape == (96, 96, 1)
    middle = slice(20, 76)
    pixels = [image[middle, middle, 0].ravel().astype(float) for image in (straight, other)]
    assert np.corrcoef(*pixels)[0, 1] > 0.9
    plain = [
        np.asarray(image.convert("L").resize((96, 96)))[middle, middle] for image in (FACE, moved(FACE, degrees, 1))
    ]
    if degrees:
        assert np.corrcoef(plain[0].ravel(), plain[1].ravel())[0, 1] < 0.9


def test_what_is_seen_is_around_the_face() -> None:
    left, top, right, bottom = ALIGNED_FACE.seen(picture(FACE))
    assert left * 200 < EYES[0].real < EYES[1].real < right * 200 and top * 200 < 74 < 120 < bottom * 200
    assert (right - left) * 200 == pytest.approx((bottom - top) * 200)


def test_what_is_no_face_is_seen_whole() -> None:
    cup = picture(Image.fromarray(coffee()))
    assert frame(cup) is None
    assert ALIGNED_FACE.prepare(cup).shape == (96, 96, 1) and ALIGNED_FACE.seen(cup)[0] == pytest.approx(1 / 12)


@pytest.mark.parametrize("places", [((260, (20, 60)), (150, (420, 120))), ((150, (30, 120)), (260, (320, 60)))])
def test_of_several_faces_the_largest_is_taken(places: tuple[tuple[int, tuple[int, int]], ...]) -> None:
    page = Image.new("RGB", (600, 400), (120, 140, 120))
    for side, corner in places:
        page.paste(FACE.resize((side, side)), corner)
    side, (left, top) = max(places)
    taken = frame(picture(page))
    eyes = (EYES.mean() / FACE.width) * side + complex(left, top)
    assert taken is not None and abs(taken.turn * (0.5 + 0.422j) + taken.corner - eyes) < side / 20


@pytest.mark.parametrize(
    "image",
    [FACE.rotate(90), FACE.rotate(180), FACE.resize((1, 1)), FACE.resize((900, 2)), FACE.resize((2, 900)), DRAWING],
    ids=["lying", "upside down", "one pixel", "flat", "narrow", "drawing"],
)
def test_any_picture_is_read(image: Image.Image) -> None:
    given = picture(image)
    assert ALIGNED_FACE.prepare(given).shape == (96, 96, 1)
    left, top, right, bottom = ALIGNED_FACE.seen(given)
    assert (right - left) * image.width == pytest.approx((bottom - top) * image.height)


def test_no_more_frames_are_remembered_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    monkeypatch.setattr(face_frame, "REMEMBERED", 3)
    monkeypatch.setattr(face_frame, "_frames", {})
    monkeypatch.setattr(face_frame._mtcnn(), "points", lambda image: looked.append(int(image[0, 0, 0])))
    pictures = [from_image(Image.new("RGB", (40, 40), (shade, 0, 0)), "") for shade in range(5)]
    for picture in (*pictures, pictures[-1]):
        assert face_frame.frame(picture) is None
        assert len(face_frame._frames) <= 3
    assert looked == [0, 1, 2, 3, 4]
