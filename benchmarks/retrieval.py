"""Milliseconds for searching 10,000 stored pictures, as JSON: the index once, then searches in a warm one.

The pictures are rows with files of one pixel, with random vectors in the workspace where a backbone's features would
be. A sentence goes through MiniLM each time and from there by a random projection into the space.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from fsl_demo import runtime

runtime.prepare("cpu")

from fsl_demo.backbones.minilm import MiniLM  # noqa: E402
from fsl_demo.core.episodes import Box, Progress, quiet  # noqa: E402
from fsl_demo.core.pictures import Picture, from_image  # noqa: E402
from fsl_demo.inference.phrases import sentence_vector  # noqa: E402
from fsl_demo.inference.vectors import l2_normalize  # noqa: E402
from fsl_demo.services.search import nearest  # noqa: E402
from fsl_demo.services.vector_index import VectorIndex  # noqa: E402
from fsl_demo.store import GalleryFilter, Workspace, pictures  # noqa: E402
from fsl_demo.store.blobs import Written  # noqa: E402
from fsl_demo.store.connection import Connections  # noqa: E402

PICTURES, CHANNELS, SHOWN, TIMES = 10_000, 1_400, 60, 30
SPACE = "random"


class RandomSpace:
    """Stored vectors of pictures, and sentences by MiniLM."""

    id = title = weights = SPACE

    def __init__(self, workspace: Workspace) -> None:
        self.workspace, self.encoder = workspace, MiniLM()
        self.projection = np.random.default_rng(1).normal(size=(MiniLM.channels, CHANNELS)).astype(np.float32)

    def embed(self, wanted: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        known = self.workspace.get_vectors(SPACE, [picture.sha256 for picture in wanted])
        return l2_normalize(np.stack([known[picture.sha256] for picture in wanted]))

    def texts(self, sentences: Sequence[Sequence[str]], progress: Progress = quiet) -> np.ndarray:
        encoded = (self.encoder.encode(ensemble, progress).mean(axis=0) for ensemble in sentences)
        return l2_normalize(np.stack(list(encoded)) @ self.projection)

    def reads(self, text: str) -> bool:
        return True

    def evidence(self, picture: Picture, directions: np.ndarray) -> np.ndarray:
        raise NotImplementedError  # nothing is explained here

    def seen(self, picture: Picture) -> Box:
        raise NotImplementedError


def stock(workspace: Workspace) -> None:
    """Rows and vectors of all pictures."""
    random, image = np.random.default_rng(0), Image.new("RGB", (1, 1))
    hashes = [f"{number:064x}" for number in range(PICTURES)]
    stored = [
        Picture(sha256=sha256, width=1, height=1, name="", original_sha256="", source=lambda: image)
        for sha256 in hashes
    ]
    pixel = workspace._blobs.path(workspace.add_picture(from_image(image, "")).sha256)
    for sha256 in hashes:
        workspace._blobs.path(sha256).parent.mkdir(parents=True, exist_ok=True)
        os.link(pixel, workspace._blobs.path(sha256))
    rows = {picture: Written(pixel.stat().st_size, b"") for picture in stored}
    with Connections(workspace.folder / "fsl_demo.db").write() as db:
        pictures.insert(db, rows)
    workspace.gallery.add(hashes)
    workspace.put_vectors(SPACE, {sha256: random.normal(size=CHANNELS) for sha256 in hashes})


def milliseconds(work: Callable[[int], object], times: int) -> float:
    """The median."""
    taken = []
    for number in range(times):
        started = time.perf_counter()
        work(number)
        taken.append(1e3 * (time.perf_counter() - started))
    return statistics.median(taken)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        stock(workspace)
        space = RandomSpace(workspace)
        index = VectorIndex(workspace, space)

        def search(vector: np.ndarray) -> None:
            nearest(workspace, space, vector=vector, wanted=GalleryFilter(), limit=SHOWN)

        def by_sentence(number: int) -> None:
            search(sentence_vector(space, f"picture number {number} of a dog in the snow"))

        measured = {"load": milliseconds(lambda _: index.update(), 1)}
        by_sentence(TIMES)  # loads MiniLM
        vector = sentence_vector(space, "a dog in the snow")
        measured["by vector"] = milliseconds(lambda _: search(vector), TIMES)
        measured["by picture"] = milliseconds(
            lambda number: search(index.vector(workspace.picture(f"{number:064x}"))), TIMES
        )
        measured["by sentence"] = milliseconds(by_sentence, TIMES)
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
