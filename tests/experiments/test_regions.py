"""The studies of regions: what is drawn as support, what the baselines score, and what the regression learns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.regions import Regions, cut, named, regression, scored, support
from fsl_demo.core.episodes import Episode, Scores, quiet
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.datasets.voc2007 import LEFT_OUT, Photograph, Thing
from fsl_demo.evaluation.located import Scenes
from fsl_demo.evaluation.multi_label import multi_label
from tests.evaluation.test_detection import LEFT, RIGHT, truth
from tests.nearest import Nearest
from tests.told import Told, region


@pytest.fixture
def photographs(tmp_path: Path) -> list[Photograph]:
    """Three of each left-out class; on each a difficult thing and a small one come before the one that is usable."""
    made = []
    for number in range(3 * len(LEFT_OUT)):
        file = tmp_path / f"{number}.png"
        Image.new("RGB", (100, 100), (number, 0, 0)).save(file)
        name = LEFT_OUT[number % len(LEFT_OUT)]
        small, usable = (0.0, 0.0, 0.2, 1.0), (0.0, 0.0, 0.5, 0.5)
        things = (Thing(usable, name, True), Thing(small, name, False), Thing(usable, name, False))
        made.append(Photograph(file, (100, 100), things))
    return made


def test_more_boxes_hold_those_of_fewer(photographs: list[Photograph]) -> None:
    few, more = support(photographs, 1, 0), support(photographs, 3, 0)
    assert [example.class_index for example in few] == [0, 1, 2, 3, 4]
    assert len(more) == 15 and set(few) < set(more)
    assert all(example.boxes == ((0.0, 0.0, 0.5, 0.5),) for example in more)
    assert {tuple(e.picture.name for e in support(photographs, 1, seed)) for seed in range(9)} != {
        tuple(e.picture.name for e in few)
    }


class Reds(Nearest):
    """A picture is a cat as far as it is red, and else a chair; `names` are those of the classes that it was given."""

    def fit(self, episode: Episode, settings: object, progress: object = quiet) -> Reds:
        self.names = [spec.name for spec in episode.classes]
        return self

    def predict(self, queries: Sequence[Picture], progress: object = quiet) -> Scores:
        red = np.array([np.asarray(query.image())[..., 0].mean() / 255 for query in queries], np.float32)
        likely = np.zeros((len(queries), len(self.names)), np.float32)
        likely[:, self.names.index("cat")], likely[:, self.names.index("chair")] = red, 1 - red
        return Scores(
            "reds",
            "-",
            settings={},
            seconds=0.0,
            similarities=likely,
            probabilities=likely,
            none_below=float("nan"),
        )


@pytest.fixture
def scenes() -> Scenes:
    """Red on the left, black elsewhere."""
    pixels = np.zeros((20, 50, 3), np.uint8)
    pixels[:, :20, 0] = 255
    return Scenes([from_image(Image.fromarray(pixels), "red.png")], [truth((LEFT, 0))], ["cat"])


def test_a_region_has_the_score_of_its_crop_times_how_probably_it_is_a_thing(scenes: Scenes) -> None:
    half, nothing = (0.2, 0.0, 0.6, 1.0), (1.0, 0.5, 1.0, 0.5)
    regions = Regions(np.array([RIGHT, LEFT, half, nothing]), np.array([0.9, 0.8, 0.7, 0.1], np.float32))
    method = Reds()
    (detections,) = scored(method, [regions], names=("chair", "cat"), scenes=scenes, progress=quiet)
    assert method.names == ["chair", "cat"]
    np.testing.assert_allclose(detections.boxes, [LEFT, half])
    np.testing.assert_allclose(detections.scores, [0.8, 0.35], atol=0.02)
    none = Regions(np.zeros((0, 4)), np.zeros(0, np.float32))
    (detections,) = scored(method, [none], names=("chair", "cat"), scenes=scenes, progress=quiet)
    assert len(detections.boxes) == 0


def test_a_crop_has_a_pixel_at_least(scenes: Scenes) -> None:
    assert cut(scenes.pictures[0], np.array([1.0, 1.0, 1.0, 1.0])).image().size == (1, 1)


def test_only_the_classes_that_are_asked_for_count(scenes: Scenes) -> None:
    method = Told({"red.png": [region(LEFT, chair=0.9, cat=0.6)]})
    (detections,) = named(method, scenes, ("cat", "chair"))
    assert [spec.name for spec in method.episodes[0].classes] == ["cat", "chair"]
    assert detections.scores.tolist() == [0.6]


def test_the_regression_takes_the_sharpness_that_validation_prefers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few pictures, one channel that tells and many that do not: the sharper regression learns the noise."""
    monkeypatch.setattr("fsl_demo.datasets.voc2007.CLASSES", 2)
    monkeypatch.setattr("experiments.regions.SHARPNESS", (1e4, 0.01))
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 320)
    truths = [truth((LEFT, int(label))) for label in labels]
    vectors = random.normal(0, 1, (320, 80))
    vectors[:, 0] += 3.0 * labels
    parts = {"train": slice(0, 40), "val": slice(40, 180), "test": slice(180, 320)}
    chosen, scores = regression(
        {name: vectors[part] for name, part in parts.items()}, {name: truths[part] for name, part in parts.items()}
    )
    assert chosen == 0.01
    assert scores.shape == (140, 2) and multi_label(truths[180:], scores).mean.value > 0.8


def test_pictures_with_difficult_objects_alone_teach_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsl_demo.datasets.voc2007.CLASSES", 2)
    easy = [truth((LEFT, 0)), truth((LEFT, 1))] * 4
    misleading = [truth((LEFT, 0), difficult=(0,))] * 8
    vectors = np.array([[1.0], [-1.0]] * 4 + [[-5.0]] * 8)
    known = {"train": easy + misleading, "val": easy}
    _, scores = regression({"train": vectors, "val": vectors[:8], "test": vectors[:8]}, known)
    assert scores[0, 0] > scores[1, 0]
