"""A workspace, digits as pictures, and an episode that has everything."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from fsl_demo.core.episodes import ClassSpec, Episode, Example, Label, LabelledEpisode, Run, Scores
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.core.regions import RegionLabel
from fsl_demo.store import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture(scope="session")
def digits() -> list[Picture]:
    """Forty different real digits, 16 x 16."""
    images = (load_digits().images[:40] * (255 / 16)).astype(np.uint8).repeat(2, axis=1).repeat(2, axis=2)
    return [
        from_image(Image.fromarray(image).convert("RGB"), f"digit {number}.png", f"{number:064x}")
        for number, image in enumerate(images)
    ]


def make_scores(method: str, queries: int, classes: int, support: int, seed: int = 0) -> Scores:
    random = np.random.default_rng(seed)
    similarities = random.normal(size=(queries, classes)).astype(np.float32)
    weights = np.exp(similarities)
    return Scores(
        method=method,
        checkpoint="c0ffee",
        settings={"temperature": 10.0, "augment": True, "backbone": "conv4"},
        seconds=0.125,
        similarities=similarities,
        probabilities=weights / weights.sum(axis=1, keepdims=True),
        none_below=-0.5,
        pairs=random.normal(size=(queries, support)).astype(np.float32),
    )


@pytest.fixture
def labelled(digits: list[Picture]) -> LabelledEpisode:
    """Three classes, five support pictures, four queries, two runs; one query of a class, one of none, two open."""
    classes = (
        ClassSpec("zéro", ("a round digit", "an empty ring")),
        ClassSpec("一"),
        ClassSpec("Two / 2 ", ("a swan",)),
    )
    boxes = {1: ((0.0, 0.0, 0.5, 1.0), (0.1, 0.25, 0.3, 1 / 3))}
    support = tuple(Example(digits[i], index, boxes.get(i, ())) for i, index in enumerate((2, 0, 1, 0, 2)))
    episode = Episode(classes, support, tuple(digits[10:14]))
    runs = (
        Run(make_scores("proto", 4, classes=3, support=5)),
        Run(make_scores("tip", 4, classes=3, support=5, seed=1), "cuda:0"),
    )
    labels = {
        0: Label(2, "Ada", source="corrected", suggestion=0, seconds=1.5),
        2: Label(None, "阿明", source="blind", suggestion=None, seconds=0.25),
    }
    regions = {
        1: (
            RegionLabel((0.0, 0.0, 0.5, 1.0), "a ring, große 圓", "Ada", source="accepted"),
            RegionLabel((0.1, 0.25, 0.3, 1 / 3), "zéro", "阿明"),
        )
    }
    return LabelledEpisode(episode, "Digits, hand-written", runs=runs, labels=labels, regions=regions)


@pytest.fixture
def assert_same() -> Callable[[LabelledEpisode, LabelledEpisode], None]:
    return same


def same(stored: LabelledEpisode, expected: LabelledEpisode) -> None:
    """Everything is equal, to the last bit and byte."""
    assert stored.title == expected.title
    assert stored.episode == expected.episode
    assert dict(stored.labels) == dict(expected.labels)
    assert dict(stored.regions) == dict(expected.regions)
    for found_picture, picture in zip(_pictures(stored), _pictures(expected), strict=True):
        assert found_picture.name == picture.name
        assert found_picture.original_sha256 == picture.original_sha256
        assert np.array_equal(np.asarray(found_picture.image()), np.asarray(picture.image()))
    for found_run, run in zip(stored.runs, expected.runs, strict=True):
        assert found_run.device == run.device
        for field in ("method", "checkpoint", "settings", "seconds", "none_below"):
            assert getattr(found_run.scores, field) == getattr(run.scores, field)
        for field in ("similarities", "probabilities", "pairs"):
            found_array, array = getattr(found_run.scores, field), getattr(run.scores, field)
            assert (found_array is None) == (array is None)
            if array is not None:
                assert found_array.dtype == array.dtype
                np.testing.assert_array_equal(found_array, array)


def _pictures(labelled: LabelledEpisode) -> list[Picture]:
    return [*(example.picture for example in labelled.episode.support), *labelled.episode.queries]
