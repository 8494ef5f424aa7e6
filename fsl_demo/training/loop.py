"""The one training loop: optimiser, schedule, validation, early stopping, resuming, the curve.

Device, mixed precision and several processes come from Accelerate, so the same command runs on a CPU, a GPU, or under
`accelerate launch` on several; with several, each takes its share of the batches.
"""

from __future__ import annotations

import json
import time
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import numpy as np
import torch
from torch import Tensor, nn

from fsl_demo.core.errors import Cancelled, UserError
from fsl_demo.training import state
from fsl_demo.training.data import Arrays
from fsl_demo.training.events import EpochDone, Note, OnEvent, Stepped, Stop, never, silent
from fsl_demo.training.rows import Rows
from fsl_demo.training.setup import Figures, ObjectiveT, Setup

STEP_EVENTS = 100
"""`Stepped` events an epoch, at most."""
STEP_EVENTS_OF_GPU = 10
"""Reading a loss waits for all that a GPU was given to do."""
T = TypeVar("T")


@dataclass(frozen=True)
class _Steps:
    """The steps of an epoch: their mean loss, the last learning rate, and how many pictures they took."""

    loss: float
    rate: float
    pictures: int


class Training(Generic[ObjectiveT]):
    """Trains an objective; `run` gives the weights of its best epoch.

    Args:
        folder: for the state to resume from, the history and the curve.
        precision: "no", "bf16" or "fp16".
        cpu: stay on the CPU where there is a GPU.

    Attributes:
        history: what happened so far.
        best: the objective's tensors at its best epoch.
    """

    def __init__(
        self, setup: Setup[ObjectiveT], folder: Path, seed: int = 0, precision: str = "no", cpu: bool = False
    ) -> None:
        from accelerate import Accelerator

        self.accelerator = Accelerator(mixed_precision=precision, cpu=cpu)
        self.setup, self.folder, self.seed = setup, folder, seed
        self.history, self.best = state.History(), dict[str, Tensor]()
        self._setting = self._described(_beginning(setup.objective, setup.data))
        self._rows = Rows(setup.data, self.accelerator.device)
        torch.backends.cudnn.benchmark = True
        objective = setup.objective.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._objective, self._optimiser = self.accelerator.prepare(objective, setup.schedule.optimiser(objective))

    @property
    def module(self) -> ObjectiveT:
        return cast(ObjectiveT, self.accelerator.unwrap_model(self._objective))

    @property
    def leads(self) -> bool:
        """Whether this is the process that speaks, validates and writes; the only one, but for `accelerate launch`."""
        return self.accelerator.is_main_process

    def run(self, on_event: OnEvent, stop: Stop = never) -> dict[str, Tensor]:
        """Train to the end or to where patience ends, from where an earlier run was killed or stopped.

        Args:
            on_event: called by the process that leads.
            stop: asked between steps, of the process that leads.

        Returns:
            The state of the objective at the best validation figure; the last of equals.

        Raises:
            Cancelled: stopped. The epoch under way is dropped; the same run goes on after the last whole one, and
                comes to the same numbers as if it had not been stopped.
        """
        tell = on_event if self.leads else silent
        patience = self.setup.schedule.patience
        for epoch in range(self._resume(tell), self.setup.schedule.epochs):
            if patience is not None and epoch - 1 - self.history.best_epoch >= patience:
                tell(Note(f"stopped: no better validation figure for {patience} epochs"))
                break
            self._epoch(epoch, tell, stop)
        return self.best

    def _epoch(self, epoch: int, tell: OnEvent, stop: Stop) -> None:
        began = time.perf_counter()
        torch.manual_seed(self.seed * 100_003 + epoch * 101 + self.accelerator.process_index)
        steps = self._steps(epoch, tell, stop)
        speed = steps.pictures / (time.perf_counter() - began)
        if not np.isfinite(steps.loss):
            raise FloatingPointError(f"the loss of epoch {epoch + 1} is {steps.loss}; lower the learning rate")
        figures = self._validated()
        self.history.seconds += time.perf_counter() - began
        is_best = self._note(epoch, loss=steps.loss, figures=figures, speed=speed)
        tell(
            EpochDone(
                epoch=epoch + 1,
                epochs=self.setup.schedule.epochs,
                loss=steps.loss,
                rate=steps.rate,
                training=figures.training,
                validation=figures.validation,
                is_best=is_best,
                pictures_per_second=speed,
                seconds_left=self._left(epoch + 1, self.history.seconds),
            )
        )
        if self.leads:
            state.save(
                self.folder,
                setting=self._setting,
                module=self.module,
                best=self.best,
                optimiser=self._optimiser,
                history=self.history,
            )
        self.accelerator.wait_for_everyone()

    def _steps(self, epoch: int, tell: OnEvent, stop: Stop) -> _Steps:
        began, epochs = time.perf_counter(), self.setup.schedule.epochs
        world, rank = self.accelerator.num_processes, self.accelerator.process_index
        batches = list(self.module.batches(self.setup.data.labels, self.seed, epoch))
        steps = len(batches) // world
        if not steps:
            reason = "They do not fill one batch. Add some, or choose a smaller --batch."
            raise UserError("setting_bad", name="pictures", value=len(self.setup.data.labels), reason=reason)
        self._objective.train()
        losses, pictures, rate = [], 0, 0.0
        events = STEP_EVENTS if self.accelerator.device.type == "cpu" else STEP_EVENTS_OF_GPU
        for step in range(steps):
            if self._shared(stop()):
                raise Cancelled
            indices = batches[step * world + rank]
            rate = self.setup.schedule.rate * self.setup.schedule.factor((epoch + step / steps) / epochs)
            losses.append(self._step(indices, rate))
            pictures += len(indices) * world
            if (step + 1) % -(-steps // events) == 0:
                left = self._left(epoch + (step + 1) / steps, self.history.seconds + time.perf_counter() - began)
                tell(
                    Stepped(
                        epoch=epoch + 1,
                        epochs=epochs,
                        step=step + 1,
                        steps=steps,
                        loss=float(losses[-1]),
                        rate=rate,
                        seconds_left=left,
                    )
                )
        loss: Any = self.accelerator.reduce(torch.stack(losses).mean(), "mean")
        return _Steps(loss=float(loss), rate=rate, pictures=pictures)

    def _validated(self) -> Figures:
        if not self.leads:
            return self._shared(Figures(0.0, 0.0))
        with self.accelerator.autocast():
            return self._shared(self.setup.validate(self.module))

    def _step(self, indices: np.ndarray, rate: float) -> Tensor:
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        images, labels = self._rows.batch(indices)
        images = self.setup.augment(images)
        with self.accelerator.autocast():
            loss = self._objective(images, labels)
        self.accelerator.backward(loss)
        self._optimiser.step()
        self._optimiser.zero_grad()
        return loss.detach().float()

    def _note(self, epoch: int, loss: float, figures: Figures, speed: float) -> bool:
        """Add a row to the history, keep the weights if they are the best so far; whether they are."""
        row = {"epoch": epoch + 1, "loss": loss, "training": figures.training, "validation": figures.validation}
        self.history.rows.append(row | {"pictures_per_second": speed})
        if figures.validation < self.history.best:
            return False
        self.history.best, self.history.best_epoch = figures.validation, epoch
        self.best = {name: value.detach().cpu().clone() for name, value in self.module.state_dict().items()}
        return True

    def _left(self, done: float, seconds: float) -> float:
        """Seconds that the other epochs take, when so many took `seconds`."""
        return (self.setup.schedule.epochs - done) * seconds / done

    def _shared(self, value: T) -> T:
        """What the process that leads has, in every process."""
        from accelerate.utils import broadcast_object_list

        (shared,) = broadcast_object_list([value])
        return cast(T, shared)

    def _resume(self, tell: OnEvent) -> int:
        """Take up the state of an earlier run with the same settings; the epoch to go on with."""
        stored = state.load(self.folder)
        if stored is None:
            return 0
        if stored.setting != self._setting:
            tell(Note("starting afresh: the earlier run in this folder had other settings"))
            return 0
        self.module.load_state_dict(stored.model)
        groups = self._optimiser.state_dict()["param_groups"]
        self._optimiser.load_state_dict({"state": stored.optimiser, "param_groups": groups})
        self.best, self.history = stored.best, stored.history
        tell(Note(f"going on after epoch {stored.epoch + 1}"))
        return stored.epoch + 1

    def _described(self, beginning: list[object]) -> str:
        """What has to be the same for a run to go on."""
        return json.dumps(
            [
                asdict(self.setup.schedule),
                self.setup.setting,
                type(self.setup.objective).__name__,
                self.seed,
                self.accelerator.mixed_precision,
                len(self.setup.data.labels),
                beginning,
            ]
        )


def _beginning(objective: nn.Module, data: Arrays) -> list[object]:
    """The objective's own settings, and check sums of the weights to begin with and of the data."""
    own = {
        name: str(value) for name, value in vars(objective).items() if not name.startswith("_") and name != "training"
    }
    sums = []
    for arrays in ([value.cpu().numpy() for value in objective.state_dict().values()], [data.images, data.labels]):
        total = 0
        for array in arrays:
            total = zlib.crc32(np.ascontiguousarray(array).data, total)
        sums.append(total)
    return [own, *sums]
