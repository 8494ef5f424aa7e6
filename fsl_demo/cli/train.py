"""`train`: a method on labelled pictures, from nothing or from a checkpoint."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fsl_demo.cli import options, reporting
from fsl_demo.core.errors import UserError

if TYPE_CHECKING:
    from fsl_demo.training.loop import Schedule

CAPTIONED = {
    "compact-vlm": "compact_vlm",
    "language-model": "caption_lm",
    "prefix": "prefix_captions",
    "gated": "gated_captions",
    "two-stream": "two_stream",
}
"""What learns from captions, not from classes, and what its checkpoint is called."""
METHODS = ("siamese", "siamese-cbam", "s3net", "can", *CAPTIONED)
BACKBONES = ("twin", "conv4", "resnet10", "resnet12", "efficientnet_lite0")
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
    parser = options.add_verb(verbs, "train", "Train a method, or go on training a checkpoint.", DETAILS, EXAMPLES)
    parser.add_argument("method", choices=METHODS, metavar="METHOD", help=", ".join(METHODS))
    options.add_data(parser)
    parser.add_argument("--name", help="of the checkpoint (default: METHOD_DATA)")
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
    parser.add_argument(
        "--precision",
        choices=("no", "bf16", "fp16"),
        default="no",
        help="mixed precision (default: no); bf16 slows down a CPU that has neither AMX nor AVX-512 BF16",
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
    if chosen.method in CAPTIONED:
        return _from_captions(chosen, terminal)
    if chosen.language_model:
        raise UserError("setting_bad", name="language-model", value="used", reason="Only captioners have one.")
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
        start,
    )
    folder = train(plan, data, chosen.runs, chosen.out or checkpoints.FOLDER, terminal.note, terminal.progress)
    if folder is not None:
        print(folder)
    return 0


def _command() -> str:
    """What made the checkpoint, for its card."""
    return shlex.join(["python", "-m", "fsl_demo", *sys.argv[1:]])


def _from_captions(chosen: argparse.Namespace, terminal: reporting.Terminal) -> int:
    """Methods that learn from captions have their own towers and batches, and begin from nothing."""
    from fsl_demo import checkpoints
    from fsl_demo.training import captioners, compact_vlm, language_model, two_stream

    for name in ("start", "backbone", "batch"):
        if getattr(chosen, name) is not None:
            reason = f"{chosen.method} has its own towers and batches, and begins from nothing."
            raise UserError("setting_bad", name="from" if name == "start" else name, value="used", reason=reason)
    if chosen.data != "flickr8k":
        reason = f"{chosen.method} learns from flickr8k."
        raise UserError("setting_bad", name="data", value=chosen.data, reason=reason)
    trainings: dict[str, tuple[Callable[..., Path | None], Schedule]] = {
        "compact-vlm": (compact_vlm.train, compact_vlm.SCHEDULE),
        "language-model": (language_model.train, language_model.SCHEDULE),
        "prefix": (partial(captioners.train, "prefix"), captioners.SCHEDULE),
        "gated": (partial(captioners.train, "gated"), captioners.SCHEDULE),
        "two-stream": (two_stream.train, two_stream.SCHEDULE),
    }
    train, schedule = trainings[chosen.method]
    own: dict[str, str | Path] = {}
    if chosen.language_model:
        if chosen.method not in captioners.METHODS:
            raise UserError("setting_bad", name="language-model", value="used", reason="Only captioners have one.")
        own["language_model"] = options.checkpoint(chosen.language_model)
    given = {"epochs": chosen.epochs, "rate": chosen.rate, "patience": chosen.patience}
    folder = train(
        chosen.root,
        chosen.name or CAPTIONED[chosen.method],
        chosen.runs,
        chosen.out or checkpoints.FOLDER,
        _command(),
        terminal.note,
        terminal.progress,
        replace(schedule, **{name: value for name, value in given.items() if value is not None}),
        chosen.seed,
        chosen.precision,
        chosen.device == "cpu",
        **own,
    )
    if folder is not None:
        print(folder)
    return 0
