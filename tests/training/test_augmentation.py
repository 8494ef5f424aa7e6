"""Random changes to stored pictures."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from fsl_demo.backbones.preprocessing import PREPROCESSINGS, Preprocessing
from fsl_demo.training.augmentation import Augmentation
from fsl_demo.training.recipes import FACE, INK, SMALL

RECIPES = [PREPROCESSINGS[name] for name in ("face64", "rgb32", "ink28")]


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def stored(recipe: Preprocessing, count: int) -> Tensor:
    shape = (count, recipe.stored, recipe.stored, recipe.colours)
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, shape, np.uint8))


def copies(recipe: Preprocessing, count: int) -> Tensor:
    return stored(recipe, 1).repeat(count, 1, 1, 1)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.id)
@pytest.mark.parametrize("border", ["reflection", "zeros", "border"])
def test_no_change_is_what_the_network_reads_otherwise(recipe: Preprocessing, border: str) -> None:
    images = stored(recipe, 3)
    torch.testing.assert_close(Augmentation(border=border)(images, recipe), recipe.tensor(images), rtol=0, atol=3e-5)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.id)
@pytest.mark.parametrize(
    "change", [{"turn": 0.2}, {"stretch": 0.2}, {"shift": 0.2}, {"light": 0.2}, {"erase": 1.0}], ids=str
)
def test_each_picture_is_changed_in_its_own_way(recipe: Preprocessing, change: dict[str, float]) -> None:
    changed = Augmentation(**change)(copies(recipe, 4), recipe)  # type: ignore[arg-type]
    plain = recipe.tensor(stored(recipe, 1))
    for i in range(4):
        assert (changed[i] - plain[0]).abs().max() > 0.01
        assert all((changed[i] - changed[j]).abs().max() > 0.01 for j in range(i))


@pytest.mark.parametrize(("recipe", "augmentation"), zip(RECIPES, (FACE, SMALL, INK), strict=True))
def test_shape_and_range_stay(recipe: Preprocessing, augmentation: Augmentation) -> None:
    images = stored(recipe, 8)
    augmented = augmentation(images, recipe)
    assert augmented.shape == (8, recipe.colours, recipe.side, recipe.side) and augmented.dtype == torch.float32
    assert augmented.isfinite().all() and augmented.abs().max() < 10
    if recipe.mean is not None and recipe.spread is not None:
        moved = replace(augmentation, light=0.0, erase=0.0)(images, recipe)
        assert moved.min() >= (0 - recipe.mean) / recipe.spread - 1e-4
        assert moved.max() <= (1 - recipe.mean) / recipe.spread + 1e-4


def test_a_seed_determines_the_changes() -> None:
    recipe, batches = RECIPES[0], []
    for number in (1, 1, 2):
        torch.manual_seed(number)
        batches.append(FACE(copies(recipe, 5), recipe))
    assert torch.equal(batches[0], batches[1]) and not torch.equal(batches[0], batches[2])


def test_half_of_the_pictures_are_mirrored() -> None:
    recipe = PREPROCESSINGS["rgb32"]
    augmented, plain = Augmentation(flip=True)(copies(recipe, 200), recipe), recipe.tensor(stored(recipe, 1))[0]
    mirrored = [bool((image - plain.flip(-1)).abs().max() < 1e-3) for image in augmented]
    assert all(other or (image - plain).abs().max() < 1e-3 for image, other in zip(augmented, mirrored, strict=True))
    assert 70 < sum(mirrored) < 130


def test_a_turn_keeps_the_middle_in_place() -> None:
    recipe = PREPROCESSINGS["ink28"]
    images = torch.zeros(6, 28, 28, 1, dtype=torch.uint8)
    images[:, 13:15, 4:24] = 255
    augmented = Augmentation(turn=1.5, border="zeros")(images, recipe) * recipe.spread + recipe.mean
    places = torch.arange(28) + 0.5
    for image in augmented[:, 0]:
        assert (image.sum(0) @ places / image.sum()).item() == pytest.approx(14, abs=0.1)
        assert (image.sum(1) @ places / image.sum()).item() == pytest.approx(14, abs=0.1)
        assert image.sum().item() == pytest.approx(40, rel=0.1)


def test_a_shift_moves_by_no_more_than_was_said() -> None:
    recipe = PREPROCESSINGS["ink28"]
    images = torch.zeros(50, 28, 28, 1, dtype=torch.uint8)
    images[:, 13:15, 13:15] = 255
    augmented = Augmentation(shift=0.25, border="zeros")(images, recipe) * recipe.spread + recipe.mean
    places = torch.arange(28) + 0.5
    centres = torch.stack([image.sum(0) @ places / image.sum() for image in augmented[:, 0]]) - 14
    assert 2 < centres.abs().max() <= 0.25 * 14 + 0.01 and centres.min() < 0 < centres.max()


def test_a_rectangle_of_some_pictures_is_erased() -> None:
    recipe = PREPROCESSINGS["rgb32"]
    augmented, plain = Augmentation(erase=0.5)(copies(recipe, 100), recipe), recipe.tensor(stored(recipe, 1))[0]
    changed = (augmented - plain).abs().amax(1) > 1e-3
    erased = changed.flatten(1).any(1)
    assert 30 < erased.sum() < 70
    for mask, image in zip(changed[erased], augmented[erased], strict=True):
        rows, columns = mask.any(1).nonzero(), mask.any(0).nonzero()
        top, left = int(rows.min()), int(columns.min())
        height, width = int(rows.max()) + 1 - top, int(columns.max()) + 1 - left
        assert 4 <= height <= 14 and 4 <= width <= 14
        assert image[:, top : top + height, left : left + width].unique().numel() == 1
