"""Maps of EfficientNet-Lite0 in the space where pictures are compared: their mean is that space's vector.

Square roots of features (Hu et al. 2021, arXiv:2006.03806), projected onto what the ImageNet classifier tells apart.
"""

from __future__ import annotations

import numpy as np

POWER = 0.5
"""Evens out the few strong channels. Chosen by `python -m experiments.tune`."""
CHANNELS, POSITIONS = 999, 7


def vectors(pooled: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Pooled features, none negative, [N, 1280], as unit vectors [N, 999]."""
    return _unit(pooled**POWER @ axes)


def classes(rows: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """The rows of the classifier without their mean, [1000, 1280], as unit vectors [1000, 999]."""
    return _unit((rows - rows.mean(axis=0)) @ axes)


def placed(maps: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """The root of a channel's mean is shared out among the positions in proportion to their activation.

    Args:
        maps: none negative, [N, 1280, h, w].
        axes: [1280, 999].

    Returns:
        float32 [N, 999, h, w]; their means over positions have unit length.
    """
    pooled = np.maximum(maps.mean(axis=(2, 3)), 1e-12)
    rooted = maps * (pooled ** (POWER - 1))[:, :, None, None]
    projected = np.einsum("nchw,cd->ndhw", rooted, axes, optimize=True)
    lengths = np.linalg.norm(projected.mean(axis=(2, 3)), axis=1)
    return np.asarray(projected / np.maximum(lengths, 1e-12)[:, None, None, None], np.float32)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
