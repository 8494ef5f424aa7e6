"""The workbench with methods and captioners that need no network: `--port N --workspace DIR`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from fsl_demo import runtime


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--workspace", type=Path)
    chosen = parser.parse_args()
    runtime.prepare("cpu")
    os.environ["GRADIO_TEMP_DIR"] = str(chosen.workspace / "uploads")
    from fsl_demo.store import Workspace
    from fsl_demo.ui.page import Page
    from fsl_demo.ui.server import launch
    from tests.colours import ColourSpace
    from tests.dictated import Dictated
    from tests.ui.conftest import Colour
    from tests.worded import Worded

    method = Colour("asif")
    method.joint = ColourSpace()
    workspace = Workspace(chosen.workspace)
    captioners = {"dictated": Dictated(), "slow": Dictated("slow", seconds=0.4)}
    page = Page(workspace, {"asif": method, "clip": Worded()}, captioners).build()
    print(launch(page, workspace, server_name="127.0.0.1", server_port=chosen.port), flush=True)
    page.block_thread()


if __name__ == "__main__":
    main()
