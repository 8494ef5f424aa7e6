"""Training the semantic dictionary: which regions are read, which words are right for them, and what is learned."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from fsl_demo.core.pictures import Picture
from fsl_demo.inference.region_features import DETECTOR, FROZEN, RegionFeatures, RegionMap
from fsl_demo.training import dictionary_words, region_rows
from fsl_demo.training.data import Arrays
from fsl_demo.training.dictionary_figures import average_precision, calibration, figure
from fsl_demo.training.dictionary_words import Read, rights
from fsl_demo.training.events import silent
from fsl_demo.training.loop import Training
from fsl_demo.training.objectives import semantic_dictionary as objective
from fsl_demo.training.objectives.semantic_dictionary import (
    BACKGROUND,
    CLASSIFIER,
    REGION,
    WHOLE,
    Rights,
    SemanticDictionaryObjective,
    Words,
)
from fsl_demo.training.region_rows import NOTHING, PICTURE, RegionRows
from fsl_demo.training.region_whitening import region_map
from fsl_demo.training.scenes import Scene
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from tests.training.dictionary import CHANNELS, SMALL, data, held

THING, OTHER = (0.0, 0.0, 0.5, 0.5), (0.6, 0.6, 1.0, 1.0)


def scene(file: Path, complete: bool = True, texts: tuple[str, ...] = ("dog", "red ball")) -> Scene:
    boxes = np.array([THING, OTHER], np.float32)
    return Scene(file, (40, 20), boxes, labels=np.array([12, 21]), texts=tuple((t,) for t in texts), complete=complete)


class Towers:
    """Proposes a box near each thing, twice, one at its edge, and one of nothing."""

    weights = "w"

    def __init__(self) -> None:
        self.read = list[tuple[int, int]]()

    def propose(self, pictures: list[Picture], boxes: Any = None) -> list[RegionFeatures]:
        self.read += [(picture.width, picture.height) for picture in pictures]
        places = np.array([[0, 0, 0.5, 0.45], [0, 0, 0.5, 0.4], [0.6, 0.6, 1, 1], [0, 0, 1, 0.5], [0.7, 0, 1, 0.3]])
        values = np.arange(5, dtype=np.float32)[:, None] * np.ones((1, 4), np.float32)
        given = np.zeros((0 if boxes is None else len(boxes[0]), 4), np.float32)
        own = RegionFeatures(places, np.linspace(0.9, 0.1, 5), values, whole=np.full(4, 9, np.float32), given=given - 1)
        return [own] * len(pictures)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    Image.new("RGB", (30, 30)).save(tmp_path / "a.png")
    return tmp_path / "a.png"


@pytest.mark.parametrize(
    ("complete", "every", "things"),
    [
        (True, False, [PICTURE, 0, 1, 0, 0, 1, NOTHING]),
        (False, False, [PICTURE, 0, 1, 0, 0, 1]),
        (True, True, [PICTURE, 0, 0, 1, 0, NOTHING]),
    ],
)
def test_regions_are_the_things_that_they_overlap(
    file: Path, tmp_path: Path, complete: bool, every: bool, things: list[int]
) -> None:
    """A box that overlaps a thing by half is it; one in between is neither, unless every one is read."""
    towers: Any = Towers()
    rows = region_rows.read(towers, [scene(file, complete)], tmp_path / "rows", every=every)
    assert rows.things.tolist() == things
    assert rows.features.dtype == np.float16 and rows.features[0, 0] == 9
    assert towers.read == [(60, 30)]


def test_regions_are_read_once(file: Path, tmp_path: Path) -> None:
    towers: Any = Towers()
    first = region_rows.read(towers, [scene(file)], tmp_path / "rows", every=False)
    again = region_rows.read(towers, [scene(file)], tmp_path / "rows", every=False)
    assert len(towers.read) == 1
    for name in region_rows.NAMES:
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    towers.weights = "other"
    region_rows.read(towers, [scene(file)], tmp_path / "rows", every=False)
    region_rows.read(towers, [scene(file, texts=("dog", "ball")), scene(file)], tmp_path / "rows", every=False)
    assert len(towers.read) == 4


def test_what_was_read_before_a_break_is_not_read_again(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(region_rows, "GROUP", 2)
    others = [replace(scene(file), file=shutil.copy(file, tmp_path / f"{number}.png")) for number in range(5)]

    class Broken(Towers):
        def propose(self, pictures: list[Picture], boxes: Any = None) -> list[RegionFeatures]:
            if len(self.read) == 4:
                raise KeyboardInterrupt
            return super().propose(pictures, boxes)

    broken: Any = Broken()
    with pytest.raises(KeyboardInterrupt):
        region_rows.read(broken, others, tmp_path / "rows", every=False)
    towers: Any = Towers()
    rows = region_rows.read(towers, others, tmp_path / "rows", every=False)
    assert len(broken.read) == 4 and len(towers.read) == 1
    assert rows.scenes.tolist() == sorted(rows.scenes) and set(rows.scenes) == set(range(5))


def known(texts: tuple[str, ...], classes: tuple[str, ...]) -> Words:
    vectors = np.eye(len(texts), 8, dtype=np.float32)
    return Words(texts, vectors, sentences=vectors, mentions=np.zeros((len(texts), len(classes)), bool))


def test_words_that_are_right(file: Path) -> None:
    """A phrase that ends in a class's name is of the class too; the whole picture has all of its words."""
    rows = RegionRows(
        np.zeros((4, 2), np.float16),
        objectness=np.ones(4),
        scenes=np.zeros(4, int),
        things=np.array([PICTURE, 0, 1, NOTHING]),
    )
    words = known(("dog", "television", "brown dog", "leash of a dog", "tench"), ("dog", "tvmonitor"))
    table = rights(words, [Read(rows, [scene(file, texts=("brown dog", "leash of a dog"))])], classifier=1)
    assert table.kinds.tolist() == [WHOLE, REGION, REGION, BACKGROUND, CLASSIFIER]
    right = [{words.texts[number] for number in row if number >= 0} for row in table.words]
    assert right[1] == {"dog", "brown dog"}
    assert right[0] >= {"dog", "brown dog", "leash of a dog"}
    assert right[3] == set() and right[4] == {"tench"}


