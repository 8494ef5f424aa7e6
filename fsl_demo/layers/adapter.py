"""A small layer that lets a frozen network learn a task (Houlsby et al. 2019, arXiv:1902.00751)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import gelu


class Adapter(nn.Module):
    """Two layers beside the states, which go through unchanged to begin with."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.into, self.out = nn.Linear(width, hidden), nn.Linear(hidden, width)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, states: Tensor) -> Tensor:
        """[..., width] to [..., width]."""
        return states + self.out(gelu(self.into(self.norm(states))))
