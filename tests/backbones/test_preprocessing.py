"""Pictures as networks read them."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from fsl_demo.backbones.preprocessing import FACE, INK, PREPROCESSINGS
from fsl_demo.core.pictures import Picture, from_image
from tests.backbones.loaded import crops


def picture(image: Image.Image) -> Picture:
    return from_image(image.convert("RGB"), "picture.png")


def seven(size: int, page: tuple[int, int] | None = None, place: tuple[int, int] = (0, 0)) -> Image.Image:
    """A seven in black on white, `size` pixels high, drawn in detail and made small."""
    drawn = Image.new("L", (640, 800), "white")
    pen = ImageDraw.Draw(drawn)
    pen.line([(60, 60), (580, 60), (250, 740)], fill="black", width=100, joint="curve")
    pen.line([(200, 400), (520, 400)], fill="black", width=80)
    drawn = drawn.resize((size * 4 // 5, size), Image.Resampling.BOX)
    if page is None:
        return ImageOps.expand(drawn, size // 4, "white")
    whole = Image.new("L", page, "white")
    whole.paste(drawn, place)
    return whole


def alike(first: Picture, second: Picture) -> float:
    left, other = (INK.prepare(image).astype(float).ravel() for image in (first, second))
    return float(np.corrcoef(left, other)[0, 1])


def test_ink_is_light_on_dark_in_a_box_of_twenty_pixels() -> None:
    ink = INK.prepare(picture(seven(200)))
    assert ink.shape == (28, 28, 1) and ink.dtype == np.uint8
    rows, columns = np.flatnonzero(ink.max((1, 2))), np.flatnonzero(ink.max((0, 2)))
    assert len(rows) == 20 and 13 <= len(columns) <= 17
    assert ink.max() == 255 and np.median(ink) == 0
    weight = ink[..., 0].astype(float)
    centre = [(weight.sum(axis) * np.arange(28)).sum() / weight.sum() for axis in (1, 0)]
    assert centre == pytest.approx([13.5, 13.5], abs=0.6)


def test_black_on_white_is_white_on_black() -> None:
    drawn = seven(120)
    dark, other = (INK.prepare(picture(image)).astype(int) for image in (drawn, ImageOps.invert(drawn)))
    assert np.abs(dark - other).max() <= 1


def test_faint_ink_counts_as_ink() -> None:
    drawn = seven(120)
    faint = drawn.point(lambda value: 140 + value // 4)
    assert alike(picture(drawn), picture(faint)) > 0.99


@pytest.mark.parametrize("size", [30, 60, 500])
def test_scale_does_not_matter(size: int) -> None:
    assert alike(picture(seven(200)), picture(seven(size))) > 0.97


@pytest.mark.parametrize("place", [(20, 20), (300, 20), (150, 230), (20, 250)])
def test_position_does_not_matter(place: tuple[int, int]) -> None:
    middle, elsewhere = (INK.prepare(picture(seven(100, (420, 380), at))) for at in ((170, 140), place))
    np.testing.assert_array_equal(middle, elsewhere)


def test_a_digit_as_mnist_has_it_is_nearly_unchanged_but_for_a_move_by_a_pixel() -> None:
    box = np.asarray(ImageOps.invert(seven(20, (16, 20))), float)
    page = np.zeros((28, 28))
    row, column = ((box.sum(axis) * np.arange(box.shape[1 - axis])).sum() / box.sum() for axis in (1, 0))
    top, left = round(14 - row), round(14 - column)
    page[top : top + 20, left : left + 16] = box
    digit = Image.fromarray(page.astype(np.uint8))
    ink = INK.prepare(picture(digit))[..., 0]
    moved = [np.roll(ink, (down, right), (0, 1)).ravel() for down in (-1, 0, 1) for right in (-1, 0, 1)]
    assert max(np.corrcoef(page.ravel(), shifted)[0, 1] for shifted in moved) > 0.9
    assert ink.sum() == pytest.approx(page.sum(), rel=0.15)


@pytest.mark.parametrize("name", [name for name, recipe in PREPROCESSINGS.items() if not recipe.frozen])
@pytest.mark.parametrize("colour", ["black", "white", "gray", "red"])
@pytest.mark.parametrize("size", [(40, 40), (1, 1), (300, 2), (2, 300)])
def test_blank_and_odd_pictures_are_prepared(name: str, colour: str, size: tuple[int, int]) -> None:
    recipe, blank = PREPROCESSINGS[name], picture(Image.new("RGB", size, colour))
    prepared = recipe.prepare(blank)
    assert prepared.shape == (recipe.stored, recipe.stored, recipe.colours) and prepared.dtype == np.uint8
    read = recipe.tensor(np.stack([prepared]))
    assert read.shape == (1, recipe.colours, recipe.side, recipe.side) and read.isfinite().all()
    left, top, right, bottom = recipe.seen(blank)
    assert left < right and top < bottom and left < 1 and top < 1 and right > 0 and bottom > 0


@pytest.mark.parametrize("place", [(0, 0), (10, 40), (340, 280), (170, 140)])
def test_what_is_seen_covers_the_ink(place: tuple[int, int]) -> None:
    page = seven(100, (420, 380), place)
    left, top, right, bottom = INK.seen(picture(page))
    assert left < right and top < bottom and left < 1 and top < 1 and right > 0 and bottom > 0
    ink = ImageOps.invert(page).point(lambda value: 255 * (value > 64)).getbbox()
    assert ink is not None
    assert left * 420 <= ink[0] and top * 380 <= ink[1] and right * 420 >= ink[2] and bottom * 380 >= ink[3]
    assert (right - left) * 420 < 160 and (bottom - top) * 380 < 160


def test_faces_are_grey_and_whole() -> None:
    cat = crops("cat")[0]
    prepared = FACE.prepare(cat)
    assert prepared.shape == (80, 80, 1) and FACE.tensor(prepared[None]).shape == (1, 1, 64, 64)
    half = Image.new("RGB", (200, 100), "white")
    half.paste("black", (0, 0, 100, 100))
    prepared = FACE.prepare(picture(half))[..., 0]
    assert (prepared[:, :38] < 20).all() and (prepared[:, 42:] > 235).all()


def test_faces_do_not_depend_on_light() -> None:
    cat = FACE.prepare(crops("cat")[0])
    darker = (cat * 0.5 + 20).astype(np.uint8)
    light, other = (FACE.tensor(images[None]) for images in (cat, darker))
    assert light.mean().abs() < 1e-5 and 0.5 < light.std() < 1
    assert np.corrcoef(light.ravel(), other.ravel())[0, 1] > 0.999 and other.std() > 0.7 * light.std()


def test_small_faces_are_made_larger() -> None:
    small = Image.fromarray(np.asarray(crops("cat")[0].image().resize((25, 20))))
    assert FACE.prepare(picture(small)).std() > 20


def test_small_pictures_are_cut_to_their_middle_square() -> None:
    recipe = PREPROCESSINGS["rgb32"]
    photo = Image.new("RGB", (400, 200), "white")
    photo.paste("red", (100, 0, 300, 200))
    assert recipe.seen(picture(photo)) == (0.25, 0.0, 0.75, 1.0)
    prepared = recipe.prepare(picture(photo))
    assert prepared.shape == (32, 32, 3) and (prepared[:, 2:-2] == (255, 0, 0)).all()
    read = recipe.tensor(np.stack([prepared]))
    assert read[0, :, 5, 5].tolist() == pytest.approx([(1 - 0.48) / 0.26, -0.48 / 0.26, -0.48 / 0.26])


def test_names_are_those_on_cards() -> None:
    assert {name: recipe.id for name, recipe in PREPROCESSINGS.items()} == {name: name for name in PREPROCESSINGS}
