"""The command line: `python -m fsl_demo VERB`."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from fsl_demo.cli import parser
from fsl_demo.core.errors import UserError

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb.

    Returns:
        The exit code: 0 when all went well, 1 for something to put right, 130 when interrupted.

    Raises:
        SystemExit: 2, for arguments that are not understood.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file name need not be valid text
    chosen = parser().parse_args(arguments)
    try:
        code = chosen.run(chosen)
        sys.stdout.flush()
        return code
    except UserError as error:
        print(f"fsl_demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read the output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
