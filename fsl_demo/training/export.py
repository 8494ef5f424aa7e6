"""From a trained objective to a checkpoint. Cards are made here, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Generic

import numpy as np
import torch

from fsl_demo import checkpoints
from fsl_demo.training.config import Config
from fsl_demo.training.events import Reporter
from fsl_demo.training.loop import Training
from fsl_demo.training.setup import ObjectiveT


@dataclass(frozen=True)
class Facts:
    """What only the task knows of a checkpoint's card.

    Attributes:
        architecture: as the method reads it, or in words.
        split: which part of the data taught, which one chose.
        recipe: constants of the task, beside the schedule.
        validation: what the figure is, and the figure.
        pictures: how many there were, by part.
        calibration: what its constants were chosen from.
        more: entries that not every card has, such as "channels" or "language_model".
    """

    architecture: Mapping[str, object] | str
    data: str
    split: str
    preprocessing: str
    pretraining: str
    recipe: Mapping[str, object]
    validation: Mapping[str, object]
    pictures: Mapping[str, int] | None = None
    calibration: object = None
    more: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Export:
    """What a checkpoint holds: arrays by name, and what the task knows of its card."""

    arrays: Mapping[str, np.ndarray]
    facts: Facts


@dataclass(frozen=True)
class Trained(Generic[ObjectiveT]):
    """A training after its last epoch; `loop` has the weights, the last ones and the best ones."""

    method: str
    config: Config
    loop: Training[ObjectiveT]
    reporter: Reporter

    def at_best(self, name: str) -> dict[str, float]:
        """An entry of the card: the best validation figure, and its epoch counted from 1."""
        return {name: self.loop.history.best, "epoch": self.loop.history.best_epoch + 1}

    def save(self, export: Export, folder: Path) -> Path:
        """Write a checkpoint with its card; its folder."""
        return checkpoints.save(self.config.name, arrays=export.arrays, card=self._card(export.facts), folder=folder)

    def write(self, export: Export) -> int:
        """Write the version that the training is for; its number."""
        return checkpoints.write_version(
            self.config.name,
            arrays=export.arrays,
            card=self._card(export.facts),
            folder=self.config.out,
            used=self.config.used,
        )

    @contextmanager
    def draft(self, export: Export) -> Iterator[Path]:
        """The checkpoint in a folder of its own, for as long as it is measured."""
        with TemporaryDirectory() as folder:
            yield self.save(export, Path(folder))

    def _card(self, facts: Facts) -> dict[str, object]:
        pictures = {} if facts.pictures is None else {"pictures": dict(facts.pictures)}
        calibration = {} if facts.calibration is None else {"calibration": facts.calibration}
        device = self.loop.accelerator.device.type
        return {
            "method": self.method,
            "architecture": facts.architecture,
            **facts.more,
            "data": facts.data,
            "split": facts.split,
            **pictures,
            "seed": self.config.seed,
            "command": self.config.command,
            "recipe": dict(facts.recipe),
            "preprocessing": facts.preprocessing,
            "figures": {"validation": dict(facts.validation), **calibration},
            "training_seconds": round(self.loop.history.seconds, 1),
            "machine": f"{device}, {torch.get_num_threads()} threads, precision {self.config.precision}",
            "pretraining": facts.pretraining,
        }
