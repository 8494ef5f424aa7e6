"""`train` and `evaluate CHECKPOINT` on digits that scikit-learn ships."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits

from fsl_demo import datasets
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.trained import TrainedNetwork
from fsl_demo.checkpoints import Reference
from fsl_demo.core.pictures import ingest
from fsl_demo.inference.space import TrainedSpace
from fsl_demo.training import recipes
from fsl_demo.training.config import Config
from fsl_demo.training.events import silent
from fsl_demo.training.run import run
from fsl_demo.training.tasks.classes import ClassesTask, cohort
from tests.cli.conftest import Call


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders of eight real digits each."""
    folder, data = tmp_path_factory.mktemp("digits"), load_digits()
    for digit in (1, 3, 6, 7):
        (folder / str(digit)).mkdir()
        for i, image in enumerate(data.images[data.target == digit][:8]):
            Image.fromarray((image * 15.9).astype(np.uint8)).resize((32, 32)).save(folder / str(digit) / f"{i}.png")
    return folder


def test_going_on_with_a_checkpoint_and_measuring_it(call: Call, digits: Path, tmp_path: Path) -> None:
    places = ("--out", tmp_path / "made", "--runs", tmp_path / "runs", "--threads", "2")
    outcome = call(
        "train", "siamese", "--data", digits, "--from", "siamese_digits", "--name", "mine", "--epochs", "2", *places
    )
    assert outcome.code == 0 and "epoch 2/2" in outcome.err
    card = json.loads((tmp_path / "made/mine/card.json").read_text())
    assert card["pretraining"] == "siamese_digits" and card["pictures"] == {"train": 24, "validation": 8}
    assert (tmp_path / "runs/mine/curve.svg").is_file() and (tmp_path / "runs/mine/curve.csv").is_file()
    made = tmp_path / "made/mine"
    figures = call(
        *("evaluate", made, "siamese_digits", "--data", digits, "--way", "3", "--shot", "1", "--queries", "2"),
        *("--episodes", "20", "--format", "json"),
    )
    assert figures.code == 0
    (document,) = figures.json()
    assert [figure["method"] for figure in document["figures"]] == ["mine", "siamese_digits"]
    assert all(figure["accuracy"] > 0.6 for figure in document["figures"])
    assert [size["parameters"] for size in document["size"]] == [28312, 28312]


