"""What a classifier is made of that leaves this program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Encoder:
    """From pictures to vectors, in a form of its own.

    Attributes:
        recipes: how a picture becomes each input of the network, by name.
        network: a torch module on the CPU, from these inputs, float32 [N, h, w, channels], to vectors [N, D].
        sources: the checkpoints that it rests on, as `checkpoints.load` gives them.
    """

    recipes: tuple[str, ...]
    network: Any
    sources: tuple[Any, ...]


@dataclass(frozen=True)
class Portable(Encoder):
    """A fitted classifier that can answer without this program: what its network gives are similarities, [N, C].

    Attributes:
        temperature: what similarities are multiplied with before softmax.
        none_below: a picture whose best similarity is lower is unlike the examples; NaN where nothing is known.
        weights: hashes of the weights, joined by "+".
    """

    temperature: float
    none_below: float
    weights: str
