"""The doors in one program: `fsl-demo` opens the page, `fsl-demo VERB` is the command line.

`python -m fsl_demo` is the same program.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from fsl_demo.cli import parser
from fsl_demo.core.errors import UserError
from fsl_demo.ui import launch

INTERRUPTED = 130
OF_EVERY_VERB = ("-h", "--help", "--version")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; without one, open the page, with the options that stand there.

    Returns:
        The exit code: 0 when all went well, 1 for something to put right, 130 when interrupted.

    Raises:
        SystemExit: 2, for arguments that are not understood.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in OF_EVERY_VERB):
        return launch.main(arguments, program())
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file name need not be valid text
    chosen = parser(program()).parse_args(arguments)
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


def program() -> str:
    """How the person called this program."""
    return "fsl-demo" if Path(sys.argv[0]).stem == "fsl-demo" else "python -m fsl_demo"


if __name__ == "__main__":
    sys.exit(main())
