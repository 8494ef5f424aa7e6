"""What the loop trains: an objective, its data, its schedule, and how it is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from torch import Tensor, nn

from fsl_demo.training.data import Arrays
from fsl_demo.training.schedule import Schedule


class Objective(nn.Module):
    """A module that holds the networks and turns a batch into a loss.

    `forward` takes what `Setup.augment` makes of some rows of the data, and their labels, and gives the loss.
    """

    def forward(self, batch: Tensor, labels: Tensor) -> Tensor:
        raise NotImplementedError

    def batches(self, labels: np.ndarray, seed: int, epoch: int) -> Iterator[np.ndarray]:
        """Indices of what comes together, a batch each; everything follows from seed and epoch."""
        raise NotImplementedError


ObjectiveT = TypeVar("ObjectiveT", bound=Objective)


@dataclass(frozen=True)
class Figures:
    """How well an objective does, the higher the better, in [0, 1]."""

    training: float
    validation: float


@dataclass(frozen=True)
class Setup(Generic[ObjectiveT]):
    """What the loop trains.

    Attributes:
        validate: measures the objective after each epoch.
        augment: from what `data` stores of a batch to what the objective reads, changed at random.
        setting: what else has to be the same for a run to go on, as plain values.
    """

    objective: ObjectiveT
    data: Arrays
    schedule: Schedule
    validate: Callable[[ObjectiveT], Figures]
    augment: Callable[[Tensor], Tensor]
    setting: object
