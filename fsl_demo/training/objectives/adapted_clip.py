"""What the fine-tuning of CLIP minimises: the cross-entropy of pictures with the names of their classes, under low-rank
changes of both towers (CLIP-LoRA, Zanella & Ben Ayed 2024, arXiv:2405.18541)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from fsl_demo.layers.lora import inject
from fsl_demo.training.setup import Objective

RANK, ALPHA = 4, 8
SIZE, LEAST = 32, 4
"""Pictures a step: at most, and at least."""
STEPS = 4
"""An epoch, at least, as far as steps of `LEAST` pictures let them."""
CHUNK = 64
"""Pictures that go through the tower at once where nothing is learned."""


class AdaptedClipObjective(Objective):
    """The changes; the network that they are in is not a part of the module, so that only they are kept and sent.

    Args:
        network: an open_clip model of its own, frozen; it is changed.
        tokens: of a prompt a class, [C, L].
    """

    tokens: Tensor
    scale: Tensor

    def __init__(self, network: Any, tokens: Tensor) -> None:
        super().__init__()
        self._names = inject(network, rank=RANK, alpha=ALPHA)
        self._held = (network,)  # no part of the module
        self.changes = nn.ParameterList(self._names.values())
        self.register_buffer("tokens", tokens, persistent=False)
        self.register_buffer("scale", network.logit_scale.detach().exp().clone(), persistent=False)

    @property
    def network(self) -> Any:
        """On the device of the changes."""
        return self._held[0].to(self.scale.device)

    def named_values(self, state: dict[str, Tensor]) -> dict[str, np.ndarray]:
        """The changes of a state of the module, by the names that they have in the network."""
        return {name: state[f"changes.{n}"].float().cpu().numpy() for n, name in enumerate(self._names)}

    def similarities(self, batch: Tensor) -> Tensor:
        """Cosines of prepared pictures [N, 3, S, S] with the classes, [N, C]."""
        network = self.network
        texts = normalize(network.encode_text(self.tokens).float())
        pictures = [network.encode_image(part.float()) for part in batch.split(CHUNK)]
        return normalize(torch.cat(pictures).float()) @ texts.T

    def forward(self, batch: Tensor, labels: Tensor) -> Tensor:
        return cross_entropy(self.scale * self.similarities(batch), labels)

    def batches(self, labels: np.ndarray, seed: int, epoch: int) -> Iterator[np.ndarray]:
        order = np.random.default_rng((seed, epoch)).permutation(len(labels))
        size = min(SIZE, max(LEAST, len(order) // STEPS))
        for start in range(0, len(order) - size + 1, size):
            yield order[start : start + size]
