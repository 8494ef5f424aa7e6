"""Class names that the text encoder knows, and those that it does not."""

import pytest

from fsl_demo.core.episodes import ClassSpec
from fsl_demo.datasets.made_up_names import made_up_names
from fsl_demo.inference.familiar import knows, unfamiliar
from tests.backbones.loaded import networks


@pytest.mark.parametrize(
    "name",
    [
        "cat",
        "cup of coffee",
        "Fire_Hydrants",
        "okapi",
        "axolotls",
        "T-shirt",
        "cheesecake",
        "Shih Tzu",
        "Éléphant",
        "A1",
    ],
)
def test_english_names_are_known(name: str) -> None:
    assert knows(networks().texts, name)


@pytest.mark.parametrize(
    "name", ["Schmetterling", "caballo", "oiseau", "cucchiaio", "Blume im Topf", "xqzt", "blorp_2"]
)
def test_names_of_other_languages_and_made_up_ones_are_not(name: str) -> None:
    assert not knows(networks().texts, name)


def test_most_made_up_names_are_told_apart() -> None:
    names = made_up_names(100, seed=3)
    assert sum(knows(networks().texts, name) for name in names) <= 3


def test_a_description_in_english_explains_a_name() -> None:
    classes = [
        ClassSpec("cat"),
        ClassSpec("oiseau"),
        ClassSpec("caballo", ("a horse",)),
        ClassSpec("blorp", ("貓",)),
        ClassSpec("貓"),  # which is left out, and said to be
    ]
    assert unfamiliar(networks().texts, classes) == {"unfamiliar": "oiseau, blorp"}
    assert unfamiliar(networks().texts, classes[:1]) == {}
