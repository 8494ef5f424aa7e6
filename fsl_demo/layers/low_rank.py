"""Low-rank changes of a frozen network's linear layers (LoRA, Hu et al. 2021, arXiv:2106.09685)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, linear

SCALE, DROPOUT = 0.25, 0.1


class LowRank(nn.Module):
    """What is added to a layer's output: nothing to begin with."""

    def __init__(self, inputs: int, outputs: int, rank: int) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.randn(rank, inputs) / math.sqrt(inputs))
        self.up = nn.Parameter(torch.zeros(outputs, rank))

    def forward(self, values: Tensor) -> Tensor:
        """[..., inputs] to [..., outputs]."""
        return SCALE * linear(linear(dropout(values, DROPOUT, self.training), self.down), self.up)

    def change(self) -> Tensor:
        """What it comes to, added to the layer's weight: [outputs, inputs]."""
        return SCALE * self.up @ self.down


def low_rank(network: nn.Module, rank: int) -> nn.ModuleDict:
    """A change for each linear layer of a network, which from then on adds it; by name, with "/" for each dot."""
    changes = nn.ModuleDict()
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Linear):
            change = LowRank(layer.in_features, outputs=layer.out_features, rank=rank)
            layer.register_forward_hook(lambda _, inputs, output, change=change: output + change(inputs[0]))
            changes[name.replace(".", "/")] = change
    return changes