def test_a_part_of_a_thing_is_not_the_thing(file: Path) -> None:
    rows = RegionRows(np.zeros((1, 2), np.float16), np.ones(1), scenes=np.zeros(1, int), things=np.array([0]))
    words = known(("dog", "dog's leash"), ("dog",))
    table = rights(words, [Read(rows, [scene(file, texts=("dog's leash", "x"))])], classifier=0)
    assert [words.texts[number] for number in table.words[0] if number >= 0] == ["dog's leash"]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SMALL.items():
        monkeypatch.setattr(objective, name, value)


@pytest.mark.parametrize("denominator", ["similarity", "distance"])
def test_it_learns_which_words_regions_are(small: None, tmp_path: Path, denominator: Any) -> None:
    words, table, features = data()
    torch.manual_seed(0)
    module = SemanticDictionaryObjective(words, table, features=CHANNELS, denominator=denominator, steps=20)
    validation = held(words, table, features)
    before = figure(module, validation)
    setup = Setup(
        objective=module,
        data=Arrays.numbered(features),
        schedule=Schedule(epochs=4, rate=2e-2, decay=0.0),
        validate=lambda module: Figures(0.0, figure(module, validation).mean),
        augment=lambda batch: batch,
        setting=None,
    )
    loop = Training(setup, tmp_path, cpu=True)
    loop.run(silent)
    after = figure(loop.module, validation)
    assert after.classes > 0.9 and after.phrases > 0.7 > before.phrases
    assert after.language > 0.8 if denominator == "similarity" else after.language < before.language
    defaults = calibration(loop.module, validation)
    by_margin, by_objectness, _ = defaults["boxes"]
    assert by_margin > 0 and by_objectness > 0
    assert defaults["temperature"] > 5


def test_words_of_one_meaning_are_not_told_apart(small: None) -> None:
    """Where a word is right, one that means nearly the same may be as probable without a price."""
    words, rows = data()[0], [0, 0, 2]
    twins = Words(
        ("a", "b", "c"), words.vectors[rows], sentences=words.sentences[rows], mentions=np.zeros((3, 0), bool)
    )
    only = Rights(np.array([REGION]), np.array([[0]]))
    module = SemanticDictionaryObjective(twins, only, features=CHANNELS)
    unsure = module._unsure(torch.tensor([[True, False, False]]), torch.arange(3))
    assert unsure.tolist() == [[True, True, False]]


def test_batches_have_all_kinds_and_follow_from_the_seed(small: None) -> None:
    words, table, _ = data()
    module = SemanticDictionaryObjective(words, table, features=CHANNELS)
    labels = np.arange(len(table.kinds))
    first, again, other = (list(module.batches(labels, seed=0, epoch=epoch)) for epoch in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    counts = np.bincount(table.kinds[first[0]], minlength=4)
    assert counts.tolist() == [round(32 * share) for share in objective.SHARES[:3]] + [0]


def test_the_map_whitens_both_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    features = np.zeros((60, DETECTOR + FROZEN), np.float16)
    features[:, :6] = 100 * random.standard_normal((60, 6)) + 50
    features[:, DETECTOR : DETECTOR + 6] = random.standard_normal((60, 6))
    table = Rights(np.full(60, REGION), np.repeat([0, 1, 2, 3], 15)[:, None])
    mapped = region_map(features, table, classes=2)
    vectors = mapped(features)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    count = len(mapped.weights[0])
    np.testing.assert_allclose((vectors[:, :count] ** 2).sum(1), mapped.detector, atol=1e-5)
    alone = mapped.frozen_alone(features[:, DETECTOR:].astype(np.float32))
    assert not alone[:, :count].any()
    np.testing.assert_allclose(alone[:, count:], vectors[:, count:], atol=1e-5)
    halved = {name: array.shape for name, array in mapped.arrays().items()}
    assert halved["detector.weight"] == (count, DETECTOR) and halved["frozen.weight"][1] == FROZEN
    assert isinstance(mapped, RegionMap)


def test_every_word_is_known_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: Any = lambda texts, progress: np.ones((len(texts), 768), np.float32)  # noqa: E731
    words = dictionary_words.words(read, ["a brown dog", "tench", "sofa"], classes=("dog", "tvmonitor"))
    assert words.texts[:3] == ("dog", "television", "tench") and words.texts.count("tench") == 1
    assert words.mentions[words.texts.index("a brown dog")].tolist() == [True, False]
    assert words.classes == 2 and words.vectors.shape == (len(words.texts), 768)


def test_average_precision_by_hand() -> None:
    assert average_precision(np.array([True, False, True, False]), np.array([0.9, 0.8, 0.7, 0.1])) == (1 + 2 / 3) / 2
