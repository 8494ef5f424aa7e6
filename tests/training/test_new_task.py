"""A kind of training is one file and a line of the table: the command line runs it, and its checkpoint has a card."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import ClassVar, Self

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fsl_demo.core.episodes import Progress
from fsl_demo.training.batches import each_once
from fsl_demo.training.config import Config
from fsl_demo.training.data import Arrays
from fsl_demo.training.export import Export, Facts, Trained
from fsl_demo.training.schedule import Schedule
from fsl_demo.training.setup import Figures, Objective, Setup
from fsl_demo.training.task import Prepared, Source
from fsl_demo.training.tasks import TASKS
from tests.cli.conftest import Call, call  # noqa: F401  (a fixture)


class LineObjective(Objective):
    """Squared error of a line."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(1, 1)

    def forward(self, batch: Tensor, labels: Tensor) -> Tensor:
        return (self.line(batch)[:, 0] - 3 * labels - 1).square().mean()

    def batches(self, labels: np.ndarray, seed: int, epoch: int) -> Iterator[np.ndarray]:
        return each_once(len(labels), 4, seed=seed, epoch=epoch)


@dataclass(frozen=True)
class LineTask:
    method: str
    count: int
    methods: ClassVar = ("line",)
    takes: ClassVar[frozenset[str]] = frozenset()
    checkpoint: ClassVar = "a_line"

    @classmethod
    def named(cls, method: str, source: Source) -> Self:
        return cls(method, int(source.name))

    def prepare(self, config: Config, progress: Progress) -> Prepared[LineObjective]:
        progress("read", self.count, self.count)
        torch.manual_seed(config.seed)
        numbers = np.arange(self.count, dtype=np.float32)
        data = Arrays(numbers[:, None] / self.count, numbers / self.count, names=(), pairs=np.zeros((0, 3), int))

        def validate(module: LineObjective) -> Figures:
            with torch.inference_mode():
                error = float(module(torch.from_numpy(data.images), torch.from_numpy(data.labels)))
            return Figures(1 / (1 + error), 1 / (1 + error))

        schedule = config.changed(Schedule(epochs=2, rate=0.3, decay=0.0))
        return Prepared(
            Setup(LineObjective(), data, schedule=schedule, validate=validate, augment=lambda batch: batch, setting={}),
            self._export,
        )

    def _export(self, trained: Trained[LineObjective]) -> Export:
        arrays = {name: value.numpy() for name, value in trained.loop.best.items()}
        facts = Facts(
            architecture="a line",
            data="numbers",
            split="none",
            preprocessing="none",
            pretraining="none",
            recipe={"batch": 4},
            validation=trained.at_best("accuracy"),
        )
        return Export(arrays, facts)


def test_one_file_and_one_line(
    call: Call,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = ModuleType("fsl_demo.training.tasks.line")
    module.TASK = LineTask  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(TASKS, "line", "line")
    places = ("--out", tmp_path / "made", "--runs", tmp_path / "runs")
    trained = call("train", "line", "--data", "16", "--epochs", "30", *places)
    assert trained.code == 0 and "epoch 30/30  loss" in trained.err and "reading pictures (16)" in trained.err
    folder = Path(trained.out.strip())
    card = json.loads((folder / "card.json").read_text())
    assert folder.name == card["name"] == "a_line" and card["method"] == "line" and card["seed"] == 0
    assert card["figures"]["validation"]["accuracy"] > 0.9 and (tmp_path / "runs/a_line/curve.csv").is_file()
    refused = call("train", "line", "--data", "16", "--from", "siamese_digits", *places)
    assert refused.code == 1 and "line has its own towers" in refused.err
