"""Digits and characters: both in their own parts, so that digits 5 to 9 and the evaluation alphabets stay unseen."""

from pathlib import Path

import pytest

from fsl_demo import datasets
from fsl_demo.core.errors import UserError
from fsl_demo.datasets import digits_and_characters, mnist
from fsl_demo.datasets.omniglot import VALIDATION
from tests.datasets.test_mnist import write
from tests.datasets.trees import class_tree, parts


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(mnist, "VALIDATION", 20)
    monkeypatch.setattr(mnist, "PAIRS", 100)
    monkeypatch.setattr(digits_and_characters, "TRAIN", 1)
    monkeypatch.setattr(digits_and_characters, "VALIDATION", 3)
    write(tmp_path / "MNIST" / "raw")
    for part, alphabets in (("background", ("Arcadian", VALIDATION[0])), ("evaluation", ("Tengwar",))):
        for alphabet in alphabets:
            class_tree(tmp_path / "omniglot" / part / alphabet, ["character01", "character02"], 2)
    return tmp_path


def test_digits_join_the_characters_of_each_part(root: Path) -> None:
    data = datasets.read("digits_and_characters", root)
    alphabets = ("Arcadian", VALIDATION[0], "Tengwar")
    for part, alphabet, digits, pictures in zip(
        parts(data), alphabets, ("01234", "01234", "56789"), (1, 3, 4), strict=True
    ):
        characters = [f"{alphabet}/character01", f"{alphabet}/character02"]
        assert list(part.classes) == characters + [f"MNIST/{digit}" for digit in digits]
        assert [len(items) for items in part.classes.values()] == [2] * 2 + [pictures] * 5
    assert data.grouped


def test_no_digit_is_in_two_parts(root: Path) -> None:
    data = datasets.read("digits_and_characters", root)
    training, validation, test = ({item for items in part.classes.values() for item in items} for part in parts(data))
    assert not training & validation and not training & test and not validation & test


@pytest.mark.parametrize("missing", ["MNIST", "omniglot"])
def test_both_are_needed(root: Path, missing: str) -> None:
    (root / missing).rename(root / "elsewhere")
    with pytest.raises(UserError, match=missing) as error:
        datasets.read("digits_and_characters", root)
    assert error.value.code == "data_missing"
