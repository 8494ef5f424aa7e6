"""Ensembles of sentences through a text encoder, all at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fsl_demo.backbones.cache import FeatureCache, TextEncoder
from fsl_demo.core.episodes import Progress, quiet


def encoded(
    features: FeatureCache, encoder: TextEncoder, sentences: Sequence[Sequence[str]], progress: Progress = quiet
) -> list[np.ndarray]:
    """The vectors of each ensemble of sentences, [K, D] each; all are encoded together."""
    flat = [text for ensemble in sentences for text in ensemble]
    vectors = features.texts(encoder, flat, progress) if flat else np.zeros((0, 0), np.float32)
    ends = np.cumsum([len(ensemble) for ensemble in sentences], dtype=int)
    return [vectors[end - len(ensemble) : end] for end, ensemble in zip(ends, sentences, strict=True)]
