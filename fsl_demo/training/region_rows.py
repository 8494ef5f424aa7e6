"""Features of the regions of many photographs, and which thing each is; files keep them for the next run, and for one
that broke off."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from PIL import Image

from fsl_demo.core.durable import replacing
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.inference.boxes import overlaps
from fsl_demo.inference.region_features import RegionFeatures, RegionTowers
from fsl_demo.training.scenes import Scene

GROUP = 64
"""Pictures that are in memory at once, and whose regions are in one file."""
SAME, OTHER = 0.5, 0.35
"""Overlap from which on a region is a thing, and up to which it is none."""
EACH, BACKGROUND = 2, 10
"""Regions of one thing beside its own box, and of no thing of a picture, at most; the most probable ones."""
NOTHING, PICTURE = -1, -2
"""In place of a thing's number: for a region of no thing, and for the whole picture."""


@dataclass(frozen=True)
class RegionRows:
    """Regions of scenes.

    Attributes:
        features: float16 [N, D].
        objectness: probability to be a thing, of a whole picture 1, float32 [N].
        scenes: number of each one's scene, [N].
        things: number of the thing in its scene, or `NOTHING` or `PICTURE`, [N].
    """

    features: np.ndarray
    objectness: np.ndarray
    scenes: np.ndarray
    things: np.ndarray


NAMES = tuple(field.name for field in fields(RegionRows))


def read(
    towers: RegionTowers, scenes: Sequence[Scene], folder: Path, every: bool, progress: Progress = quiet
) -> RegionRows:
    """Read the regions of photographs, or what an earlier run kept of the same ones.

    Args:
        folder: keeps them in half precision, in files named by hashes of data and weights.
        every: read all regions of each picture, as validation does.

    Raises:
        UserError: what is wrong with the weights.
    """
    parts = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(scenes), GROUP):
            progress("read", start, len(scenes))
            group = scenes[start : start + GROUP]
            file = folder / f"{_hash(group, towers.weights, str(every))}.safetensors"
            if not file.exists():
                _keep(_computed(towers, group, every=every, pool=pool), file)
            rows = _kept(file)
            parts.append(replace(rows, scenes=rows.scenes + start))
    progress("read", len(scenes), len(scenes))
    return joined(parts)


def joined(parts: Sequence[RegionRows]) -> RegionRows:
    """Rows one after the other."""
    return RegionRows(*(np.concatenate([vars(part)[name] for part in parts]) for name in NAMES))


def _computed(towers: RegionTowers, group: Sequence[Scene], every: bool, pool: ThreadPoolExecutor) -> RegionRows:
    boxes = None if every else [scene.boxes for scene in group]
    proposed = towers.propose(list(pool.map(_picture, group)), boxes=boxes)
    rows = [
        _rows(scene, own, number=number, every=every)
        for number, (scene, own) in enumerate(zip(group, proposed, strict=True))
    ]
    return joined(rows)


def _keep(rows: RegionRows, file: Path) -> None:
    from safetensors.numpy import save

    file.parent.mkdir(parents=True, exist_ok=True)
    with replacing(file) as output:
        output.write(save(vars(rows)))


def _kept(file: Path) -> RegionRows:
    from safetensors.numpy import load

    arrays = load(file.read_bytes())
    return RegionRows(*(arrays[name] for name in NAMES))


def _picture(scene: Scene) -> Picture:
    """In its own shape, where the file has it squashed. Files of a training are trusted; see `training.reading`."""
    with Image.open(scene.file) as opened:
        image = opened.convert("RGB")
    shorter, (width, height) = min(image.size), scene.size
    size = (round(shorter * width / min(width, height)), round(shorter * height / min(width, height)))
    return from_image(image if size == image.size else image.resize(size, Image.Resampling.BICUBIC), scene.file.name)


def _rows(scene: Scene, proposed: RegionFeatures, number: int, every: bool) -> RegionRows:
    """The whole picture, regions of its things, and of nothing where everything is annotated.

    Unless every region is read, the boxes of the things are among them.
    """
    shared = overlaps(proposed.boxes, scene.boxes) if len(scene.boxes) else np.zeros((len(proposed.boxes), 1))
    best, nearest = shared.max(axis=1), shared.argmax(axis=1)
    owners, kept = np.where(best >= SAME, nearest, NOTHING), np.arange(len(best))
    if not every:
        things = [np.flatnonzero(owners == thing)[:EACH] for thing in range(len(scene.boxes))]
        kept = np.concatenate([*things, np.flatnonzero(best <= OTHER)[: BACKGROUND if scene.complete else 0]])
    features = np.concatenate([proposed.whole[None], proposed.given, proposed.regions[kept]])
    return RegionRows(
        features=features.astype(np.float16),
        objectness=np.concatenate([np.ones(1 + len(proposed.given)), proposed.objectness[kept]]).astype(np.float32),
        scenes=np.full(len(features), number, np.int32),
        things=np.concatenate([[PICTURE], np.arange(len(proposed.given)), owners[kept]]).astype(np.int32),
    )


def _hash(scenes: Sequence[Scene], *more: str) -> str:
    """Of files' names and sizes, boxes and labels, and of what else counts."""
    whole = hashlib.sha256("\n".join(more).encode())
    for scene in scenes:
        entry = [scene.file.name, scene.file.stat().st_size, scene.boxes.tolist(), scene.labels.tolist()]
        whole.update(json.dumps(entry).encode())
    return whole.hexdigest()[:32]
