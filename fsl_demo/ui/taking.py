"""The classifier of the page's support set, to be taken away as a zip of its folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from fsl_demo.core.capabilities import Exports
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

    def work(self, context: Context) -> Callable[[Job], None]:
        document, registry = context.document, context.registry
        method = handed(context, registry.method(self.method))
        exporting(registry, method)
        settings = settings_of(method, document)
        with context.draft.lock:
            episode = document.episode(context.picture)
        episode.check()

        def run(job: Job) -> None:
            from fsl_demo.portable.folder import write_zip

            progress = job.progress(context.title(method.card.id))
            contents = exported(registry, method, episode=episode, settings=settings, progress=progress)
            path = context.exports / free_name()
            write_zip(path, contents)
            job.outcome = Outcome("taken_ready", len(episode.classes), path.name)

        return run


def free_name() -> str:
    """A name for a zip, with the time, which a person tells it by."""
    return f"classifier-{datetime.now():%Y%m%d-%H%M%S-%f}.zip"


def able(context: Context) -> list[dict[str, str]]:
    """The methods whose classifiers can be taken away; those that have answered come first."""
    answered = [result.scores.method for result in context.document.results]
    names = [method.card.id for method in context.registry.supporting(Exports)]
    first = [name for name in answered if name in names]
    return [{"id": name, "title": context.title(name)} for name in dict.fromkeys([*first, *names])]
