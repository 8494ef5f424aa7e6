"""The one training loop: optimiser, schedule, validation, early stopping, resuming, the curve.

Device, mixed precision and several processes come from Accelerate, so the same command runs on a CPU, a GPU, or under
`accelerate launch` on several; with several, each takes its share of the batches.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from fsl_demo.training.curve import write_curve
from fsl_demo.training.data import Arrays


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to learn.

    Attributes:
        rate: highest learning rate. AdamW warms up to it over `warm_up` of the steps and falls to 0 along a cosine;
            SGD begins with it and falls where `drops` say.
        decay: weight decay.
        drops: (share of the steps, factor of the rate) for SGD with Nesterov's momentum of 0.9; none for AdamW.
        patience: epochs without a better validation figure before stopping; None to go on to the end.
    """

    epochs: int
    rate: float
    decay: float
    warm_up: float = 0.15
    drops: tuple[tuple[float, float], ...] = ()
    patience: int | None = None

    def factor(self, done: float) -> float:
        """What the rate is multiplied with when this share of the steps is done."""
        if self.drops:
            return next((factor for share, factor in reversed(self.drops) if done >= share), 1.0)
        if done < self.warm_up:
            return (done + 0.01) / (self.warm_up + 0.01)
        return 0.5 * (1 + float(np.cos(np.pi * (done - self.warm_up) / (1 - self.warm_up))))

    def optimiser(self, module: nn.Module) -> torch.optim.Optimizer:
        if self.drops:
            return torch.optim.SGD(module.parameters(), self.rate, momentum=0.9, nesterov=True, weight_decay=self.decay)
        return torch.optim.AdamW(module.parameters(), self.rate, weight_decay=self.decay)


@dataclass
class History:
    """What happened: a row an epoch, the best epoch, and how long it took.

    Attributes:
        rows: epoch, loss, training and validation figure (shares of 1), pictures a second.
    """

    rows: list[dict[str, float]] = field(default_factory=list)
    best: float = -1.0
    best_epoch: int = -1
    seconds: float = 0.0


Validate = Callable[[nn.Module], tuple[float, float]]
"""From an objective to its figures on training and on validation pictures."""


