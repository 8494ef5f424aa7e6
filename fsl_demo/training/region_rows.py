"""Features of the regions of many photographs, and which thing each is; kept in a file for the next run."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fsl_demo.core.durable import replacing
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.inference.boxes import overlaps
from fsl_demo.inference.region_features import RegionFeatures, RegionReader
from fsl_demo.training.scenes import Scene

GROUP = 64
"""Pictures that are in memory at once."""
SAME, OTHER = 0.5, 0.35
"""Overlap from which on a region is a thing, and up to which it is none."""
EACH, BACKGROUND = 3, 10
"""Regions of one thing, and of no thing of a picture, at most; the most probable ones."""
NOTHING, PICTURE = -1, -2
"""In place of a thing's number: for a region of no thing, and for the whole picture."""


@dataclass(frozen=True)
class RegionRows:
    """Regions of scenes.

    Attributes:
        features: float16 [N, D].
        scenes: number of each one's scene, [N].
        things: number of the thing in its scene, or `NOTHING` or `PICTURE`, [N].
    """

    features: np.ndarray
    scenes: np.ndarray
    things: np.ndarray


def read(reader: RegionReader, scenes: Sequence[Scene], file: Path, progress: Progress = quiet) -> RegionRows:
    """Read the regions of photographs, or what an earlier run kept of the same ones.

    Args:
        file: keeps them, beside hashes of data and weights.

    Raises:
        UserError: what reading a picture raises, and what is wrong with the weights.
    """
    from safetensors import safe_open
    from safetensors.numpy import save

    known = {"weights": reader.weights, "scenes": _hash(scenes)}
    if file.exists():
        with safe_open(file, framework="np") as stored:
            if stored.metadata() == known:
                return RegionRows(*(stored.get_tensor(name) for name in ("features", "scenes", "things")))
    parts: list[RegionRows] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(scenes), GROUP):
            progress("read", start, len(scenes))
            group = scenes[start : start + GROUP]
            proposed = reader.propose(list(pool.map(Scene.picture, group)))
            parts += [_rows(scene, own, start + n) for n, (scene, own) in enumerate(zip(group, proposed, strict=True))]
    rows = RegionRows(
        features=np.concatenate([part.features for part in parts]),
        scenes=np.concatenate([part.scenes for part in parts]),
        things=np.concatenate([part.things for part in parts]),
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    with replacing(file) as output:
        output.write(save(vars(rows), known))
    return rows


def _rows(scene: Scene, proposed: RegionFeatures, number: int) -> RegionRows:
    """The whole picture, regions of its things, and of nothing where everything is annotated."""
    shared = overlaps(proposed.boxes, scene.boxes) if len(scene.boxes) else np.zeros((len(proposed.boxes), 1))
    best, nearest = shared.max(axis=1), shared.argmax(axis=1)
    kept, things = [], []
    for thing in range(len(scene.boxes)):
        own = np.flatnonzero((best >= SAME) & (nearest == thing))[:EACH]
        kept.append(own)
        things.append(np.full(len(own), thing))
    if scene.complete:
        others = np.flatnonzero(best <= OTHER)[:BACKGROUND]
        kept.append(others)
        things.append(np.full(len(others), NOTHING))
    features = np.concatenate([proposed.whole[None], *(proposed.regions[own] for own in kept)])
    return RegionRows(
        features=features.astype(np.float16),
        scenes=np.full(len(features), number, np.int32),
        things=np.concatenate([[PICTURE], *things]).astype(np.int32),
    )


def _hash(scenes: Sequence[Scene]) -> str:
    """Of files' names and sizes, boxes and labels."""
    whole = hashlib.sha256()
    for scene in scenes:
        entry = [scene.file.name, scene.file.stat().st_size, scene.boxes.tolist(), scene.labels.tolist()]
        whole.update(json.dumps(entry).encode())
    return whole.hexdigest()
