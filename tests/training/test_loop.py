"""The training loop on real digits: it learns, goes on after a kill, stops, and keeps the best epoch."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from sklearn.datasets import load_digits

from fsl_demo.backbones.architecture import Architecture
from fsl_demo.backbones.embedder import Embedder
from fsl_demo.backbones.preprocessing import INK as RECIPE
from fsl_demo.core import durable
from fsl_demo.core.errors import Cancelled, UserError
from fsl_demo.core.pictures import from_image
from fsl_demo.datasets.pairs import PairSampler
from fsl_demo.training.augmentation import Augmentation
from fsl_demo.training.data import Arrays
from fsl_demo.training.events import EpochDone, Event, Note, OnEvent, Stepped, silent
from fsl_demo.training.loop import STEP_EVENTS, Training
from fsl_demo.training.objectives.metric import Can, MetricObjective, S3Net, Sampling, Siamese
from fsl_demo.training.recipes import INK
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Setup
from fsl_demo.training.validation import features, pair_accuracy

pytestmark = pytest.mark.slow

TWIN = Architecture("twin", "ink28", 32)
SCHEDULE = Schedule(epochs=3, rate=4e-3, decay=0.01)
SAMPLING = Sampling(size=25, together=5)


class Killed(Exception):
    """Stands for the process having ended."""


@cache
def prepared() -> tuple[np.ndarray, np.ndarray]:
    digits = load_digits()
    images = [Image.fromarray((digit * (255 / 16)).astype(np.uint8)).resize((32, 32)) for digit in digits.images[:500]]
    stored = [RECIPE.prepare(from_image(image.convert("RGB"), "digit.png")) for image in images]
    return np.stack(stored), digits.target[:500]


def part(start: int, end: int) -> Arrays:
    images, labels = (values[start:end] for values in prepared())
    pairs = np.stack(PairSampler(labels).draw(0, 400), axis=1).astype(int)
    return Arrays(images, labels, names=tuple("0123456789"), pairs=pairs)


def accuracies(module: MetricObjective) -> Figures:
    parts = [part(0, 150), part(300, 500)]
    shares = [pair_accuracy(features(module.embedder, data.images, maps=False), data.pairs) for data in parts]
    return Figures(*shares)


def halves(module: MetricObjective) -> Figures:
    return Figures(0.5, 0.5)


def scripted(figures: list[float]) -> Callable[[MetricObjective], Figures]:
    left = iter(figures)
    return lambda module: Figures(0.5, next(left))


def in_words(lines: list[str]) -> OnEvent:
    """Collects the lines that a log shows."""

    def collect(event: Event) -> None:
        if isinstance(event, EpochDone | Note):
            lines.append(str(event))

    return collect


def training(folder: Path, **given: Any) -> Training[MetricObjective]:
    """A fresh process's training: the same weights to begin with, nothing else of an earlier one."""
    settings: dict[str, Any] = {
        "architecture": TWIN,
        "sampling": SAMPLING,
        "data": part(0, 150),
        "validate": halves,
        "schedule": SCHEDULE,
        "augmentation": INK,
        "seed": 0,
        "start": 0,
        "options": {},
    }
    settings |= given
    torch.manual_seed(settings["start"])
    objective = Siamese(Embedder(settings["architecture"]), 10, settings["sampling"], **settings["options"])
    augment, setting = settings["augmentation"].preparing(settings["architecture"])
    setup: Setup[MetricObjective] = Setup(
        objective=objective,
        data=settings["data"],
        schedule=settings["schedule"],
        validate=settings["validate"],
        augment=augment,
        setting=setting,
    )
    return Training(setup, folder, seed=settings["seed"])


def same_weights(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(value, second[name]) for name, value in first.items())


def measured(rows: list[dict[str, float]]) -> list[dict[str, float]]:
    return [{name: value for name, value in row.items() if name != "pictures_per_second"} for row in rows]


