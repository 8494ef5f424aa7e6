"""`prefix`: a picture's features as tokens in front of a frozen language model.

Frozen (Tsimpoukelli et al. 2021, arXiv:2106.13884), ClipCap (Mokady et al. 2021, arXiv:2111.09734).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fsl_demo.captioners.trained import TrainedCaptioner, token_probabilities
from fsl_demo.core.cards import CaptionerCard

if TYPE_CHECKING:
    from torch import Tensor


class PrefixCaptioner(TrainedCaptioner):
    """A word's map is how much each position, by its share of the picture's features, makes the word likelier."""

    shipped = "prefix_captions"
    card = CaptionerCard(
        id="prefix",
        title="Prefix captions",
        paper="Tsimpoukelli et al. 2021, Frozen; Mokady et al. 2021, ClipCap",
        checkpoint="EfficientNet-Lite0 and Lite2 (ImageNet) + own language model and mapper",
        cost=250,
    )

    def evidence(self, network: Any, positions: Tensor, tokens: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """Gradient times features, which add up to the first order; see `TrainedCaptioner`."""
        pooled = network.pooled(positions).requires_grad_()
        states, _ = network.states([[*tokens, network.language.end]], [network.mapper(pooled)])
        likely = token_probabilities(network, states[:, :-1], tokens)
        return likely.exp().numpy(force=True), shares(network, positions=positions, pooled=pooled, scores=likely)


def shares(network: Any, positions: Tensor, pooled: Tensor, scores: Tensor) -> np.ndarray:
    """What each position of a picture has to do with scores [W], by its share of the features: [W, 130].

    Args:
        positions: of the picture, [1, 130, 999].
        pooled: the features that the scores were made from, [1, 1998].
    """
    import torch

    from fsl_demo.backbones.captioners import PARTS

    centred, rows = network.centred(positions)[0], []
    for score in scores:
        pull = torch.autograd.grad(score, pooled, retain_graph=True)[0][0].split(centred.shape[1])
        parts = [centred[part] @ slope / len(centred[part]) for part, slope in zip(PARTS, pull, strict=True)]
        rows.append(torch.cat(parts))
    return torch.stack(rows).numpy(force=True)
