"""`receipt`: what a fine-tuned version answers otherwise than the one before."""

from __future__ import annotations

import argparse
from pathlib import Path

from fsl_demo.cli import options, reporting

DETAILS = """\
Both versions answer the same episodes, drawn from the test part of a frozen collection. The receipt has the difference
with its interval, McNemar's test, every answer that changed with both explanations, classes, calibration, and what
happened on the project's own test data. It is a page of its own with all pictures inside, or JSON by the file's ending.
"""
EXAMPLES = """\
receipt siamese_faces@2 --collection colleagues@1 --out receipt.html
receipt picture_space@3 --collection birds --out receipt.json
"""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs,
        "receipt",
        summary="Compare a fine-tuned checkpoint with the version that it began with.",
        details=DETAILS,
        examples=EXAMPLES,
    )
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="the fine-tuned version, as in siamese_faces@2")
    parser.add_argument(
        "--collection",
        required=True,
        metavar="NAME[@VERSION]",
        help="a frozen collection of the workspace (default: its newest version)",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="file to write: .html or .json")
    options.add_workspace(parser)
    options.add_root(parser)
    options.add_machine(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    options.prepare(chosen)
    from fsl_demo.backbones.cache import FeatureCache
    from fsl_demo.backbones.networks import Networks
    from fsl_demo.services import receipt_page
    from fsl_demo.services.receipt import receipt, receipt_command

    workspace = options.existing_workspace(chosen)
    collection, terminal = options.frozen(workspace, chosen.collection), reporting.Terminal()
    made = receipt(
        options.checkpoint(chosen.checkpoint),
        collection,
        networks=Networks(FeatureCache(workspace)),
        root=chosen.root,
        command=receipt_command(chosen.checkpoint, str(collection)),
        progress=terminal.progress,
        on_verdict=lambda made: terminal.note(receipt_page.sentence(made)),
    )
    receipt_page.write(made, chosen.out)
    reporting.print_line(receipt_page.sentence(made))
    return 0