class Training:
    """Trains an objective; `run` gives the weights of its best epoch.

    Args:
        objective: a module of `training.objectives`.
        data: what it learns from.
        validate: measured after each epoch; the higher the better.
        prepare: from what `data` stores of a batch to what the objective reads, changed at random.
        setting: what else has to be the same for a run to go on, as plain values.
        folder: for the state to resume from, the history and the curve.
        precision: "no", "bf16" or "fp16".
        cpu: stay on the CPU where there is a GPU.
    """

    def __init__(
        self,
        objective: Any,
        data: Arrays,
        validate: Validate,
        schedule: Schedule,
        prepare: Callable[[torch.Tensor], torch.Tensor],
        setting: Any,
        folder: Path,
        seed: int = 0,
        precision: str = "no",
        cpu: bool = False,
    ) -> None:
        from accelerate import Accelerator

        self.accelerator = Accelerator(mixed_precision=precision, cpu=cpu)
        self.data, self.validate, self.schedule, self.prepare = data, validate, schedule, prepare
        self.setting, self.folder, self.seed = setting, folder, seed
        self.beginning = _beginning(objective, data)
        objective = objective.to(memory_format=torch.channels_last)
        self.objective, self.optimiser = self.accelerator.prepare(objective, schedule.optimiser(objective))
        self.history = History()
        self.best: dict[str, torch.Tensor] = {}

    @property
    def module(self) -> Any:
        return self.accelerator.unwrap_model(self.objective)

    @property
    def leads(self) -> bool:
        """Whether this is the process that speaks, validates and writes; the only one, but for `accelerate launch`."""
        return self.accelerator.is_main_process

    def run(self, tell: Callable[[str], None]) -> dict[str, torch.Tensor]:
        """Train to the end or to where patience ends, from where an earlier run was killed.

        Args:
            tell: is told how far it is, by the process that leads.

        Returns:
            The state of the objective at the best validation figure; the last of equals.
        """
        tell = tell if self.leads else _silent
        first = self._resume(tell)
        for epoch in range(first, self.schedule.epochs):
            if self._out_of_patience(epoch):
                tell(f"stopped: no better validation figure for {self.schedule.patience} epochs")
                break
            self._epoch(epoch, tell)
        return self.best

    def _out_of_patience(self, epoch: int) -> bool:
        patience = self.schedule.patience
        return patience is not None and epoch - 1 - self.history.best_epoch >= patience

    def _epoch(self, epoch: int, tell: Callable[[str], None]) -> None:
        began = time.perf_counter()
        torch.manual_seed(self.seed * 100_003 + epoch * 101 + self.accelerator.process_index)
        world, rank = self.accelerator.num_processes, self.accelerator.process_index
        batches = list(self.module.batches(self.data.labels, self.seed, epoch))
        steps = len(batches) // world
        if not steps:
            raise _too_few(len(self.data.labels))
        self.objective.train()
        losses, pictures = [], 0
        for step in range(steps):
            indices = batches[step * world + rank]
            losses.append(self._step(indices, (epoch + step / steps) / self.schedule.epochs))
            pictures += len(indices) * world
        seconds = time.perf_counter() - began
        loss = float(self.accelerator.reduce(torch.stack(losses).mean(), "mean"))
        if not np.isfinite(loss):
            raise FloatingPointError(f"the loss of epoch {epoch + 1} is {loss}; lower the learning rate")
        training, validation = self._validated()
        self.history.seconds += time.perf_counter() - began
        row = {"epoch": epoch + 1, "loss": loss, "training": training, "validation": validation}
        self.history.rows.append(row | {"pictures_per_second": pictures / seconds})
        if validation >= self.history.best:
            self.history.best, self.history.best_epoch = validation, epoch
            self.best = {name: value.detach().cpu().clone() for name, value in self.module.state_dict().items()}
        left = (self.schedule.epochs - epoch - 1) * self.history.seconds / (epoch + 1)
        tell(
            f"epoch {epoch + 1}/{self.schedule.epochs}  loss {loss:.4f}  training {training:.2%}  validation"
            f" {validation:.2%}  {pictures / seconds:.0f} pictures/s  {_clock(left)} left"
        )
        if self.leads:
            self._keep(epoch)
        self.accelerator.wait_for_everyone()

    def _validated(self) -> tuple[float, float]:
        """Training and validation figure, the same in every process."""
        from accelerate.utils import broadcast_object_list

        found = [0.0, 0.0]
        if self.leads:
            with self.accelerator.autocast():
                found = list(self.validate(self.module))
        training, validation = broadcast_object_list(found)
        return training, validation

    def _step(self, indices: np.ndarray, done: float) -> torch.Tensor:
        for group in self.optimiser.param_groups:
            group["lr"] = self.schedule.rate * self.schedule.factor(done)
        device = self.accelerator.device
        images = torch.from_numpy(self.data.images[indices]).to(device)
        labels = torch.from_numpy(self.data.labels[indices]).to(device)
        images = self.prepare(images)
        with self.accelerator.autocast():
            loss = self.objective(images, labels)
        self.accelerator.backward(loss)
        self.optimiser.step()
        self.optimiser.zero_grad()
        return loss.detach().float()

    def _keep(self, epoch: int) -> None:
        """Write state and history at once, so that a kill leaves either the old or the new one."""
        from safetensors.torch import save_file

        tensors = {f"model.{name}": value for name, value in self.module.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in self.best.items()}
        for number, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{name}": value for name, value in state.items() if value is not None}
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self.folder / "state.tmp"
        metadata = {"epoch": str(epoch), "history": json.dumps(asdict(self.history)), "setting": self._setting()}
        save_file({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, fresh, metadata)
        fresh.replace(self.folder / "state.safetensors")
        write_curve(self.history.rows, self.folder)

    def _resume(self, tell: Callable[[str], None]) -> int:
        """Take up the state of an earlier run with the same settings; the epoch to go on with."""
        from safetensors import safe_open

        file = self.folder / "state.safetensors"
        if not file.exists():
            return 0
        with safe_open(file, framework="pt") as stored:
            metadata = stored.metadata()
            if metadata["setting"] != self._setting():
                tell("starting afresh: the earlier run in this folder had other settings")
                return 0
            parts: dict[str, dict[str, torch.Tensor]] = {"model": {}, "best": {}, "optimiser": {}}
            for name in stored.keys():  # noqa: SIM118  (not a dictionary)
                part, _, rest = name.partition(".")
                parts[part][rest] = stored.get_tensor(name)
        self.module.load_state_dict(parts["model"])
        self.best = parts["best"]
        state: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in parts["optimiser"].items():
            number, _, key = name.partition(".")
            state.setdefault(int(number), {})[key] = value
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": state, "param_groups": groups})
        self.history = History(**json.loads(metadata["history"]))
        first = int(metadata["epoch"]) + 1
        tell(f"going on after epoch {first}")
        return first

    def _setting(self) -> str:
        """What has to be the same for a run to go on."""
        return json.dumps(
            [
                asdict(self.schedule),
                self.setting,
                type(self.module).__name__,
                self.seed,
                self.accelerator.mixed_precision,
                len(self.data.labels),
                self.beginning,
            ]
        )


def _beginning(objective: nn.Module, data: Arrays) -> list[Any]:
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


def _silent(text: str) -> None:
    """A `tell` that tells nobody."""


def _too_few(pictures: int) -> Exception:
    from fsl_demo.core.errors import UserError

    reason = "They do not fill one batch. Add some, or choose a smaller --batch."
    return UserError("setting_bad", name="pictures", value=pictures, reason=reason)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
