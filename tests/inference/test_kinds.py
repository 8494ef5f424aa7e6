"""What a picture is of, as exactly as is certain."""

import numpy as np
import pytest

from fsl_demo.inference.hypernyms import imagenet, meanings
from fsl_demo.inference.kinds import CERTAIN, certain, kinds, likely, probabilities
from tests.backbones.loaded import crops, networks


def row(**classes: float) -> np.ndarray:
    """Probabilities of kinds, from those of ImageNet's classes by name; what is missing is spread over all."""
    answers = np.full(1000, (1 - sum(classes.values())) / 1000, np.float32)
    for name, share in classes.items():
        answers[imagenet().index(meanings(name)[0])] += share
    return answers @ kinds()[1].T


@pytest.mark.parametrize(
    ("classes", "name"),
    [
        ({"banjo": 0.9}, "banjo"),
        ({"banjo": 0.35, "violin": 0.35}, "stringed instrument"),
        ({"banjo": 0.35, "trombone": 0.35}, "musical instrument"),
        ({"beagle": 0.4, "whippet": 0.4}, "dog"),
        ({"beagle": 0.4, "goldfish": 0.4}, "animal"),
    ],
)
def test_the_most_exact_kind_that_is_certain_is_named(classes: dict[str, float], name: str) -> None:
    meaning = certain(row(**classes))
    assert meaning is not None and meaning[1].name == name and CERTAIN <= meaning[1].certainty <= 1


@pytest.mark.parametrize("classes", [{}, {"banjo": 0.4, "beagle": 0.4}, {"banjo": 0.45}])
def test_nothing_is_named_where_nothing_is_certain(classes: dict[str, float]) -> None:
    assert certain(row(**classes)) is None


def test_a_class_has_to_be_more_certain_than_a_kind() -> None:
    meaning, perhaps = certain(row(banjo=0.6)), likely(row(banjo=0.6))
    assert meaning is not None and meaning[1].name == "stringed instrument"
    assert perhaps is not None and perhaps[1].name == "banjo"


def test_photographs_are_of_what_they_show() -> None:
    rows = probabilities(networks(), [crops("cat")[0], crops("coffee")[0]])
    of_cats = rows[:, kinds()[0][meanings("cat")[0]]]
    assert of_cats[0] > 0.5 > 0.05 > of_cats[1]
    assert np.allclose(rows.max(axis=1), 1, atol=1e-4)
