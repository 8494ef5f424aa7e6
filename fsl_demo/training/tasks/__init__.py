"""Kinds of training. A new one is a file in this folder and a line here for each method that it trains.

A task is imported when it is asked for, so that the list of methods comes at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from fsl_demo.core.errors import UserError

if TYPE_CHECKING:
    from fsl_demo.backbones.networks import Networks
    from fsl_demo.checkpoints import Checkpoint
    from fsl_demo.core.collections import FrozenCollection
    from fsl_demo.training.collected import FineTuning
    from fsl_demo.training.config import Config
    from fsl_demo.training.task import NamedTask, Source, Task

TASKS = {
    "prototype": "picture_space",
    "siamese": "classes",
    "siamese-cbam": "classes",
    "s3net": "classes",
    "can": "classes",
    "compact-vlm": "compact_vlm",
    "language-model": "language_model",
    "prefix": "captioner",
    "gated": "captioner",
    "two-stream": "two_stream",
    "detector": "detector",
    "semantic-dictionary": "semantic_dictionary",
}
"""The module of each method's task; its class `TASK` is one."""
FINETUNINGS = {
    "prototype": "finetune_picture_space",
    "siamese": "finetune_classes",
    "siamese-cbam": "finetune_classes",
    "s3net": "finetune_classes",
    "can": "finetune_classes",
    "compact-vlm": "finetune_compact_vlm",
    "clip": "finetune_clip",
}
"""The module of each method's fine-tuning on a frozen collection; its class `TASK` is a `FineTuning`."""
_OWN = "{method} has its own towers and batches, and begins from nothing."
REASONS = {"start": _OWN, "backbone": _OWN, "batch": _OWN, "language_model": "Only captioners have one."}
"""Options of `Config` that not every training has, and why the others have none."""


def find(method: str) -> type[NamedTask]:
    """The kind of training of a method.

    Raises:
        UserError: `unknown_method`.
    """
    if method not in TASKS:
        raise UserError("unknown_method", name=method, known=", ".join(TASKS))
    kind: type[NamedTask] = import_module(f"{__name__}.{TASKS[method]}").TASK
    return kind


def finetuning(method: str, collection: FrozenCollection, start: Checkpoint, networks: Networks) -> Task:
    """The fine-tuning of a checkpoint on a frozen collection.

    Raises:
        UserError: `finetune_unknown`; `setting_bad` for a checkpoint of another method.
    """
    if method not in FINETUNINGS:
        raise UserError("finetune_unknown", name=method, known=", ".join(FINETUNINGS))
    if start.card.method != method:
        reason = UserError("reason_other_method", method=start.card.method)
        raise UserError("setting_bad", name="from", value=start.name, reason=reason)
    kind: type[FineTuning] = import_module(f"{__name__}.{FINETUNINGS[method]}").TASK
    return kind(method, collection=collection, start=start, networks=networks)


def named(method: str, source: Source, config: Config) -> Task:
    """The task of a method on data by name.

    Raises:
        UserError: `unknown_method`; `setting_bad` for an option that this training does not have, or data that it does
            not learn from; what reading the data raises.
    """
    kind = find(method)
    given = {
        "start": config.start,
        "backbone": config.backbone,
        "batch": config.batch,
        "language_model": config.language_model,
    }
    for option, value in given.items():
        if value is not None and option not in kind.takes:
            name = "from" if option == "start" else option.replace("_", "-")
            raise UserError("setting_bad", name=name, value="used", reason=REASONS[option].format(method=method))
    return kind.named(method, source)
