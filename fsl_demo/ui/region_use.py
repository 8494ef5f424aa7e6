"""The best region of each picture in place of the whole: a switch, and whether it helps."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, ClassVar

from fsl_demo.core.capabilities import Method
from fsl_demo.core.errors import UserError
from fsl_demo.services.close_ups import can_look_closer, compares, on_regions
from fsl_demo.services.predict import Plan
from fsl_demo.services.region_check import region_check
from fsl_demo.ui.context import Context
from fsl_demo.ui.jobs import Job
from fsl_demo.ui.proposals import chosen_methods
from fsl_demo.ui.requests import Edit, JobRequest
from fsl_demo.ui.settings import settings_of


def handed(context: Context, method: Method) -> Method:
    """The method as the document uses it: on the best regions, or as it is."""
    return on_regions(context.registry, method) if context.document.use_region else method


class UseRegion(Edit):
    """Compare the best region of each picture, or the whole."""

    on: bool

    def apply(self, context: Context) -> None:
        context.document.use_region = self.on


class CheckRegion(JobRequest):
    """Whether the best regions of the support pictures tell their classes apart better than the whole pictures."""

    title: ClassVar[str] = "region_check"

    def work(self, context: Context) -> Callable[[Job], None]:
        document = context.document
        episode = document.episode(context.picture, queries=False)
        episode.check()
        plans = [Plan(method, settings_of(method, document)) for method in _comparing(context)]
        if not plans:
            raise UserError("no_methods")
        support = _support(context)

        def run(job: Job) -> None:
            checks = [
                region_check(context.registry, plan, episode=episode, progress=job.progress(plan.method.card.title))
                for plan in plans
            ]
            context.draft.checked = (support, checks)
            context.page.refresh(context.draft)

        return run


def shown(context: Context) -> dict[str, Any] | None:
    """What the template needs; None where there is no detector, or no method that compares pictures is chosen."""
    methods = _comparing(context)
    if not (can_look_closer(context.registry) and methods):
        return None
    support, checks = context.draft.checked
    return {
        "on": context.document.use_region,
        "methods": ", ".join(method.card.title for method in methods),
        "checks": [(context.title(check.method), check) for check in checks] if support == _support(context) else [],
    }


def _comparing(context: Context) -> list[Method]:
    return [method for name in chosen_methods(context) if compares(method := context.methods[name])]


def _support(context: Context) -> Hashable:
    """What leave-one-out depends on."""
    document = context.document
    return tuple((row.key, sha, document.boxes.get(sha)) for row in document.rows() for sha in row.pictures)
