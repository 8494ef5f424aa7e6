"""Texts of a training as MiniLM reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from fsl_demo.backbones.minilm import MAX_TOKENS, MiniLM


@dataclass(frozen=True)
class Texts:
    """WordPieces of so many texts of each picture, region or class.

    Attributes:
        tokens, real: [N, V, L], int64 and bool.
    """

    tokens: Tensor
    real: Tensor

    @classmethod
    def read(cls, minilm: MiniLM, texts: Sequence[Sequence[str]], longest: int = MAX_TOKENS) -> Texts:
        """From as many texts of each, which are cut at `longest` WordPieces."""
        tokens, real = minilm.tokens([text for several in texts for text in several], longest)
        return cls(*(part.cpu().unflatten(0, (len(texts), -1)) for part in (tokens, real)))

    def vocabulary(self, special: Sequence[int]) -> np.ndarray:
        """The WordPieces that occur, but for special ones, in order."""
        return np.setdiff1d(self.tokens[self.real].numpy(), special)
