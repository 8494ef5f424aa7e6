"""Large checkpoints keep their matrices in 8 bits, with a scale for each row: half of what float16 takes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

PACKED_FROM = 8_000_000
"""Bytes of all arrays together."""
SCALE = ".scale"
"""What the name of a matrix's scales ends with."""
_STEPS = 127


def packed(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays as they are written: of a large checkpoint each matrix as int8, beside its scales, float32 [rows]."""
    if sum(array.nbytes for array in arrays.values()) < PACKED_FROM:
        return dict(arrays)
    written = {}
    for name, array in arrays.items():
        written[name] = array
        if array.dtype.kind == "f" and array.ndim > 1 and array.size:
            rows = array.reshape(len(array), -1).astype(np.float32)
            scales = np.maximum(np.abs(rows).max(axis=1), 1e-12) / _STEPS
            written[name] = np.rint(rows / scales[:, None]).astype(np.int8).reshape(array.shape)
            written[name + SCALE] = scales.astype(np.float32)
    return written


def unpacked(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays as they are used, float16 where they were packed.

    Raises:
        ValueError: scales that do not fit their matrix.
    """
    used = dict(arrays)
    for name, array in arrays.items():
        if array.dtype == np.int8 and name + SCALE in used:
            scales = used.pop(name + SCALE)
            if scales.shape != array.shape[:1]:
                raise ValueError(f"{name} has {len(array)} rows and {scales.size} scales")
            used[name] = (array * scales.reshape(-1, *[1] * (array.ndim - 1))).astype(np.float16)
    return used
