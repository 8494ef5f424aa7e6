"""MiniLM with what a training changed in it: low-rank parts of its layers, which a checkpoint holds."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from fsl_demo.backbones.minilm import MiniLM
from fsl_demo.checkpoints import Checkpoint
from fsl_demo.core.episodes import Progress, quiet

PREFIX = "minilm."
"""What the names of the arrays begin with, in a checkpoint and in an objective's state."""
WIDTH, HIDDEN = MiniLM.channels, 4 * MiniLM.channels
_LAYERS = {
    f"layer/{number}/{part}": shape
    for number in range(6)
    for part, shape in {
        "attention/self/query": (WIDTH, WIDTH),
        "attention/self/key": (WIDTH, WIDTH),
        "attention/self/value": (WIDTH, WIDTH),
        "attention/output/dense": (WIDTH, WIDTH),
        "intermediate/dense": (HIDDEN, WIDTH),
        "output/dense": (WIDTH, HIDDEN),
    }.items()
}
"""Outputs and inputs of the encoder's layers, by name with "/" for each dot."""


class TunedMiniLM(MiniLM):
    """A text encoder of its own, which shares the embeddings with the frozen one.

    Args:
        changes: what is added to the weight of each layer, [outputs, inputs], by its name in the encoder.
        weights: tells its vectors from those of other checkpoints.
    """

    id = "tuned_minilm_l6"
    title = "MiniLM-L6, tuned"

    def __init__(self, minilm: MiniLM, changes: Mapping[str, np.ndarray], weights: str) -> None:
        super().__init__()
        self._minilm, self._changes, self.weights = minilm, changes, weights
        self._tuning = threading.Lock()

    def load(self, progress: Progress = quiet) -> tuple[Any, Any]:
        """Tokenizer and network.

        Raises:
            UserError: `weights_missing`, `weights_differ`.
        """
        import torch

        tokenizer, frozen = self._minilm.load(progress)
        with self._tuning:
            if self._parts is None:
                network = deepcopy(frozen, {id(frozen.embeddings): frozen.embeddings})
                with torch.no_grad():
                    for name, change in self._changes.items():
                        weight = network.encoder.get_submodule(name).weight
                        weight += torch.from_numpy(change).to(weight)
                self._parts = tokenizer, network
            return self._parts


def tuned(minilm: MiniLM, checkpoint: Checkpoint) -> MiniLM:
    """The encoder that a checkpoint changes, or the frozen one where it changes nothing.

    Raises:
        UserError: `card_differs`.
    """
    if not any(name.startswith(PREFIX) for name in checkpoint.arrays):
        return minilm
    from fsl_demo.layers.low_rank import SCALE

    changes = {}
    for name, (outputs, inputs) in _LAYERS.items():
        down = checkpoint.array(f"{PREFIX}{name}.down", None, inputs).astype(np.float32)
        up = checkpoint.array(f"{PREFIX}{name}.up", outputs, len(down)).astype(np.float32)
        changes[name.replace("/", ".")] = SCALE * up @ down
    return TunedMiniLM(minilm, changes, weights=checkpoint.sha256)
