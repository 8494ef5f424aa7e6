"""`finetune`: a checkpoint on a frozen collection, with a receipt of what that bought."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fsl_demo.cli import options, reporting
from fsl_demo.training.tasks import FINETUNINGS

if TYPE_CHECKING:
    from fsl_demo.services.finetuning import Finetuned

DETAILS = """\
Trains on the training part of a frozen collection, stops by episodes of its validation part, and writes a further
version of the checkpoint that it began with. That version is not put to use: `checkpoints use NAME VERSION` does that.
Both versions then answer the same episodes of the test part, and the receipt says what changed. A run that was killed
or stopped goes on where it was when the same command is given again.
"""
EXAMPLES = """\
finetune prototype --collection birds --from picture_space
finetune siamese --collection colleagues@2 --from siamese_faces
"""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs, "finetune", summary="Fine-tune a checkpoint on a collection.", details=DETAILS, examples=EXAMPLES
    )
    parser.add_argument("method", choices=FINETUNINGS, metavar="METHOD", help=", ".join(FINETUNINGS))
    parser.add_argument(
        "--collection",
        required=True,
        metavar="NAME[@VERSION]",
        help="a frozen collection of the workspace (default: its newest version)",
    )
    parser.add_argument(
        "--from",
        required=True,
        dest="start",
        metavar="CHECKPOINT",
        help="begin with this checkpoint, in the version in use or in another one, as in siamese_faces@1",
    )
    parser.add_argument("--epochs", type=options.count, metavar="N", help="in place of the method's own")
    parser.add_argument("--rate", type=float, metavar="X", help="learning rate, in place of the method's own")
    parser.add_argument("--patience", type=options.count, metavar="N", help="stop after N epochs that did no better")
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="the same one gives the same weights (default: 0)"
    )
    options.add_precision(parser)
    options.add_workspace(parser)
    options.add_root(parser)
    options.add_format(parser, "text", "json")
    options.add_machine(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    options.prepare(chosen)
    from fsl_demo.backbones.cache import FeatureCache
    from fsl_demo.backbones.networks import Networks
    from fsl_demo.services import finetuning

    workspace = options.existing_workspace(chosen)
    collection = options.frozen(workspace, chosen.collection)
    request = finetuning.requested(
        chosen.method,
        collection,
        options.checkpoint(chosen.start),
        options=finetuning.FinetuneOptions(
            seed=chosen.seed, epochs=chosen.epochs, rate=chosen.rate, patience=chosen.patience
        ),
    )
    terminal = reporting.Terminal()
    finetuned = finetuning.carry_out(
        request,
        collection,
        folder=finetuning.folder_of(workspace, request),
        networks=Networks(FeatureCache(workspace)),
        on_event=terminal.training,
        root=chosen.root,
        machine=finetuning.Machine(chosen.precision, chosen.device),
    )
    if finetuned is not None:
        show(finetuned, finetuning.folder_of(workspace, request), chosen.format)
    return 0


def show(finetuned: Finetuned, folder: Path, form: str) -> None:
    """What came of it, for people or for programs."""
    from fsl_demo.services.finetuning import RECEIPT_PAGE
    from fsl_demo.services.receipt_page import sentence

    if form == "json":
        reporting.print_json(finetuned.receipt.as_dict())
        return
    version = finetuned.version
    reporting.print_line(f"{version}: {sentence(finetuned.receipt)}")
    reporting.print_line(f"receipt: {folder / RECEIPT_PAGE}")
    reporting.print_line(f"to use it: python -m fsl_demo checkpoints use {version.name} {version.version}")
