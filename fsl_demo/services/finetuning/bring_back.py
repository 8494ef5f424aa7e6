"""What was fine-tuned on another machine comes back: a version that is not in use, and its receipt, made again here."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from fsl_demo import checkpoints
from fsl_demo.backbones.networks import Networks
from fsl_demo.checkpoints import Checkpoint
from fsl_demo.core.collections import FrozenCollection
from fsl_demo.core.errors import Notice, Report
from fsl_demo.services.finetuning.bundle import add
from fsl_demo.services.finetuning.carry_out import RESULT, carry_out, write
from fsl_demo.services.finetuning.request import folder_of, requested
from fsl_demo.services.receipt import VersionName, started_with
from fsl_demo.store import Workspace
from fsl_demo.training.events import OnEvent, Stop


def bring_back(
    workspace: Workspace, file: Path, networks: Networks, on_event: OnEvent, stop: Stop, root: Path, report: Report
) -> VersionName:
    """Take in a checkpoint from a folder or zip, and make its receipt where its collection is here.

    Args:
        report: told where there is no such collection, so that there is no receipt.

    Raises:
        UserError: as of `bundle.add` and `carry_out`.
    """
    name, number = add(file)
    added = checkpoints.load(f"{name}@{number}")
    version = VersionName(name, number, added.sha256)
    collection = _collection(workspace, added)
    if collection is None:
        report(Notice("receipt_no_collection", name=version))
        return version
    start = started_with(added)
    request = requested(str(added.card.method), collection, start=checkpoints.source_of(start.home, start.version))
    folder = folder_of(workspace, request)
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / RESULT, json.dumps(asdict(version), indent=2))
    carry_out(request, collection, folder=folder, networks=networks, on_event=on_event, stop=stop, root=root)
    return version


def _collection(workspace: Workspace, added: Checkpoint) -> FrozenCollection | None:
    """The frozen version that a checkpoint was fine-tuned on, whatever it is called here."""
    if added.card.collection is None:
        return None
    for summary in workspace.collections.summaries():
        for version in workspace.collections.versions(summary.name):
            if version.digest == added.card.collection.digest:
                return workspace.collections.version(summary.name, version.number)
    return None
