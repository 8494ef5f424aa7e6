"""`gated`: words look at the picture through gated cross-attention between the blocks of a frozen language model.

Flamingo (Alayrac et al. 2022, arXiv:2204.14198).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fsl_demo.captioners.trained import TrainedCaptioner, token_probabilities
from fsl_demo.core.cards import CaptionerCard

if TYPE_CHECKING:
    from torch import Tensor


class GatedCaptioner(TrainedCaptioner):
    """A word's map is where the word looks: at latents, and through them at positions."""

    shipped = "gated_captions"
    card = CaptionerCard(
        id="gated",
        title="Gated captions",
        paper="Alayrac et al. 2022, Flamingo",
        checkpoint="EfficientNet-Lite0 and Lite2 (ImageNet) + own language model and gated attention",
        cost=300,
        maps=False,
    )

    def evidence(self, network: Any, positions: Tensor, tokens: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """The weights of all blocks, each by its gate; see `TrainedCaptioner`."""
        import torch

        language = network.language
        words = torch.tensor([tokens[1:]], device=positions.device)
        with torch.inference_mode():
            latents, places = network.resampler(network.centred(positions))
            with network.looking(latents[None], torch.zeros_like(words)) as weights:
                states = language.states(language.embed(words))
            gates = torch.stack([layer.opened()[0].abs() for layer in network.gated])
            looks = torch.einsum("b,btl->tl", gates / gates.sum(), torch.cat(weights)) @ places[0]
            likely = token_probabilities(network, states[:, :-1], tokens)
        return likely.exp().numpy(force=True), looks[: len(likely)].numpy(force=True)
