"""The classifier of the page's support set, to be taken away as a zip of its folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from fsl_demo.core.capabilities import Exports
from fsl_demo.core.errors import UserError
from fsl_demo.portable.web import PACKAGE, VERSION
from fsl_demo.services.export_classifier import exported, exporting
from fsl_demo.ui.context import Context
from fsl_demo.ui.fields import Name
from fsl_demo.ui.jobs import Job, Outcome
from fsl_demo.ui.region_use import handed
from fsl_demo.ui.requests import JobRequest
from fsl_demo.ui.settings import settings_of


class TakeClassifier(JobRequest):
    """Write a method's classifier as a folder that answers without this program."""

    title: ClassVar[str] = "take"
    method: Name
    web: bool = False

    def work(self, context: Context) -> Callable[[Job], None]:
        document, registry = context.document, context.registry
        method = handed(context, registry.method(self.method))
        exporting(registry, method)
        web = page_files(context.page.web) if self.web else None
        settings = settings_of(method, document)
        with context.draft.lock:
            episode = document.episode(context.picture)
        episode.check()

        def run(job: Job) -> None:
            from fsl_demo.portable.folder import write_zip

            progress = job.progress(context.title(method.card.id))
            contents = exported(registry, method, episode=episode, settings=settings, progress=progress, web=web)
            path = context.exports / free_name()
            write_zip(path, contents)
            job.outcome = Outcome("taken_ready", len(episode.classes), path.name)

        return run


def page_files(web: Path | None) -> Path:
    """The folder of onnxruntime-web that the program was given.

    Raises:
        UserError: `web_not_given`.
    """
    if web is None:
        raise UserError("web_not_given", package=f"{PACKAGE}@{VERSION}")
    return web


def free_name() -> str:
    """A name for a zip, with the time, which a person tells it by."""
    return f"classifier-{datetime.now():%Y%m%d-%H%M%S-%f}.zip"


def able(context: Context) -> list[dict[str, str]]:
    """The methods whose classifiers can be taken away; those that have answered come first."""
    answered = [result.scores.method for result in context.document.results]
    names = [method.card.id for method in context.registry.supporting(Exports)]
    first = [name for name in answered if name in names]
    return [{"id": name, "title": context.title(name)} for name in dict.fromkeys([*first, *names])]
