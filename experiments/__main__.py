"""What one part of a method is worth, over several seeds: `python -m experiments cbam` and `... s3net`."""

from __future__ import annotations

import argparse
from pathlib import Path

from experiments import study
from fsl_demo import datasets
from fsl_demo.cli import options, reporting

DETAILS = """\
Trains variants of one small network on Omniglot with five seeds each, tests all on the same episodes of unseen
alphabets, and writes the differences with their intervals (JSON) and the training accuracies as curves (SVG).

cbam: the network with and without CBAM, and with mistakes that may make CBAM look useless.
s3net: S3Net's dual loss against the contrastive loss alone.
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m experiments", description=DETAILS, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", choices=study.STUDIES, metavar="STUDY", help=", ".join(study.STUDIES))
    for name, default, text in (
        ("--root", "data", "holds the data sets"),
        ("--runs", "runs/study", "to resume from"),
        ("--out", "assets/studies", "results"),
    ):
        parser.add_argument(
            name, type=Path, default=Path(default), metavar="DIR", help=f"{text} (default: ./{default})"
        )
    options.add_machine(parser)
    chosen = parser.parse_args()
    options.prepare(chosen)
    terminal = reporting.Terminal()
    data = datasets.read("omniglot", chosen.root)
    rows = study.study(
        chosen.study,
        data=data,
        folder=chosen.runs,
        out=chosen.out,
        tell=terminal.note,
        progress=terminal.progress,
    )
    for row in rows:
        print(row.in_words())


if __name__ == "__main__":
    main()
