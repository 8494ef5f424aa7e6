"""The command line with mean colours for its only method: `python -m tests.cli.colour_sorter sort …` starts at once."""

from __future__ import annotations

import sys

from fsl_demo.__main__ import main
from fsl_demo.cli import options
from fsl_demo.core.registry import Registry
from fsl_demo.services import reading
from tests.nearest import Nearest

if __name__ == "__main__":
    known = Registry([Nearest("prototype")])
    reading.registry = lambda *_: known
    options.prepare = lambda _: None  # it would load torch to ask for the device
    sys.modules["pandas"] = None  # sqlite_utils would load it  # type: ignore[assignment]
    sys.exit(main())
