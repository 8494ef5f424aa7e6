"""The Improve tab: fine-tune on a frozen collection, read the receipt, take a version into use or roll back, history."""

from __future__ import annotations

from typing import ClassVar

from fsl_demo import checkpoints
from fsl_demo.backbones.clip import adapter
from fsl_demo.backbones.clip.names import OFFERS, ClipName
from fsl_demo.core.accounts import Role
from fsl_demo.services.finetuning import history, listing
from fsl_demo.services.receipt_page import sentence
from fsl_demo.training.tasks import FINETUNINGS
from fsl_demo.ui import clip_weights, finetuning
from fsl_demo.ui.context import Context
from fsl_demo.ui.fields import Name
from fsl_demo.ui.requests import Edit, Panel, Tab

SHOWN = 20
"""Fine-tunings, and episodes of a version, that are listed."""


class Improve(Panel):
    """What can be fine-tuned on what, and what came of it.

    Attributes:
        collection: NAME@VERSION, or NAME for the newest version; "" for the first.
        method: "" for the first.
        start: NAME@VERSION; "" for the version in use of the first checkpoint.
    """

    collection: Name = ""
    method: Name = ""
    start: Name = ""

    def html(self, context: Context) -> str:
        collections = [
            reference
            for summary in context.workspace.collections.summaries()
            for reference in ([f"{summary.name}@{n}" for n in range(summary.versions, 0, -1)] or [summary.name])
        ]
        wanted = [reference for reference in collections if self.collection in (reference, reference.split("@")[0])]
        method = self.method if self.method in FINETUNINGS else next(iter(FINETUNINGS))
        entries = [entry for entry in checkpoints.catalogue() if entry.card and entry.card.method == method]
        starts = [f"{entry.name}@{entry.in_use}" for entry in entries]
        weights = _weights(context) if method == adapter.METHOD else []
        starts += [f"{entry.name}@{version.number}" for entry in entries for version in entry.versions if version.card]
        stored = listing.finetunings(context.workspace)[:SHOWN]
        episodes = context.workspace.episodes()
        return context.render(
            "improvements.html",
            collections=collections,
            collection=next(iter(wanted or collections), ""),
            methods=[name for name in FINETUNINGS if name in context.methods],
            method=method,
            entries=entries,
            weights=weights,
            start=self.start if self.start in [*starts, *weights] else next(iter([*starts, *weights]), ""),
            verdict=lambda receipt: sentence(receipt, context.language.say),
            stored=stored,
            uses=[(entry, history.uses(entry, episodes)) for entry in entries if len(entry.versions) > 1],
            shown=SHOWN,
        )


def _weights(context: Context) -> list[str]:
    """Names of CLIP weights that are here: known ones, and those that the method is set to."""
    chosen = clip_weights.chosen(context.document, context.methods[adapter.METHOD])
    names = [*(known.name for known in OFFERS), *([] if chosen is None or chosen.checkpoint else [str(chosen)])]
    return [name for name in dict.fromkeys(names) if ClipName.parse(name).local_path() is not None]


class UseVersion(Edit):
    """Put a version of a checkpoint to use."""

    undoable: ClassVar[bool] = False
    role: ClassVar[Role] = "reviewer"
    name: Name
    version: int

    def apply(self, context: Context) -> None:
        checkpoints.use(self.name, self.version)
        context.tell("version_used", name=self.name, version=self.version)


class RollBack(Edit):
    """Put the version of a checkpoint to use that was in use before."""

    undoable: ClassVar[bool] = False
    role: ClassVar[Role] = "reviewer"
    name: Name

    def apply(self, context: Context) -> None:
        version = checkpoints.roll_back(self.name)
        context.tell("version_used", name=self.name, version=version)


TAB = Tab(
    "improve",
    label="tab_improve",
    template="improve.html",
    requests=(Improve, finetuning.Finetune, UseVersion, RollBack),
    parts=finetuning.part,
)
