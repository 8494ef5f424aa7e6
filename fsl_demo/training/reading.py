"""What the frozen towers make of a training's pictures, many at once. Their files are trusted: they are decoded here,
by as many threads as there are cores, and not in processes that time and memory bound."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from fsl_demo import runtime
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.datasets.parts import Cutout

GROUPS = {"cpu": 32}
LARGE_GROUP = 512
"""Pictures that are embedded at once; twice as many are in memory."""


def pooled(
    networks: Networks, items: Sequence[Path | Cutout], progress: Progress = quiet
) -> tuple[np.ndarray, np.ndarray]:
    """Pooled features of EfficientNet-Lite0 and of Lite2, float32 [N, 1280] each."""
    towers = (networks.pictures, networks.whole_pictures)
    size = GROUPS.get(runtime.device().type, LARGE_GROUP)
    groups = [items[start : start + size] for start in range(0, len(items), size)]

    def prepared(item: Path | Cutout) -> list[np.ndarray]:
        picture = _picture(item)
        return [tower.prepare(picture) for tower in towers]

    def submitted(number: int) -> list[Future[list[np.ndarray]]]:
        return [pool.submit(prepared, item) for item in groups[number]] if number < len(groups) else []

    vectors: list[list[np.ndarray]] = [[], []]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        coming = submitted(0)
        for number in range(len(groups)):
            progress("read", number * size, len(items))
            images, coming = [future.result() for future in coming], submitted(number + 1)
            for parts, tower, seen in zip(vectors, towers, zip(*images, strict=True), strict=True):
                parts.append(tower.maps(seen).mean(axis=(2, 3)))
    small, large = (np.concatenate(parts) for parts in vectors)
    return small, large


def _picture(item: Path | Cutout) -> Picture:
    file = item.file if isinstance(item, Cutout) else item
    with Image.open(file) as opened:
        image = opened.convert("RGB")
    return from_image(image.crop(item.box) if isinstance(item, Cutout) else image, file.name)
