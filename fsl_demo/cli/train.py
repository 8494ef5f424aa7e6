"""`train`: a method on labelled pictures, from nothing or from a checkpoint."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from fsl_demo.cli import options, reporting
from fsl_demo.training.tasks import TASKS

BACKBONES = ("twin", "conv4", "resnet10", "resnet12", "narrow-resnet12", "efficientnet_lite0")
DETAILS = """\
Reads the pictures into memory, trains with a validation after each epoch, and writes a checkpoint with its card, and
the training curve as picture and CSV. A run that was killed goes on where it was when the same command is given again.
Under `accelerate launch` the same command runs on several GPUs.
"""
EXAMPLES = """\
train siamese --data mnist
train siamese --data lfw --fold 1
train siamese --data export.zip --from siamese_faces --name colleagues
train compact-vlm --data flickr8k --precision bf16
train two-stream --data flickr8k --precision bf16
train language-model --data flickr8k
train prefix --data flickr8k --language-model gpt2/
"""


def add(verbs: options.Verbs) -> None:
    parser = options.add_verb(
        verbs, "train", summary="Train a method, or go on training a checkpoint.", details=DETAILS, examples=EXAMPLES
    )
    parser.add_argument("method", choices=TASKS, metavar="METHOD", help=", ".join(TASKS))
    options.add_data(parser)
    parser.add_argument("--name", help="of the checkpoint (default: METHOD_DATA, or the app's own name)")
    parser.add_argument("--from", dest="start", metavar="CHECKPOINT", help="begin with the weights of this checkpoint")
    parser.add_argument(
        "--language-model",
        metavar="DIR",
        help="for prefix and gated: a folder of a causal language model, in place of the small one trained here",
    )
    parser.add_argument("--backbone", choices=BACKBONES, help="in place of the recipe's")
    parser.add_argument("--epochs", type=options.count, metavar="N", help="in place of the recipe's")
    parser.add_argument("--batch", type=options.count, metavar="N", help="pictures a batch, in place of the recipe's")
    parser.add_argument("--rate", type=float, metavar="X", help="learning rate, in place of the recipe's")
    parser.add_argument("--patience", type=options.count, metavar="N", help="stop after N epochs that did no better")
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="the same one gives the same weights (default: 0)"
    )
    options.add_precision(parser)
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), metavar="DIR", help="for what a run resumes from (default: ./runs)"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the checkpoints (default: the app's own)")
    options.add_machine(parser)
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    options.prepare(chosen)
    from fsl_demo import checkpoints
    from fsl_demo.training import tasks
    from fsl_demo.training.config import Config
    from fsl_demo.training.run import run as train
    from fsl_demo.training.task import Source

    config = Config(
        runs=chosen.runs,
        out=chosen.out or checkpoints.FOLDER,
        name=chosen.name or "",
        command=shlex.join(["python", "-m", "fsl_demo", *sys.argv[1:]]),
        seed=chosen.seed,
        precision=chosen.precision,
        device=chosen.device,
        epochs=chosen.epochs,
        rate=chosen.rate,
        patience=chosen.patience,
        start=options.checkpoint(chosen.start) if chosen.start else None,
        backbone=chosen.backbone,
        batch=chosen.batch,
        language_model=options.checkpoint(chosen.language_model) if chosen.language_model else None,
    )
    terminal = reporting.Terminal()
    source = Source(chosen.data, chosen.root, fold=chosen.fold, download=chosen.download, report=terminal.fault)
    folder = train(tasks.named(chosen.method, source, config), config, terminal.training)
    if folder is not None:
        reporting.print_line(folder)
    return 1 if terminal.faults else 0
