"""An uploaded file of episodes, read by a job."""

from __future__ import annotations

from fsl_demo.services.episodes import import_episodes
from fsl_demo.ui.context import Context
from fsl_demo.ui.incoming import Upload
from fsl_demo.ui.jobs import Job, Outcome


def start_import(context: Context, upload: Upload) -> None:
    """Put the reading of an export, or of class folders, in line as a job."""
    page, draft = context.page, context.draft
    page.uploads.hold(upload)

    def run(job: Job) -> None:
        progress = job.progress(context.say("import"))
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
