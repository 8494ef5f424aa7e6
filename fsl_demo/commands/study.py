"""`study`: what one part of a method is worth, over several seeds."""

from __future__ import annotations

import argparse
from pathlib import Path

from fsl_demo.commands import options, reporting

STUDIES = ("cbam", "s3net")
DETAILS = """\
Trains variants of one small network on Omniglot with five seeds each, tests all on the same episodes of unseen
alphabets, and writes the differences with their intervals (JSON) and the training accuracies as curves (SVG).

cbam: the network with and without CBAM, and with mistakes that may make CBAM look useless.
s3net: S3Net's dual loss against the contrastive loss alone.
"""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs, "study", "Compare variants of a network over several seeds.", DETAILS, "study cbam\nstudy s3net\n"
    )
    parser.add_argument("study", choices=STUDIES, metavar="STUDY", help=", ".join(STUDIES))
    parser.add_argument(
        "--root", type=Path, default=Path("data"), metavar="DIR", help="holds the data sets (default: ./data)"
    )
    parser.add_argument(
        "--runs", type=Path, default=Path("runs/study"), metavar="DIR", help="to resume from (default: ./runs/study)"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("assets/studies"), metavar="DIR", help="results (default: ./assets/studies)"
    )
    options.add_machine(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    options.prepare(chosen)
    from fsl_demo import datasets
    from fsl_demo.training import study

    terminal = reporting.Terminal()
    data = datasets.read("omniglot", chosen.root)
    rows = study.study(chosen.study, data, chosen.runs, chosen.out, terminal.note, terminal.progress)
    for row in rows:
        print(row.in_words())
    return 0
