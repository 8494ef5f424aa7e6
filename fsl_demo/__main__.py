"""The command line, `python -m fsl_demo VERB`; and `fsl-demo`, which opens the page where no verb is given."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from fsl_demo import runtime
from fsl_demo.cli import parser
from fsl_demo.core.errors import UserError
from fsl_demo.core.file_names import visible
from fsl_demo.ui import launch

SCRIPT = "fsl-demo"
INTERRUPTED = 130
OF_EVERY_VERB = ("-h", "--help", "--version")


def main(arguments: Sequence[str] | None = None, program: str = "python -m fsl_demo") -> int:
    """Run one verb.

    Returns:
        The exit code: 0 when all went well, 1 for something to put right, 130 when interrupted.

    Raises:
        SystemExit: 2, for arguments that are not understood.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file name need not be valid text
    chosen = parser(program).parse_args(arguments)
    try:
        with runtime.memory_trouble():
            code = chosen.run(chosen)
        sys.stdout.flush()
        return code
    except UserError as error:
        print(f"fsl_demo: {visible(str(error))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read the output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def script() -> int:
    """`fsl-demo`: run a verb; without one, open the page, with the options that stand there."""
    arguments = sys.argv[1:]
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in OF_EVERY_VERB):
        return launch.main(arguments, SCRIPT)
    return main(arguments, SCRIPT)


if __name__ == "__main__":
    sys.exit(main())
