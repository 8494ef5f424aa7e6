"""`train`: a method on labelled pictures, from nothing or from a checkpoint."""

from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import replace
from pathlib import Path

from fsl_demo.commands import options, reporting
from fsl_demo.errors import UserError

METHODS = ("siamese", "siamese-cbam", "s3net", "can", "compact-vlm")
BACKBONES = ("twin", "conv4", "resnet10", "resnet12", "efficientnet_lite0")
DETAILS = """\
Reads the pictures into memory, trains with a validation after each epoch, and writes a checkpoint with its card, and
the training curve as picture and CSV. A run that was killed goes on where it was when the same command is given again.
Under `accelerate launch` the same command runs on several GPUs.
"""
EXAMPLES = """\
train siamese --data mnist
train siamese --data lfw --fold 1 --precision bf16
train siamese --data export.zip --from siamese_faces --name colleagues
train compact-vlm --data flickr8k --precision bf16
"""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(verbs, "train", "Train a method, or go on training a checkpoint.", DETAILS, EXAMPLES)
    parser.add_argument("method", choices=METHODS, metavar="METHOD", help=", ".join(METHODS))
    options.add_data(parser)
    parser.add_argument("--name", help="of the checkpoint (default: METHOD_DATA)")
    parser.add_argument("--from", dest="start", metavar="CHECKPOINT", help="begin with the weights of this checkpoint")
    parser.add_argument("--backbone", choices=BACKBONES, help="in place of the recipe's")
    parser.add_argument("--epochs", type=options.count, metavar="N", help="in place of the recipe's")
    parser.add_argument("--batch", type=options.count, metavar="N", help="pictures a batch, in place of the recipe's")
    parser.add_argument("--rate", type=float, metavar="X", help="learning rate, in place of the recipe's")
    parser.add_argument("--patience", type=options.count, metavar="N", help="stop after N epochs that did no better")
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="the same one gives the same weights (default: 0)"
    )
    parser.add_argument(
        "--precision", choices=("no", "bf16", "fp16"), default="no", help="mixed precision (default: no)"
    )
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), metavar="DIR", help="for what a run resumes from (default: ./runs)"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the checkpoints (default: the app's own)")
    options.add_machine(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    options.prepare(chosen)
    from fsl_demo import checkpoints, datasets
    from fsl_demo.backbones.trained import TrainedNetwork
    from fsl_demo.training import recipes
    from fsl_demo.training.run import Plan, train

    terminal = reporting.Terminal()
    if chosen.method == "compact-vlm":
        return _compact_vlm(chosen, terminal)
    data = datasets.read(chosen.data, chosen.root, chosen.fold, chosen.download)
    start = TrainedNetwork(options.checkpoint(chosen.start)) if chosen.start else None
    pictures = sum(map(len, data.train.classes.values()))
    architecture = start.architecture if start else None
    recipe = recipes.recipe(chosen.method, data.name, pictures, architecture, chosen.backbone)
    schedule = {"epochs": chosen.epochs, "rate": chosen.rate, "patience": chosen.patience}
    given = {name: value for name, value in schedule.items() if value is not None}
    recipe = replace(recipe, schedule=replace(recipe.schedule, **given))
    if chosen.batch:
        recipe = replace(recipe, sampling=replace(recipe.sampling, size=chosen.batch))
    plan = Plan(
        chosen.method,
        chosen.name or f"{chosen.method}_{data.name}".replace("-", "_"),
        recipe,
        _command(),
        chosen.seed,
        chosen.precision,
        chosen.device == "cpu",
        start.name if start else "",
        start.checkpoint.arrays if start else None,
    )
    folder = train(plan, data, chosen.runs, chosen.out or checkpoints.FOLDER, terminal.note, terminal.progress)
    if folder is not None:
        print(folder)
    return 0


def _command() -> str:
    """What made the checkpoint, for its card."""
    return shlex.join(["python", "-m", "fsl_demo", *sys.argv[1:]])


def _compact_vlm(chosen: argparse.Namespace, terminal: reporting.Terminal) -> int:
    """The built-in vision-language model learns from captions, not from classes."""
    from fsl_demo import checkpoints
    from fsl_demo.training import compact_vlm

    for name in ("start", "backbone", "batch"):
        if getattr(chosen, name) is not None:
            reason = "compact-vlm has its own towers and batches, and begins from nothing."
            raise UserError("setting_bad", name="from" if name == "start" else name, value="used", reason=reason)
    if chosen.data != "flickr8k":
        raise UserError("setting_bad", name="data", value=chosen.data, reason="compact-vlm learns from flickr8k.")
    schedule = {"epochs": chosen.epochs, "rate": chosen.rate, "patience": chosen.patience}
    folder = compact_vlm.train(
        chosen.root,
        chosen.name or "compact_vlm",
        chosen.runs,
        chosen.out or checkpoints.FOLDER,
        _command(),
        terminal.note,
        terminal.progress,
        replace(compact_vlm.SCHEDULE, **{name: value for name, value in schedule.items() if value is not None}),
        chosen.seed,
        chosen.precision,
        chosen.device == "cpu",
    )
    if folder is not None:
        print(folder)
    return 0
