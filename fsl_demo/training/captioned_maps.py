"""Maps of captioned pictures as the captioners and the two-stream model see them; kept in a file for the next run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from fsl_demo.backbones.networks import Networks
from fsl_demo.backbones.towers import PictureTowers
from fsl_demo.core.durable import replacing
from fsl_demo.core.episodes import Progress, quiet
from fsl_demo.core.pictures import ingest

GROUP = 32
"""Pictures that are in memory at once."""


def maps(networks: Networks, files: Sequence[Path], file: Path, progress: Progress = quiet) -> np.ndarray:
    """Embed pictures, or map what an earlier run made of as many into memory.

    Args:
        file: an `.npy` that keeps them, 260 kB a picture; a run that was killed leaves none.

    Returns:
        float16 [N, 130, 999], see `PictureTowers.positions`.

    Raises:
        UserError: what reading a picture raises; `weights_missing`, `weights_differ`.
    """
    if file.exists():
        kept: np.ndarray = np.load(file, mmap_mode="c")
        if len(kept) == len(files):
            return kept
    file.parent.mkdir(parents=True, exist_ok=True)
    towers = PictureTowers(networks)
    with replacing(file, file.with_suffix(".partial")) as output, ThreadPoolExecutor(os.cpu_count()) as readers:

        def reading(start: int) -> list[Future[tuple[np.ndarray, np.ndarray]]]:
            return [
                readers.submit(lambda path: towers.prepared(ingest(path)), path)
                for path in files[start : start + GROUP]
            ]

        coming = reading(0)
        for start in range(0, len(files), GROUP):
            progress("read", start, len(files))
            images, coming = [future.result() for future in coming], reading(start + GROUP)
            group = towers.positions_of(images).astype(np.float16)
            if not start:
                header = np.lib.format.header_data_from_array_1_0(group) | {"shape": (len(files), *group.shape[1:])}
                np.lib.format.write_array_header_1_0(output, header)
            output.write(group.tobytes())
    return np.load(file, mmap_mode="c")
