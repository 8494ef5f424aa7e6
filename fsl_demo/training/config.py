"""Everything about a training but what it learns, and from what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from fsl_demo.checkpoints import Source
from fsl_demo.training.schedule import Schedule


@dataclass(frozen=True)
class Config:
    """How, where and from what a training goes.

    Attributes:
        runs: state, history and curve go into a folder of it that is called like the checkpoint.
        out: folder of the checkpoints.
        name: of the checkpoint; empty for the task's own.
        command: makes the checkpoint again; written on its card.
        precision: "no", "bf16" or "fp16".
        device: "cpu" stays on the CPU where there is a GPU.
        epochs, rate, patience: in place of the schedule's.
        start: checkpoint to begin with.
        backbone, batch: in place of the recipe's.
        language_model: folder of a causal language model, in place of the one trained here.
        used: put the checkpoint to use once it is written.
    """

    runs: Path
    out: Path
    name: str = ""
    command: str = ""
    seed: int = 0
    precision: str = "no"
    device: str = "auto"
    epochs: int | None = None
    rate: float | None = None
    patience: int | None = None
    start: Source | None = None
    backbone: str | None = None
    batch: int | None = None
    language_model: Source | None = None
    used: bool = True

    @property
    def folder(self) -> Path:
        """What the run resumes from."""
        return self.runs / self.name

    def changed(self, schedule: Schedule) -> Schedule:
        """The task's schedule with what is given in place of it."""
        return replace(
            schedule,
            epochs=schedule.epochs if self.epochs is None else self.epochs,
            rate=schedule.rate if self.rate is None else self.rate,
            patience=schedule.patience if self.patience is None else self.patience,
        )
