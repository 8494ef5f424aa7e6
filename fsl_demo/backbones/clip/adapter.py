"""Low-rank changes of a CLIP model (LoRA, Hu et al. 2022, arXiv:2106.09685), kept as checkpoints of the method `clip`.

A checkpoint holds, for each weight W that changes, `W.down` [rank, inputs] and `W.up` [outputs, rank]; the model runs
with W + up @ down, so that it is as fast as before. Its card names the weights that it changes, with their hash.
The first version of each has no arrays: that is the model as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from fsl_demo import checkpoints
from fsl_demo.backbones.clip import files as clip_files
from fsl_demo.backbones.clip.files import ClipFiles
from fsl_demo.backbones.clip.model import Clip
from fsl_demo.backbones.clip.names import ADAPTED, ClipName
from fsl_demo.checkpoints import Checkpoint, layout
from fsl_demo.core.errors import UserError

METHOD = "clip"
DIGITS = 8
"""Of the hash of weights, in the name of the checkpoint that changes them."""


class AdaptedClip(Clip):
    """A `Clip` with a change.

    Args:
        checkpoint: the change.

    Raises:
        UserError: `card_incomplete` where its card names no weights.
    """

    def __init__(self, checkpoint: Checkpoint, shuffle: int | None = None) -> None:
        if checkpoint.card.base is None:
            raise UserError("card_incomplete", name=checkpoint.name, reason="base")
        super().__init__(checkpoint.card.base.name, shuffle)
        self.checkpoint, self._base = checkpoint, checkpoint.card.base
        self.title = f"{ADAPTED}{checkpoint.home.name}@{checkpoint.version}"

    @cached_property
    def files(self) -> ClipFiles:
        """The weights that are changed.

        Raises:
            UserError: `clip_base_differs` for other ones than those that the change was made for.
        """
        files = clip_files.locate(self.name)
        if files.sha256 != self._base.sha256:
            raise UserError("clip_base_differs", name=self.title, base=self.name)
        return files

    @property
    def weights(self) -> str:
        return f"{self.checkpoint.sha256}+{super().weights}"

    def change(self, network: Any) -> None:
        """Raises `card_incomplete` for a change that does not fit the weights."""
        merge(network, self.checkpoint)


def merge(network: Any, checkpoint: Checkpoint) -> None:
    """Change the weights of a network.

    Raises:
        UserError: `card_incomplete` for a change of what the network does not have; nothing is changed then.
    """
    import torch

    weights = dict(network.named_parameters())
    changed = []
    for name, (down, up) in _pairs(checkpoint.arrays):
        weight = weights.get(name)
        if weight is None or tuple(weight.shape) != (len(up), down.shape[-1]) or up.shape[-1] != len(down):
            raise UserError("card_incomplete", name=checkpoint.name, reason=f"{name[:80]} does not fit")
        changed.append((weight, up.astype(np.float32) @ down.astype(np.float32)))
    with torch.no_grad():
        for weight, change in changed:
            weight += torch.from_numpy(change).to(weight)


def _pairs(arrays: Mapping[str, np.ndarray]) -> Iterator[tuple[str, tuple[np.ndarray, np.ndarray]]]:
    for name in arrays:
        stem, _, side = name.rpartition(".")
        if side == "down":
            yield stem, (arrays[name], arrays.get(f"{stem}.up", np.zeros((0, 0))))


def names_weights(text: str) -> bool:
    """Whether this names weights, and no checkpoint."""
    return not set("/:").isdisjoint(text)


def plain(name: str, folder: Path | None = None) -> str:
    """The checkpoint in which changes of some weights are kept, as NAME@1; it is made where there is none.

    Args:
        name: of the weights, as `backbones.clip.names` has it.

    Raises:
        UserError: `clip_name`; what `clip_files.locate` raises.
    """
    base = ClipName.parse(name)
    sha256 = clip_files.locate(base).sha256
    made = f"{METHOD}_{base.architecture or 'folder'}_{sha256[:DIGITS]}"
    if not layout.versions(layout.home(made, folder or layout.FOLDER)):
        card = {
            "method": METHOD,
            "architecture": "no change: the weights as they are",
            "base": {"name": str(base), "sha256": sha256},
        }
        checkpoints.save(made, arrays={}, card=card, folder=folder)
    return f"{made}@1"
