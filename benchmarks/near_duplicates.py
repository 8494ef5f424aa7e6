"""Near-duplicates among very many pictures: how many planted copies are found, seconds of computing, and memory.

python -m benchmarks.near_duplicates --count 100000

Vectors are drawn, 1,998 dimensions each, float16 in a file, as freezing keeps them; pictures are painted when they are
asked for. Every so many pictures one is the mirror image of the one before it, with a vector beside that one's.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from PIL import Image, ImageOps

from fsl_demo import runtime
from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.inference.near_duplicates import groups
from fsl_demo.inference.vectors import l2_normalize

DIMENSIONS, CLUSTERS, BLOCK = 1_998, 2_000, 10_000
SPREAD, BESIDE = 1.2, 0.3
"""How far, beside the clusters' own length, pictures are from their cluster's middle, and copies from their picture:
cosines of about 0.4 and 0.95."""
EVERY = 100
"""One picture of so many is a copy."""


class Painted(Sequence[Picture]):
    """Pictures of noise; copies are mirror images.

    Attributes:
        asked: how many were painted.
    """

    def __init__(self, count: int) -> None:
        self.size, self.asked = count, 0

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, place: int) -> Picture: ...

    @overload
    def __getitem__(self, place: slice) -> list[Picture]: ...

    def __getitem__(self, place: int | slice) -> Picture | list[Picture]:
        if isinstance(place, slice):
            return [self[number] for number in range(*place.indices(self.size))]
        self.asked += 1
        copied = place % EVERY == 1
        pixels = np.random.default_rng(place - copied).integers(0, 256, (8, 12, 3), dtype=np.uint8)
        image = Image.fromarray(pixels).resize((96, 64), Image.Resampling.BICUBIC)
        return from_image(ImageOps.mirror(image) if copied else image, f"{place}.png")


def drawn(count: int, file: Any) -> np.ndarray:
    """Unit vectors, float16 [N, D], mapped from a file."""
    random = np.random.default_rng(0)
    middles = random.normal(size=(CLUSTERS, DIMENSIONS)).astype(np.float32)
    for start in range(0, count, BLOCK):
        size = min(BLOCK, count - start)
        vectors = middles[random.integers(0, CLUSTERS, size)]
        vectors = vectors + SPREAD * random.normal(size=vectors.shape).astype(np.float32)
        copies = np.arange(1, size, EVERY)
        beside = BESIDE * random.normal(size=(len(copies), DIMENSIONS)).astype(np.float32)
        vectors[copies] = vectors[copies - 1] + beside
        l2_normalize(vectors).astype(np.float16).tofile(file)
    file.flush()
    return np.memmap(file, np.float16, "r").reshape(count, DIMENSIONS)


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def measure(count: int) -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryFile() as file:
        vectors, pictures = drawn(count, file), Painted(count)
        before, started, computed = megabytes(), time.perf_counter(), time.process_time()
        numbers = groups(vectors, pictures)
        seconds, computed = time.perf_counter() - started, time.process_time() - computed
    planted = [(copy - 1, copy) for copy in range(1, count, EVERY)]
    together = sum(numbers[first] == numbers[copy] for first, copy in planted)
    return {
        "pictures": count,
        "copies": len(planted),
        "copies with their picture": together,
        "others that were put together": count - len(set(numbers)) - together,
        "pictures that were read": pictures.asked,
        "seconds": seconds,
        "seconds of computing": computed,
        "megabytes more at the peak": megabytes() - before,
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=100_000, help="pictures (default: 100000)")
    runtime.prepare("cpu")
    print(json.dumps(measure(options.parse_args().count), indent=1))


if __name__ == "__main__":
    main()