def test_a_terminal_shows_how_far_the_steps_are_and_a_log_does_not(
    call: Call, digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = ("--out", tmp_path / "made", "--runs", tmp_path / "runs")
    arguments = ("siamese", "--data", digits, "--from", "siamese_digits", "--name", "mine", "--epochs", "1", *places)
    in_log = call("train", *arguments, "--seed", "1")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    on_terminal = call("train", *arguments)
    assert "epoch 1/1  step 1/" in on_terminal.err and "step 1/" not in in_log.err
    for outcome in (in_log, on_terminal):
        assert outcome.code == 0 and "epoch 1/1  loss" in outcome.err
        assert outcome.out.split() == [str(tmp_path / "made" / "mine")]


def test_classes_that_are_too_small_to_train_on_make_the_cohort(digits: Path, tmp_path: Path) -> None:
    data = datasets.read(str(digits), tmp_path)
    classes = dict(data.train.classes)
    classes["7"] = list(classes["7"])[:2]
    small = replace(data, train=replace(data.train, classes=classes))
    recipe = recipes.recipe("siamese", data.name, pictures=20, start=TrainedNetwork("siamese_digits").architecture)
    recipe = replace(recipe, least=3, known=False, way=2, schedule=replace(recipe.schedule, epochs=1))
    config = Config(runs=tmp_path / "runs", out=tmp_path, name="mine", start="siamese_digits", batch=6)
    folder = run(ClassesTask("siamese", small, recipe), config, silent)
    assert folder is not None
    made = TrainedNetwork(folder)
    assert made.checkpoint.arrays["cohort"].shape == (1, made.channels)
    assert made.checkpoint.card.pictures is not None and made.checkpoint.card.pictures.train == 18


def test_what_cannot_be_trained_is_said(call: Call, digits: Path, tmp_path: Path) -> None:
    for arguments, expected in (
        (("siamese", "--data", digits), "--from CHECKPOINT"),
        (("siamese", "--data", "nothing"), "no data set"),
        (("siamese", "--data", "mnist", "--root", tmp_path), "not in"),
        (("siamese", "--data", "mnist", "--root", tmp_path, "--fold", "1"), "no folds"),
        (("can", "--data", digits, "--from", "nobody"), "not installed"),
        (("two-stream", "--data", digits), "two-stream learns from flickr8k"),
        (("two-stream", "--data", "flickr8k", "--batch", "8"), "two-stream has its own towers"),
    ):
        outcome = call("train", *arguments)
        assert outcome.code == 1 and expected in outcome.err, outcome.err


def test_what_cannot_be_measured_is_said(call: Call, digits: Path) -> None:
    outcome = call("evaluate", "siamese_digits", "--data", digits, "--way", "2", "--queries", "1", "--within")
    assert outcome.code == 1 and "in no groups" in outcome.err


def test_a_network_on_a_frozen_one_borrows_it(digits: Path, tmp_path: Path) -> None:
    data, start = datasets.read(str(digits), tmp_path), TrainedNetwork("siamese_digits")
    chosen = recipes.recipe("can", data.name, pictures=24, start=start.architecture)
    recipe = replace(
        chosen,
        options={"frozen": True},
        schedule=replace(chosen.schedule, epochs=1),
        sampling=replace(chosen.sampling, way=3, episodes=12),
    )
    config = Config(runs=tmp_path / "runs", out=tmp_path, name="borrowing", start="siamese_digits")
    folder = run(ClassesTask("can", data, recipe), config, silent)
    assert folder is not None
    made = TrainedNetwork(folder)
    assert not [name for name in made.checkpoint.arrays if name.startswith("embedder.")]
    assert made.checkpoint.card.embedder == Reference(name="siamese_digits", sha256=start.weights)
    for name, value in start.load().state_dict().items():
        assert torch.equal(value, made.load().state_dict()[name])
    assert made.attention().size == start.size


def test_a_cohort_has_one_picture_of_each_class_that_was_left_out(digits: Path) -> None:
    network = TrainedNetwork("siamese_digits")
    left = [sorted((digits / digit).iterdir())[:2] for digit in ("1", "3", "7")]
    vectors = cohort(network.load(), left)
    space = TrainedSpace(Networks(FeatureCache()), "siamese_digits")
    expected = space.embed([ingest(files[0]) for files in left])
    assert vectors.shape == (3, network.channels)
    for vector in expected:
        assert np.abs(vectors - vector).max(axis=1).min() < 0.01


def test_what_is_left_out_is_told_before_a_training_is_refused(call: Call, digits: Path, tmp_path: Path) -> None:
    """The same pixels twice, and a picture that is none."""
    tree = tmp_path / "tree"
    shutil.copytree(digits, tree)
    shutil.copy(tree / "1/0.png", tree / "1/again.png")
    (tree / "3/none.png").write_bytes(b"none")
    outcome = call("train", "siamese", "--data", tree, "--runs", tmp_path, "--out", tmp_path / "out")
    assert outcome.code == 1
    twice, none, refused = (
        outcome.err.index(words) for words in ("shows the same pixels", "“none.png” is not", "“train” cannot be")
    )
    assert max(twice, none) < refused


def test_a_batch_of_one_picture_is_refused(call: Call, digits: Path, tmp_path: Path) -> None:
    options = ("--from", "siamese_digits", "--batch", 1, "--runs", tmp_path, "--out", tmp_path / "out")
    outcome = call("train", "siamese", "--data", digits, *options)
    assert outcome.code == 1 and "“batch” cannot be 1." in outcome.err


def test_what_is_left_out_is_told_where_too_few_are_left(call: Call, digits: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(3):
            shutil.copy(digits / "1/0.png", tmp_path / f"{name}/{number}.png")
    outcome = call("train", "siamese", "--data", tmp_path)
    assert outcome.code == 1
    assert outcome.err.count("shows the same pixels") == 5
    assert "One class is not a choice" in outcome.err.splitlines()[-1]
