"""The workbench as shipped, without data sets; its checkpoints lie in its workspace: `--port N --workspace DIR`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from fsl_demo import runtime
from tests import unsynced


def main() -> int:
    runtime.prepare("cpu")
    unsynced.unsync()
    from fsl_demo.checkpoints import layout
    from fsl_demo.ui import finetuning, launch

    workspace = Path(sys.argv[sys.argv.index("--workspace") + 1])
    own = workspace / "checkpoints"
    if not own.exists():
        shutil.copytree(layout.FOLDER, own)
    layout.FOLDER = own
    finetuning.ROOT = workspace / "no data sets"
    return launch.main()


if __name__ == "__main__":
    sys.exit(main())
