"""`run`: from a task to a checkpoint, what it tells on the way, and what a stop or a kill leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits

from fsl_demo import checkpoints
from fsl_demo.core.errors import UserError
from fsl_demo.training import tasks
from fsl_demo.training.config import Config
from fsl_demo.training.events import EpochDone, Event, Finished, Note, Progressed, Stepped, Stopped, silent
from fsl_demo.training.run import run
from fsl_demo.training.task import Source, Task

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders of twelve real digits each."""
    folder, data = tmp_path_factory.mktemp("digits"), load_digits()
    for digit in (1, 3, 6, 7):
        (folder / str(digit)).mkdir()
        for i, image in enumerate(data.images[data.target == digit][:12]):
            Image.fromarray((image * 15.9).astype(np.uint8)).resize((32, 32)).save(folder / str(digit) / f"{i}.png")
    return folder


def configured(folder: Path) -> Config:
    return Config(runs=folder / "runs", out=folder / "made", name="mine", start="siamese_digits", epochs=3, batch=8)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return configured(tmp_path)


def task(digits: Path, config: Config) -> Task:
    return tasks.named("siamese", Source(str(digits), digits), config)


@pytest.fixture(scope="module")
def whole(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of a training that nothing ends."""
    undisturbed = configured(tmp_path_factory.mktemp("whole"))
    folder = run(task(digits, undisturbed), undisturbed, silent)
    assert folder is not None
    return folder


def same(first: Path, second: Path) -> bool:
    arrays, others = (checkpoints.load(folder).arrays for folder in (first, second))
    return arrays.keys() == others.keys() and all(np.array_equal(arrays[name], others[name]) for name in arrays)


def test_events_from_the_first_picture_to_the_checkpoint(digits: Path, config: Config) -> None:
    events: list[Event] = []
    folder = run(task(digits, config), config, events.append)
    stages = [type(event) for event in events]
    changes = [stages[0], *(after for before, after in pairwise(stages) if before is not after)]
    assert changes == [Progressed, *[Stepped, EpochDone] * 3, Finished]
    read = [event for event in events if isinstance(event, Progressed)]
    for before, after in pairwise(read):
        assert before.done <= after.done or before.done == before.total  # the next part
    assert all(0 <= event.done <= event.total for event in read)
    places = [(event.epoch, event.step) for event in events if isinstance(event, Stepped)]
    assert places == sorted(set(places))
    for event in events:
        if isinstance(event, Stepped | EpochDone):
            assert np.isfinite([event.loss, event.rate, event.seconds_left]).all() and event.seconds_left >= 0
    best = max((event for event in events if isinstance(event, EpochDone)), key=lambda event: event.validation)
    finished = events[-1]
    assert isinstance(finished, Finished) and finished.folder == folder
    assert finished.figure == best.validation and finished.seconds > 0
    card = checkpoints.load(finished.folder).card.as_dict()
    assert card["figures"]["validation"]["epoch"] == finished.best_epoch
    assert card["pretraining"] == "siamese_digits" and card["method"] == "siamese"


@pytest.mark.parametrize("after", ["reading", "2 steps", "5 steps"])
def test_a_stopped_training_leaves_no_checkpoint_and_goes_on(
    digits: Path, config: Config, whole: Path, after: str
) -> None:
    events: list[Event] = []

    def stop() -> bool:
        if after == "reading":
            return bool(events)
        return sum(isinstance(event, Stepped) for event in events) >= int(after[0])

    assert run(task(digits, config), config, on_event=events.append, stop=stop) is None
    assert events[-1] == Stopped({"reading": 0, "2 steps": 0, "5 steps": 1}[after])
    assert not (config.out / "mine").exists()
    events.clear()
    folder = run(task(digits, config), config, events.append)
    assert folder is not None and same(folder, whole)
    assert [str(event) for event in events if isinstance(event, Note)] == ["going on after epoch 1"] * (
        after == "5 steps"
    )


def test_training_again_makes_a_version_and_keeps_the_old_one(digits: Path, config: Config) -> None:
    for seed in (0, 1):
        run(task(digits, config), replace(config, seed=seed, epochs=1), silent)
    entry = checkpoints.entry("mine", config.out)
    assert [version.number for version in entry.versions] == [1, 2] and entry.in_use == 2
    seeds = [version.card.seed for version in entry.versions if version.card]
    assert seeds == [0, 1]


@pytest.mark.process
def test_a_killed_training_goes_on(digits: Path, config: Config, whole: Path) -> None:
    """The process is killed as soon as it has said that an epoch is done; that epoch may be kept or not."""
    command = [sys.executable, "-m", "fsl_demo", "train", "siamese", "--data", str(digits), "--from", "siamese_digits"]
    command += ["--name", "mine", "--epochs", "3", "--batch", "8", "--threads", str(torch.get_num_threads())]
    command += ["--runs", str(config.runs), "--out", str(config.out)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert any(line.startswith("fsl_demo: epoch 2/3") for line in process.stderr)
        process.send_signal(signal.SIGKILL)
    assert not (config.out / "mine").exists()
    events: list[Event] = []
    folder = run(task(digits, config), config, events.append)
    notes = [str(event) for event in events if isinstance(event, Note)]
    assert notes in (["going on after epoch 1"], ["going on after epoch 2"], ["going on after epoch 3"])
    assert folder is not None and same(folder, whole)


@pytest.mark.parametrize("method", tasks.TASKS)
def test_every_method_has_a_task_that_trains_it(method: str) -> None:
    kind = tasks.find(method)
    assert method in kind.methods and kind.takes <= set(tasks.REASONS)


Refusal = tuple[str, str, Callable[[Config], Config], str]
REFUSALS: list[Refusal] = [
    ("nobody", "mnist", lambda config: config, "no method"),
    ("two-stream", "mnist", lambda config: config, "learns from flickr8k"),
    ("gated", "flickr8k", lambda config: replace(config, batch=8), "has its own towers and batches"),
    ("prefix", "flickr8k", lambda config: replace(config, start="siamese_digits"), "begins from nothing"),
    ("language-model", "flickr8k", lambda config: replace(config, backbone="conv4"), "has its own towers"),
    ("siamese", "mnist", lambda config: replace(config, language_model="caption_lm"), "Only captioners"),
]


@pytest.mark.parametrize(("method", "data", "change", "expected"), REFUSALS)
def test_what_a_task_does_not_take_is_said_before_anything_is_read(
    tmp_path: Path, method: str, data: str, change: Callable[[Config], Config], expected: str
) -> None:
    plain = Config(runs=tmp_path, out=tmp_path)
    with pytest.raises(UserError, match=expected):
        tasks.named(method, Source(data, tmp_path), change(plain))
