"""`finetune`: a checkpoint on a frozen collection, with a receipt of what that bought."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fsl_demo.cli import options, reporting
from fsl_demo.core.errors import UserError
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
finetune clip --collection birds --from ViT-B-32/laion2b_s34b_b79k --device cuda
finetune siamese --collection colleagues@2 --from siamese_faces --bundle faces.zip
finetune --from-bundle faces.zip --out faces-done.zip
"""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs, "finetune", summary="Fine-tune a checkpoint on a collection.", details=DETAILS, examples=EXAMPLES
    )
    parser.add_argument("method", nargs="?", choices=FINETUNINGS, metavar="METHOD", help=", ".join(FINETUNINGS))
    parser.add_argument(
        "--collection",
        metavar="NAME[@VERSION]",
        help="a frozen collection of the workspace (default: its newest version)",
    )
    parser.add_argument(
        "--from",
        dest="start",
        metavar="CHECKPOINT",
        help="begin with this checkpoint, in the version in use or in another one, as in siamese_faces@1; clip with"
        " weights, too, as in ViT-B-32/laion2b_s34b_b79k",
    )
    parser.add_argument("--epochs", type=options.count, metavar="N", help="in place of the method's own")
    parser.add_argument("--rate", type=float, metavar="X", help="learning rate, in place of the method's own")
    parser.add_argument("--patience", type=options.count, metavar="N", help="stop after N epochs that did no better")
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="the same one gives the same weights (default: 0)"
    )
    parser.add_argument(
        "--bundle",
        type=Path,
        metavar="FILE.zip",
        help="write pictures, configuration and checkpoint into a file, for another machine, and train nothing here",
    )
    parser.add_argument(
        "--from-bundle",
        type=Path,
        metavar="FILE.zip",
        help="carry out what such a file says; in place of METHOD, --collection and --from",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE.zip",
        help="with --from-bundle: the new version and its receipt, which `checkpoints add` and the page take in"
        " (default: the bundle's name with -done behind it)",
    )
    options.add_precision(parser)
    options.add_workspace(parser)
    options.add_root(parser)
    options.add_format(parser, "text", "json")
    options.add_machine(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    options.prepare(chosen)
    asked = [chosen.method, chosen.collection, chosen.start]
    if chosen.from_bundle and any(asked):
        raise UserError("setting_bad", name="from-bundle", value="used", reason=UserError("reason_bundle"))
    if not chosen.from_bundle and not all(asked):
        raise UserError("finetune_incomplete")
    return _from_bundle(chosen) if chosen.from_bundle else _from_workspace(chosen)


def _from_workspace(chosen: argparse.Namespace) -> int:
    from fsl_demo.backbones.cache import FeatureCache
    from fsl_demo.backbones.networks import Networks
    from fsl_demo.services import finetuning
    from fsl_demo.services.finetuning import bundle
    from fsl_demo.services.receipt_page import sentence

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
    if chosen.bundle:
        finetuning.check(request, collection)
        bundle.write(request, collection, chosen.bundle)
        reporting.print_line(f"{chosen.bundle}: python -m fsl_demo finetune --from-bundle {chosen.bundle.name}")
        return 0
    folder, terminal = finetuning.folder_of(workspace, request), reporting.Terminal()
    finetuned = finetuning.carry_out(
        request,
        collection,
        folder=folder,
        networks=Networks(FeatureCache(workspace)),
        on_event=terminal.training,
        root=chosen.root,
        machine=finetuning.Machine(chosen.precision, chosen.device),
        on_verdict=lambda made: terminal.note(sentence(made)),
    )
    if finetuned is not None:
        show(finetuned, folder, chosen.format)
        version = finetuned.version
        if chosen.format == "text":
            reporting.print_line(f"to use it: python -m fsl_demo checkpoints use {version.name} {version.version}")
            if request.method == "clip":
                reporting.print_line(f"with the setting clip.model=adapted:{version.name}")
    return 0


def _from_bundle(chosen: argparse.Namespace) -> int:
    """Everything goes into a folder beside the bundle, from which the same command goes on."""
    from fsl_demo.backbones.cache import FeatureCache
    from fsl_demo.backbones.networks import Networks
    from fsl_demo.services import finetuning
    from fsl_demo.services.finetuning import bundle
    from fsl_demo.services.receipt_page import sentence

    file, terminal = chosen.from_bundle, reporting.Terminal()
    folder = file.with_name(f"{file.stem}-run")
    out = chosen.out or file.with_name(f"{file.stem}-done.zip")
    with bundle.opened(file, folder / "checkpoints") as opened:
        finetuned = finetuning.carry_out(
            opened.request,
            opened.collection,
            folder=folder / "run",
            networks=Networks(FeatureCache()),
            on_event=terminal.training,
            root=chosen.root,
            machine=finetuning.Machine(chosen.precision, chosen.device),
            on_verdict=lambda made: terminal.note(sentence(made)),
        )
        if finetuned is not None:
            home = opened.checkpoints / finetuned.version.name
            bundle.write_result(home, version=finetuned.version.version, receipts=folder / "run", path=out)
            show(finetuned, folder / "run", chosen.format)
            if chosen.format == "text":
                reporting.print_line(f"to bring it back: python -m fsl_demo checkpoints add {out.name}")
    return 0


def show(finetuned: Finetuned, folder: Path, form: str) -> None:
    """What came of it, for people or for programs."""
    from fsl_demo.services.finetuning import RECEIPT_PAGE
    from fsl_demo.services.receipt_page import sentence

    if form == "json":
        reporting.print_json(finetuned.receipt.as_dict())
        return
    reporting.print_line(f"{finetuned.version}: {sentence(finetuned.receipt)}")
    reporting.print_line(f"receipt: {folder / RECEIPT_PAGE}")
