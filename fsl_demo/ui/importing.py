"""An uploaded file of episodes, or of labels for a collection, read by a job."""

from __future__ import annotations

from dataclasses import dataclass

from fsl_demo.services import bringing_in
from fsl_demo.services.episodes import import_episodes
from fsl_demo.ui.context import Context
from fsl_demo.ui.incoming import Upload
from fsl_demo.ui.jobs import Job, Outcome


@dataclass(frozen=True)
class Into:
    """The collection that labels go into, and whose they are where nobody has labelled a picture yet."""

    collection: str
    annotator: str = ""


def start_import(context: Context, upload: Upload, into: Into | None = None) -> None:
    """Put the reading of an export, or of class folders, in line as a job.

    Args:
        into: the collection that it goes into; without one, it becomes saved episodes.
    """
    page, draft = context.page, context.draft
    page.uploads.hold(upload)

    def run(job: Job) -> None:
        progress = job.progress(context.say("import"))
        if into is not None:
            changes = bringing_in.import_file(
                page.workspace,
                into.collection,
                upload.path,
                keep=context.ingest,
                annotator=context.annotator(into.annotator),
                progress=progress,
                report=job.errors.append,
            )
            job.outcome = Outcome("collections.imported", changes.new)
            return
        ids = import_episodes(page.workspace, upload.path, progress=progress, report=job.errors.append)
        job.outcome = Outcome("imported", len(ids))

    page.jobs.start(
        Job(
            "import",
            draft=draft.id,
            title="import",
            work=run,
            report=lambda: page.refresh_jobs(draft),
            after=lambda: page.uploads.discard(upload),
        )
    )
