"""What a semantic dictionary minimises: [classification + beta (|sD - f| + lambda |s|)] / how well texts come back.

DSDL (Zhou et al. 2021) divides by the cosine of texts before and after the auto-encoder. The plan that this project
began with divides by their cosine distance, which rewards texts that come back wrong; see `docs/results.md`.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor
from torch.nn.functional import cosine_similarity

Denominator = Literal["similarity", "distance"]
LEAST = 0.05
"""What a denominator counts at least."""
BETA = 0.5


def reconstruction(features: Tensor, codes: Tensor, rows: Tensor, penalty: float | Tensor) -> Tensor:
    """Mean of |sD - f| + penalty |s| over features f [N, d], with codes s [N, C] and rows D [C, d]."""
    apart = (codes @ rows - features).norm(dim=1)
    return (apart + penalty * codes.norm(dim=1)).mean()


def language_similarity(texts: Tensor, rebuilt: Tensor) -> Tensor:
    """Mean cosine between texts and what the auto-encoder made of them, [C, e] each."""
    return cosine_similarity(texts, rebuilt).mean()


def dictionary_loss(
    classification: Tensor, visual: Tensor, language: Tensor, denominator: Denominator, beta: float = BETA
) -> Tensor:
    """The whole loss.

    Args:
        classification: cross-entropy of the codes.
        visual: of `reconstruction`.
        language: of `language_similarity`.
        denominator: DSDL's similarity, or the plan's distance, 1 - similarity; `LEAST` at least.
    """
    divisor = language if denominator == "similarity" else 1 - language
    return (classification + beta * visual) / divisor.clamp(min=LEAST)
