"""The command line with mean colours for its only method: `python -m tests.cli.colour_sorter sort …` starts at once."""

from __future__ import annotations

import sys
from unittest.mock import patch

from fsl_demo.__main__ import main
from fsl_demo.cli import options
from fsl_demo.core.registry import Registry
from fsl_demo.services import reading
from tests.nearest import Nearest

if __name__ == "__main__":
    known = Registry([Nearest("prototype")])
    asks_torch = patch.object(options, "prepare")
    loads_pandas = patch.dict(sys.modules, {"pandas": None})
    with patch.object(reading, "registry", return_value=known), asks_torch, loads_pandas:
        sys.exit(main())
