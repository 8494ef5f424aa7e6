"""The workbench as it is shipped, whose fine-tuned checkpoints lie in its workspace: `--port N --workspace DIR`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def main() -> int:
    from fsl_demo.checkpoints import layout
    from fsl_demo.ui import launch

    own = Path(sys.argv[sys.argv.index("--workspace") + 1]) / "checkpoints"
    if not own.exists():
        shutil.copytree(layout.FOLDER, own)
    layout.FOLDER = own
    return launch.main()


if __name__ == "__main__":
    sys.exit(main())
