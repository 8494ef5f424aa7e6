"""Near-duplicates are grouped: the same picture cut, mirrored or compressed again, and no other."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks.support_sets import COPIES
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.inference import near_duplicates
from fsl_demo.inference.alignment import alike, small
from fsl_demo.inference.near_duplicates import COPIED, groups


def drawn(seed: int, size: tuple[int, int] = (160, 120)) -> Picture:
    """A picture of random shapes."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", size, tuple(random.integers(0, 255, 3).tolist()))
    draw = ImageDraw.Draw(image)
    for _ in range(14):
        left, top = random.integers(0, size[0] - 20), random.integers(0, size[1] - 20)
        right, bottom = left + random.integers(10, 60), top + random.integers(10, 60)
        draw.ellipse((int(left), int(top), int(right), int(bottom)), tuple(random.integers(0, 255, 3).tolist()))
    return from_image(image, f"{seed}.png")


def vectors(*groups_of: tuple[int, int]) -> np.ndarray:
    """Unit vectors: pictures of the same (direction, _) are near, all others far apart."""
    random = np.random.default_rng(0)
    centres = random.normal(size=(20, 64))
    made = np.array([centres[direction] + 0.1 * random.normal(size=64) for direction, _ in groups_of])
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("copy", range(4))
def test_a_copy_correlates_and_another_picture_does_not(copy: int) -> None:
    for seed in range(4):
        original = drawn(seed)
        assert alike(small(original), small(COPIES[copy](original))) > COPIED
        assert alike(small(original), small(drawn(seed + 50))) < COPIED


def test_near_pictures_are_one_group_only_if_they_lie_over_each_other() -> None:
    first, second = drawn(1), drawn(2)
    pictures = [first, drawn(3), COPIES[1](first), second, drawn(4), COPIES[2](second), drawn(5)]
    near = vectors((0, 0), (0, 0), (0, 0), (1, 0), (2, 0), (1, 0), (3, 0))
    assert groups(near, pictures) == [0, 1, 0, 2, 3, 2, 4]


def test_pictures_that_are_far_apart_are_not_compared() -> None:
    first = drawn(1)
    told: list[int] = []
    assert groups(
        vectors((0, 0), (1, 0)), [first, COPIES[1](first)], lambda stage, done, total: told.append(total)
    ) == [0, 1]
    assert not told


def test_plain_pictures_are_the_same_by_their_vectors() -> None:
    plain = [from_image(Image.new("RGB", (40, side), (9, 9, 9)), "plain") for side in (40, 41, 42)]
    same = np.repeat(vectors((0, 0)), 3, axis=0)
    assert groups(same, plain) == [0, 0, 0]


def test_pictures_of_one_kind_need_a_closer_likeness() -> None:
    first = drawn(1)
    of_a_kind = vectors(*[(0, 0)] * 3)
    assert groups(of_a_kind, [first, COPIES[0](first), COPIES[1](first)]) == [0, 1, 0]


@pytest.mark.parametrize("count", [0, 1])
def test_few_pictures(count: int) -> None:
    assert (
        groups(vectors(*[(0, 0)] * count) if count else np.zeros((0, 64), np.float32), [drawn(1)] * count)
        == [0] * count
    )


def test_many_pictures_are_compared_through_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_duplicates, "COMPARED", 5)
    first, second = drawn(1), drawn(2)
    pictures = [first, drawn(3), COPIES[1](first), second, drawn(4), COPIES[2](second), drawn(5)]
    near = vectors((0, 0), (0, 0), (0, 0), (1, 0), (2, 0), (1, 0), (3, 0))
    stages: list[str] = []
    assert groups(near, pictures, lambda stage, done, total: stages.append(stage)) == [0, 1, 0, 2, 3, 2, 4]
    assert "index" in stages
    random = np.random.default_rng(1)
    many = np.repeat(random.normal(size=(1_500, 16)), 2, axis=0)
    many /= np.linalg.norm(many, axis=1, keepdims=True)
    pairs, _ = near_duplicates._near(many.astype(np.float32), lambda stage, done, total: None)
    assert {(2 * place, 2 * place + 1) for place in range(1_500)} <= set(map(tuple, pairs.tolist()))
