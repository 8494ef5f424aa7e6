"""What a run resumes from: `state.safetensors` in its folder, written after each epoch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from fsl_demo.core.durable import replacing
from fsl_demo.training.curve import write_curve

FILE = "state.safetensors"


@dataclass
class History:
    """What happened: a row an epoch, the best epoch, and how long it took.

    Attributes:
        rows: epoch, loss, training and validation figure (shares of 1), pictures a second.
        best: validation figure.
        best_epoch: counted from 0; -1 before the first.
    """

    rows: list[dict[str, float]] = field(default_factory=list)
    best: float = -1.0
    best_epoch: int = -1
    seconds: float = 0.0


@dataclass(frozen=True)
class Stored:
    """A run's state after a whole epoch.

    Attributes:
        setting: what has to be the same for a run to go on with it.
        epoch: the last one that is done, counted from 0.
        model, best: the objective's tensors, now and at its best epoch.
        optimiser: by the parameter's number, then by name.
    """

    setting: str
    epoch: int
    history: History
    model: dict[str, Tensor]
    best: dict[str, Tensor]
    optimiser: dict[int, dict[str, Tensor]]


def save(
    folder: Path,
    setting: str,
    module: nn.Module,
    best: Mapping[str, Tensor],
    optimiser: torch.optim.Optimizer,
    history: History,
) -> None:
    """Write state, history and curve at once, so that a kill leaves either the old state or the new one."""
    import safetensors.torch

    tensors = {f"model.{name}": value for name, value in module.state_dict().items()}
    tensors |= {f"best.{name}": value for name, value in best.items()}
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{name}": value for name, value in state.items() if value is not None}
    folder.mkdir(parents=True, exist_ok=True)
    metadata = {"epoch": str(len(history.rows) - 1), "history": json.dumps(asdict(history)), "setting": setting}
    contiguous = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    with replacing(folder / FILE, folder / "state.tmp") as file:
        file.write(safetensors.torch.save(contiguous, metadata))
    write_curve(history.rows, folder)


def load(folder: Path) -> Stored | None:
    """The state of the run in a folder; None where there is none."""
    from safetensors import safe_open

    if not (folder / FILE).exists():
        return None
    parts: dict[str, dict[str, Tensor]] = {"model": {}, "best": {}, "optimiser": {}}
    with safe_open(folder / FILE, framework="pt") as stored:
        metadata = stored.metadata()
        for name in stored.keys():  # noqa: SIM118  (not a dictionary)
            part, _, rest = name.partition(".")
            parts[part][rest] = stored.get_tensor(name)
    optimiser: dict[int, dict[str, Tensor]] = {}
    for name, value in parts["optimiser"].items():
        number, _, key = name.partition(".")
        optimiser.setdefault(int(number), {})[key] = value
    return Stored(
        setting=metadata["setting"],
        epoch=int(metadata["epoch"]),
        history=History(**json.loads(metadata["history"])),
        model=parts["model"],
        best=parts["best"],
        optimiser=optimiser,
    )
