"""The workbench over drawn vectors: `--port N --workspace DIR`. Its methods need no network."""

from __future__ import annotations

import argparse
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.vector_indexes import Drawing
from fsl_demo import runtime
from fsl_demo.core.episodes import Box, Progress, quiet
from fsl_demo.core.pictures import Picture


class DrawnSpace:
    """Vectors of clusters, drawn one after the other with a seed; a sentence is the middle of one, with noise."""

    id = title = weights = "drawn"

    def __init__(self) -> None:
        self.drawing = Drawing()

    def embed(self, pictures: Sequence[Picture], progress: Progress = quiet) -> np.ndarray:
        return self.drawing.pictures(len(pictures))

    def texts(self, sentences: Sequence[Sequence[str]], progress: Progress = quiet) -> np.ndarray:
        return self.drawing.sentences(len(sentences))

    def reads(self, text: str) -> bool:
        return True

    def evidence(self, picture: Picture, directions: np.ndarray) -> np.ndarray:
        return np.zeros((len(directions), 1, 1), np.float32)

    def seen(self, picture: Picture) -> Box:
        return (0.0, 0.0, 1.0, 1.0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--workspace", type=Path)
    chosen = parser.parse_args()
    runtime.prepare("cpu")
    os.environ["GRADIO_TEMP_DIR"] = str(chosen.workspace / "uploads")
    from fsl_demo.core.registry import Registry
    from fsl_demo.store import Workspace
    from fsl_demo.ui import server
    from fsl_demo.ui.page import Page
    from tests.browser.hued import Hued

    hued: Any = Hued("prototype", "Prototype", chosen.workspace / "hold")
    hued.joint = DrawnSpace()
    page = Page(Workspace(chosen.workspace), Registry([hued]))
    with server.running(server.application(page), "127.0.0.1", chosen.port) as address:
        print(address, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
