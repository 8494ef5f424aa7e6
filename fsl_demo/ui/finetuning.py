"""A fine-tuning as a job of the page: it outlives a reload, is stopped between steps, and goes on when asked again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.backbones.clip import adapter
from fsl_demo.backbones.networks import Networks
from fsl_demo.core.accounts import Role
from fsl_demo.core.errors import Cancelled
from fsl_demo.services import finetuning, freezing
from fsl_demo.services.finetuning import FinetuneRequest
from fsl_demo.services.receipt import Receipt
from fsl_demo.training.events import EpochDone, Event, Progressed, Stepped
from fsl_demo.ui.context import Context
from fsl_demo.ui.curve import Curve
from fsl_demo.ui.fields import Name
from fsl_demo.ui.incoming import Upload
from fsl_demo.ui.jobs import Job, Outcome
from fsl_demo.ui.requests import JobRequest

ROOT = Path("data")
"""Holds the data sets on which forgetting is measured, where they are there."""


class Finetune(JobRequest):
    """Fine-tune a version of a checkpoint on a frozen collection, NAME@VERSION each."""

    title: ClassVar[str] = "finetune"
    long: ClassVar[bool] = True
    role: ClassVar[Role] = "reviewer"
    method: Name
    collection: Name
    start: Name

    def work(self, context: Context) -> Callable[[Job], None]:
        if adapter.names_weights(self.start):
            context.require("admin")
        frozen = freezing.version(context.workspace, self.collection)
        request = finetuning.requested(self.method, frozen, self.start)
        finetuning.check(request, frozen)
        return lambda job: _carry_out(context, request, job)


def _carry_out(context: Context, request: FinetuneRequest, job: Job) -> None:
    title = context.say("finetune_of", start=request.start, collection=request.frozen)
    folder = finetuning.folder_of(context.workspace, request)
    curve = Curve(title, rows=finetuning.rows(folder, request))
    context.draft.curve, progress = curve, job.progress(title)

    def tell(event: Event) -> None:
        curve.take(event)
        if isinstance(event, Progressed):
            progress(event.stage, event.done, event.total)
        elif isinstance(event, Stepped | EpochDone):
            progress("epoch", curve.epoch, curve.epochs)
        if isinstance(event, EpochDone):
            show(context)

    def judged(made: Receipt) -> None:
        curve.judged = True
        show(context)

    finetuned = finetuning.carry_out(
        request,
        context.workspace.collections.version(request.collection, request.number),
        folder=folder,
        networks=Networks(FeatureCache(context.workspace)),
        on_event=tell,
        stop=lambda: job.is_stopped,
        root=ROOT,
        on_verdict=judged,
    )
    if finetuned is None:
        raise Cancelled
    job.outcome = Outcome("finetuned", finetuned.version.version)


def part(context: Context) -> dict[str, Any]:
    """What the page's script draws of the fine-tuning that was started last."""
    curve = context.draft.curve
    return {"data:curve": curve.as_dict() if curve else None}


def show(context: Context) -> None:
    """Show the curve as it is now on all pages of the draft."""
    for _, board in list(context.draft.boards.values()):
        board.put_parts(part(context))


def start_bringing_back(context: Context, upload: Upload) -> None:
    """Put the reading of a checkpoint that was made elsewhere in line as a job."""
    page, draft = context.page, context.draft
    page.uploads.hold(upload)

    def run(job: Job) -> None:
        progress = job.progress(context.say("improve.bring_back"))

        def tell(event: Event) -> None:
            if isinstance(event, Progressed):
                progress(event.stage, event.done, event.total)

        version = finetuning.bring_back(
            page.workspace,
            upload.path,
            networks=Networks(FeatureCache(page.workspace)),
            on_event=tell,
            stop=lambda: job.is_stopped,
            root=ROOT,
            report=job.errors.append,
        )
        job.outcome = Outcome("finetuned", version.version)

    page.jobs.start(
        Job(
            "bring_back",
            draft=draft.id,
            title="improve.bring_back",
            work=run,
            report=lambda: page.refresh_jobs(draft),
            after=lambda: page.uploads.discard(upload),
        )
    )
