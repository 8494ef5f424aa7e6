"""Features of the regions of many photographs, with what is right for each; kept in a file for the next run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np

from fsl_demo.core.durable import replacing
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import ingest
from fsl_demo.inference.boxes import overlaps
from fsl_demo.inference.region_features import RegionFeatures, RegionReader
from fsl_demo.training.scenes import Scene

GROUP = 64
"""Pictures that are in memory at once."""
SAME, OTHER = 0.5, 0.35
"""Overlap from which on a region is a thing, and up to which it is none."""
EACH, BACKGROUND = 3, 10
"""Regions of a thing, and of nothing of a picture, at most."""
NOTHING, PICTURE = -1, -2
"""In place of a thing's number: a region of nothing that is annotated, and the whole picture."""


@dataclass(frozen=True)
class RegionRows:
    """Regions of scenes.

    Attributes:
        features: float16 [N, D].
        scenes: number of each one's scene, [N].
        things: which thing of the scene it is, or `NOTHING` or `PICTURE`, [N].
    """

    features: np.ndarray
    scenes: np.ndarray
    things: np.ndarray


def read(reader: RegionReader, scenes: Sequence[Scene], file: Path, progress: Progress = quiet) -> RegionRows:
    """Read the regions of photographs, or what an earlier run kept of the same ones.

    Args:
        file: keeps them, beside a hash of data and weights.

    Raises:
        UserError: what reading a picture raises, and what is wrong with the weights.
    """
    from safetensors import safe_open
    from safetensors.numpy import save

    known = {"weights": reader.weights, "scenes": _hash(scenes)}
    if file.exists():
        with safe_open(file, framework="np") as stored:
            if stored.metadata() == known:
                return RegionRows(*(stored.get_tensor(field.name) for field in fields(RegionRows)))
    parts = []
    for start in range(0, len(scenes), GROUP):
        progress("read", start, len(scenes))
        group = scenes[start : start + GROUP]
        read_regions = reader.propose([ingest(scene.file) for scene in group])
        parts += [_rows(number, *pair) for number, pair in enumerate(zip(group, read_regions, strict=True), start)]
    rows = RegionRows(*(np.concatenate(arrays) for arrays in zip(*map(_fields, parts), strict=True)))
    file.parent.mkdir(parents=True, exist_ok=True)
    with replacing(file) as output:
        output.write(save(vars(rows), known))
    return rows