def test_it_learns_and_writes_its_curve(tmp_path: Path) -> None:
    lines: list[str] = []
    schedule, options = replace(SCHEDULE, epochs=10), {"softmax": (1.0, 16.0, 0.2)}
    wide = {"sampling": Sampling(size=50, together=5), "data": part(0, 300)}
    loop = training(tmp_path / "run", validate=accuracies, schedule=schedule, options=options, **wide)
    before = accuracies(loop.module).validation
    best = loop.run(in_words(lines))
    rows = loop.history.rows
    assert rows[-1]["loss"] < 0.6 * rows[0]["loss"]
    assert loop.history.best > max(0.85, before + 0.1) and loop.history.best == max(row["validation"] for row in rows)
    loop.module.load_state_dict(best)
    assert accuracies(loop.module).validation == loop.history.best
    assert len(lines) == 10 and lines[0].startswith("epoch 1/10") and f"{rows[0]['validation']:.2%}" in lines[0]
    with (tmp_path / "run" / "curve.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [float(row["validation"]) for row in table] == pytest.approx([row["validation"] for row in rows], abs=1e-6)
    assert len(ElementTree.parse(tmp_path / "run" / "curve.svg").getroot()) > 3


@pytest.mark.parametrize("schedule", [SCHEDULE, replace(SCHEDULE, momentum=0.9, rate=0.05)], ids=["adam", "sgd"])
@pytest.mark.parametrize("killed_in", ["validate", "tell"])
def test_a_run_that_was_killed_goes_on_as_if_it_had_not_been(
    tmp_path: Path, schedule: Schedule, killed_in: str
) -> None:
    whole = training(tmp_path / "whole", validate=accuracies, schedule=schedule)
    expected = whole.run(silent)

    calls = 0

    def count() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Killed

    def validate(module: MetricObjective) -> Figures:
        if killed_in == "validate":
            count()
        return accuracies(module)

    def tell(event: Event) -> None:
        if killed_in == "tell" and isinstance(event, EpochDone):
            count()

    with pytest.raises(Killed):
        training(tmp_path / "run", validate=validate, schedule=schedule).run(tell)
    torch.rand(7)  # the state of the generator is another one
    lines: list[str] = []
    again = training(tmp_path / "run", validate=accuracies, schedule=schedule)
    weights = again.run(in_words(lines))
    assert lines[0] == "going on after epoch 1" and len(lines) == 3
    assert same_weights(weights, expected)
    assert same_weights(again.module.state_dict(), whole.module.state_dict())
    assert measured(again.history.rows) == measured(whole.history.rows)
    assert (again.history.best, again.history.best_epoch) == (whole.history.best, whole.history.best_epoch)


class SameBatch(Siamese):
    """Learns from one batch all the time, and remembers what it was shown."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._shown: list[torch.Tensor] = []

    def forward(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        assert all(module.training for module in self.modules())
        self._shown.append(images.clone())
        return super().forward(images, labels)

    def batches(self, labels: np.ndarray, seed: int, epoch: int) -> Iterator[np.ndarray]:
        yield np.arange(50)


def test_each_epoch_changes_pictures_in_its_own_way(tmp_path: Path) -> None:
    def validate(module: MetricObjective) -> Figures:
        module.eval()
        return Figures(0.5, 0.5)

    shown: list[Any] = []
    for seed in (0, 0, 1):
        objective = SameBatch(Embedder(TWIN), 10, SAMPLING)
        augment, setting = INK.preparing(TWIN)
        setup = Setup(objective, part(0, 60), SCHEDULE, validate=validate, augment=augment, setting=setting)
        Training(setup, tmp_path / str(len(shown)), seed=seed).run(silent)
        shown.append(objective._shown)
    assert len(shown[0]) == 3 and all(map(torch.equal, shown[0], shown[1]))
    for batch in (shown[0][1], shown[0][2], shown[2][0]):
        assert not torch.equal(shown[0][0], batch)


def test_a_finished_run_only_gives_its_weights_again(tmp_path: Path) -> None:
    expected = training(tmp_path).run(silent)
    lines: list[str] = []
    assert same_weights(training(tmp_path, validate=scripted([])).run(in_words(lines)), expected)
    assert lines == ["going on after epoch 3"]


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"schedule": replace(SCHEDULE, rate=1e-3)},
        {"augmentation": Augmentation()},
        {"architecture": replace(TWIN, dimension=16)},
        {"data": part(0, 290)},
        {"data": part(100, 400)},
        {"sampling": replace(SAMPLING, size=60)},
        {"options": {"margin": 0.5}},
        {"start": 1},
    ],
    ids=["seed", "rate", "augmentation", "architecture", "fewer", "pictures", "batch", "margin", "weights"],
)
def test_other_settings_start_afresh_and_say_so(tmp_path: Path, other: dict[str, Any]) -> None:
    single = replace(SCHEDULE, epochs=1)
    training(tmp_path, schedule=single).run(silent)
    lines: list[str] = []
    training(tmp_path, **({"schedule": single} | other)).run(in_words(lines))
    assert lines[0].startswith("starting afresh") and lines[1].startswith("epoch 1/")


def test_patience_stops(tmp_path: Path) -> None:
    lines: list[str] = []
    schedule = replace(SCHEDULE, epochs=9, patience=2)
    loop = training(tmp_path, validate=scripted([0.5, 0.7, 0.6, 0.69]), schedule=schedule, data=part(0, 60))
    loop.run(in_words(lines))
    assert len(loop.history.rows) == 4 and loop.history.best_epoch == 1
    assert lines[-1] == "stopped: no better validation figure for 2 epochs"
    again = training(tmp_path, validate=scripted([]), schedule=schedule, data=part(0, 60))
    again.run(in_words(lines))
    assert len(again.history.rows) == 4


@pytest.mark.parametrize(("figures", "best"), [([0.5, 0.7, 0.6, 0.2], 1), ([0.7, 0.6, 0.7, 0.6], 2), ([0.0] * 4, 3)])
def test_the_weights_of_the_best_epoch_come_back(tmp_path: Path, figures: list[float], best: int) -> None:
    left, after = iter(figures), []

    def validate(module: MetricObjective) -> Figures:
        after.append({name: value.clone() for name, value in module.state_dict().items()})
        return Figures(0.5, next(left))

    loop = training(tmp_path, validate=validate, schedule=replace(SCHEDULE, epochs=4), data=part(0, 60))
    weights = loop.run(silent)
    assert loop.history.best_epoch == best
    assert [same_weights(weights, state) for state in after] == [number == best for number in range(4)]


def test_fewer_pictures_than_a_batch_are_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"“pictures” cannot be 24.*fill one batch.*--batch"):
        training(tmp_path, data=part(0, 24)).run(silent)


def test_a_loss_that_is_no_number_is_said_before_anything_is_kept(tmp_path: Path) -> None:
    loop = training(tmp_path)
    with torch.no_grad():
        next(loop.module.parameters()).fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="epoch 1 is nan; lower the learning rate"):
        loop.run(silent)
    assert not list(tmp_path.iterdir())


def test_a_kill_while_the_state_is_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = durable.writing
    written = 0

    @contextmanager
    def dies(path: Path) -> Iterator[BinaryIO]:
        nonlocal written
        written += 1
        with write(path) as file:
            yield file
            if written == 2:
                file.truncate(1000)
                raise Killed

    monkeypatch.setattr(durable, "writing", dies)
    with pytest.raises(Killed):
        training(tmp_path).run(silent)
    with safe_open(tmp_path / "state.safetensors", framework="pt") as stored:
        assert stored.metadata()["epoch"] == "0"
    lines: list[str] = []
    weights = training(tmp_path).run(in_words(lines))
    assert lines[0] == "going on after epoch 1"
    assert same_weights(weights, training(tmp_path / "whole").run(silent))


@pytest.mark.parametrize("warm_up", [0.15, 0.5])
def test_the_rate_rises_and_falls_along_a_cosine(warm_up: float) -> None:
    schedule = Schedule(10, 1.0, decay=0.0, warm_up=warm_up)
    factors = [schedule.factor(done) for done in np.linspace(0, 1, 101)]
    top = int(np.argmax(factors))
    assert factors[top] == pytest.approx(1) and top == pytest.approx(100 * warm_up, abs=1)
    assert 0 < factors[0] < 0.1 and factors[-1] == pytest.approx(0, abs=1e-9)
    assert factors[:top] == sorted(factors[:top]) and factors[top:] == sorted(factors[top:], reverse=True)
    assert max(abs(np.diff(factors))) < 0.1


def test_momentum_is_for_sgd_and_none_for_adamw() -> None:
    schedule, module = Schedule(90, 0.1, 5e-4), torch.nn.Linear(1, 1)
    assert isinstance(schedule.optimiser(module), torch.optim.AdamW)
    with_momentum = replace(schedule, momentum=0.9).optimiser(module)
    assert isinstance(with_momentum, torch.optim.SGD)
    assert (with_momentum.defaults["momentum"], with_momentum.defaults["nesterov"]) == (0.9, True)


@pytest.mark.parametrize("kind", [S3Net, Can])
def test_the_other_objectives_go_through_the_same_loop(tmp_path: Path, kind: Any) -> None:
    sampling = Sampling(size=48, way=4, queries=2, episodes=8)
    objective = kind(Embedder(Architecture("twin", "ink28", 16)), 10, sampling)
    augment, setting = INK.preparing(objective.embedder.architecture)
    setup = Setup(
        objective,
        part(0, 100),
        replace(SCHEDULE, epochs=1),
        validate=halves,
        augment=augment,
        setting=setting,
    )
    loop = Training(setup, tmp_path)
    weights = loop.run(silent)
    assert np.isfinite(loop.history.rows[0]["loss"]) and same_weights(weights, loop.module.state_dict())


def test_events_come_in_order_and_say_how_far_it_is(tmp_path: Path) -> None:
    events: list[Event] = []
    loop = training(tmp_path)
    loop.run(events.append)
    assert [type(event) for event in events] == ([Stepped] * 6 + [EpochDone]) * 3
    for number, event in enumerate(events):
        assert isinstance(event, Stepped | EpochDone)
        assert event.epoch == number // 7 + 1 and event.epochs == 3
        assert np.isfinite([event.loss, event.rate, event.seconds_left]).all()
        assert event.rate > 0 and event.seconds_left >= 0
    steps = [event for event in events if isinstance(event, Stepped)]
    assert [event.step for event in steps] == [1, 2, 3, 4, 5, 6] * 3 and {event.steps for event in steps} == {6}
    epochs = [event for event in events if isinstance(event, EpochDone)]
    assert epochs[-1].seconds_left == 0
    for event, row in zip(epochs, loop.history.rows, strict=True):
        assert (event.epoch, event.loss, event.validation) == (row["epoch"], row["loss"], row["validation"])
    assert epochs[0].loss == pytest.approx(np.mean([event.loss for event in steps[:6]]))


def test_long_epochs_tell_of_some_steps_only(tmp_path: Path) -> None:
    events: list[Event] = []
    sampling, schedule = Sampling(size=2, together=1), replace(SCHEDULE, epochs=1)
    training(tmp_path, sampling=sampling, schedule=schedule, data=part(0, 300)).run(events.append)
    steps = [event.step for event in events if isinstance(event, Stepped)]
    assert len(steps) <= STEP_EVENTS and steps == list(range(2, 151, 2))


def test_which_epoch_is_the_best_so_far_is_told(tmp_path: Path) -> None:
    events: list[Event] = []
    schedule, figures = replace(SCHEDULE, epochs=4), scripted([0.5, 0.7, 0.6, 0.7])
    training(tmp_path, validate=figures, schedule=schedule, data=part(0, 60)).run(events.append)
    assert [event.is_best for event in events if isinstance(event, EpochDone)] == [True, True, False, True]


@pytest.mark.parametrize("steps", [0, 4, 6, 9, 17])
def test_a_stopped_run_goes_on_as_if_it_had_not_been(tmp_path: Path, steps: int) -> None:
    """Stopped between any two steps, it loses the epoch under way and no more."""
    whole = training(tmp_path / "whole", validate=accuracies)
    expected = whole.run(silent)

    events: list[Event] = []
    stopped = training(tmp_path / "run", validate=accuracies)
    with pytest.raises(Cancelled):
        stopped.run(events.append, lambda: sum(isinstance(event, Stepped) for event in events) >= steps)
    assert sum(isinstance(event, Stepped) for event in events) == steps
    lines: list[str] = []
    again = training(tmp_path / "run", validate=accuracies)
    weights = again.run(in_words(lines))
    kept = steps // 6
    assert len(lines) == 3 - kept + (kept > 0) and same_weights(weights, expected)
    assert measured(again.history.rows) == measured(whole.history.rows)
