"""The workbench with methods and captioners that need no network: `--port N --workspace DIR`."""

from __future__ import annotations

import argparse
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fsl_demo import runtime
from tests import unsynced

HOLD = "hold"
"""While a file of this name is in the workspace, predictions wait after their first batch."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--workspace", type=Path)
    chosen = parser.parse_args()
    runtime.prepare("cpu")
    unsynced.unsync()
    os.environ["GRADIO_TEMP_DIR"] = str(chosen.workspace / "uploads")
    with serving(chosen.workspace, chosen.port) as address:
        print(address, flush=True)
        threading.Event().wait()


@contextmanager
def serving(workspace: Path, port: int = 0) -> Iterator[str]:
    """Serve in the background; gives the address."""
    from fsl_demo.backbones.cache import FeatureCache
    from fsl_demo.backbones.networks import Networks
    from fsl_demo.core.registry import Registry
    from fsl_demo.detectors.faces import FaceDetector
    from fsl_demo.store import Workspace
    from fsl_demo.ui import server
    from fsl_demo.ui.page import Page
    from tests.browser.hued import Hued
    from tests.dictated import Dictated
    from tests.located import Located
    from tests.worded import Worded

    hold = workspace / HOLD
    nearest, colder = Hued("prototype", "Prototype", hold), Hued("can", "Colder", hold, pull=0.1)
    detectors = [FaceDetector(Networks(FeatureCache()))]
    registry = Registry([nearest, colder, Worded(), Located()], [Dictated(), Dictated("slow", seconds=0.4)], detectors)
    page = Page(Workspace(workspace), registry)
    with server.running(server.application(page), "127.0.0.1", port) as address:
        yield address


if __name__ == "__main__":
    main()
