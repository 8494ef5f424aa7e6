"""The verbs of the command line. A new one is a file in this folder and a line here.

Whatever is slow to import is imported by what runs, so that help comes at once.
"""

from __future__ import annotations

import argparse

from fsl_demo import __version__
from fsl_demo.core.tables import load

VERBS = (
    "predict",
    "explain",
    "caption",
    "detect",
    "embed",
    "fill",
    "search",
    "sort",
    "episodes",
    "collections",
    "export",
    "train",
    "finetune",
    "receipt",
    "evaluate",
    "methods",
    "checkpoints",
    "weights",
    "diagnose",
    "doctor",
    "users",
)

EPILOG = """\
examples:
  python -m fsl_demo predict --support pets/ --queries unsorted/
  python -m fsl_demo explain --support pets/ --query unsorted/7.jpg --out why/
  python -m fsl_demo sort holiday/ --support pets/ --into sorted/
  python -m fsl_demo episodes list
  python -m fsl_demo VERB --help

Results go to standard output, progress and errors to standard error. Exit codes:
  0    all went well
  1    something has to be put right; the message says what
  2    the command was not understood
  130  interrupted

`python app.py` opens the page, and so does `fsl-demo` without a verb, where the package is installed.
"""


def parser(program: str = "python -m fsl_demo") -> argparse.ArgumentParser:
    """The parser of every verb and option; `run` of what it gives back carries the verb out."""
    top = argparse.ArgumentParser(
        prog=program,
        description="Few-shot image classification from the command line. Nothing leaves this machine.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=__version__, help="show the version and exit")
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    for verb in load(__name__, *VERBS):
        verb.add(verbs)
    return top
