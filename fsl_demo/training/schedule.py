"""How long and how fast to learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to learn.

    Attributes:
        rate: highest learning rate, warmed up to over `warm_up` of the steps; it falls to 0 along a cosine.
        decay: weight decay.
        momentum: Nesterov's, of SGD; 0 for AdamW.
        turn, after: from this share of the steps on a second cosine falls, from this share of the rate.
        patience: epochs without a better validation figure before stopping; None to go on to the end.
    """

    epochs: int
    rate: float
    decay: float
    warm_up: float = 0.15
    momentum: float = 0.0
    turn: float = 1.0
    after: float = 0.0
    patience: int | None = None

    def factor(self, done: float) -> float:
        """What the rate is multiplied with when this share of the steps is done."""
        if done < self.warm_up:
            return (done + 0.01) / (self.warm_up + 0.01)
        if done < self.turn:
            return _cosine((done - self.warm_up) / (self.turn - self.warm_up))
        return self.after * _cosine((done - self.turn) / (1 - self.turn)) if self.turn < 1 else 0.0

    def optimiser(self, module: nn.Module) -> torch.optim.Optimizer:
        import torch

        if self.momentum:
            return torch.optim.SGD(
                module.parameters(), self.rate, momentum=self.momentum, weight_decay=self.decay, nesterov=True
            )
        return torch.optim.AdamW(module.parameters(), self.rate, weight_decay=self.decay)


def _cosine(done: float) -> float:
    """From 1 to 0."""
    return 0.5 * (1 + float(np.cos(np.pi * done)))
