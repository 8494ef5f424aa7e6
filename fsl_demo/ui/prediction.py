"""Predict, as a job: results arrive in batches, Stop keeps what is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from fsl_demo import runtime
from fsl_demo.core.episodes import Episode, Scores
from fsl_demo.core.errors import Cancelled, UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.services.predict import Plan, predict_in_batches
from fsl_demo.ui import changes
from fsl_demo.ui.context import Context
from fsl_demo.ui.document import Document
from fsl_demo.ui.jobs import Job
from fsl_demo.ui.proposals import chosen_methods
from fsl_demo.ui.region_use import handed
from fsl_demo.ui.requests import JobRequest
from fsl_demo.ui.result import Result
from fsl_demo.ui.settings import settings_of

LOST = ("picture_missing", "picture_broken")
"""Codes of errors that say that a stored picture cannot be read."""


class Predict(JobRequest):
    """Run the chosen methods on the draft's queries."""

    title: ClassVar[str] = "predict"

    def work(self, context: Context) -> Callable[[Job], None]:
        document = context.document
        with context.draft.lock:
            chosen = chosen_methods(context)
            rows = document.rows()
            unknown = context.workspace.unknown(document.queries)
            episode = document.episode(context.picture, without=unknown)
            evidence, queries = document.evidence(), [sha for sha in document.queries if sha not in unknown]
            plans, refusals = _plans(context, chosen)
        context.refuse(UserError("picture_not_stored", sha256=sha) for sha in unknown)
        episode.check()
        if not queries:
            raise UserError("no_queries")
        if not chosen:
            raise UserError("no_methods")
        if not plans:
            raise refusals[0]
        context.refuse(refusals)
        prediction = _Prediction(
            context, episode, classes=[row.key for row in rows], queries=queries, evidence=evidence
        )
        return lambda job: prediction.run(job, plans)


def _plans(context: Context, chosen: Sequence[str]) -> tuple[list[Plan], list[UserError]]:
    """The methods with their settings, and why some cannot be run as they are set."""
    plans: list[Plan] = []
    refusals: list[UserError] = []
    for method in context.registry.chosen(chosen):
        try:
            plans.append(Plan(handed(context, method), settings_of(method, context.document)))
        except UserError as error:
            refusals.append(error)
    return plans, refusals


@dataclass
class _Prediction:
    """One prediction while it runs.

    Attributes:
        classes: keys of the classes, in the episode's order.
        evidence: the document's when it began: an edit made meanwhile makes the results out of date.
        earlier: the results that it takes the place of.
    """

    context: Context
    episode: Episode
    classes: list[str]
    queries: list[str]
    evidence: str
    earlier: list[Result] = field(default_factory=list)

    def run(self, job: Job, plans: list[Plan]) -> None:
        self.earlier = self.context.document.results
        refusals: list[UserError] = []
        scores = self._attempt(job, plans, refusals)
        if any(error.code in LOST for error in refusals) and (lost := self._leave_out_lost()):
            refusals = list(lost)
            scores = self._attempt(job, plans, refusals)
        job.errors += refusals
        self._put(scores, save=True)
        if job.is_stopped:
            raise Cancelled
        if not scores:
            raise job.errors.pop(0)

    def _attempt(self, job: Job, plans: list[Plan], refusals: list[UserError]) -> list[Scores]:
        scores: list[Scores] = []
        title = ", ".join(plan.method.card.title for plan in plans)
        batches = predict_in_batches(
            self.episode,
            plans,
            progress=job.progress(title),
            refused=lambda _, error: refusals.append(error),
        )
        for scores in batches:
            if len(scores) < len(plans) or len(scores[0].probabilities) < len(self.queries):  # `run` puts the last ones
                self._put(scores, save=False)
                job.give_way()
        return scores

    def _leave_out_lost(self) -> list[UserError]:
        """Go on with the queries that can be read; gives what is wrong with the others."""
        readable: list[Picture] = []
        errors: list[UserError] = []
        for picture in self.episode.queries:
            try:
                picture.image()
                readable.append(picture)
            except UserError as error:
                errors.append(error)
        self.episode = replace(self.episode, queries=tuple(readable))
        self.queries = [picture.sha256 for picture in readable]
        return errors

    def _put(self, scores: list[Scores], save: bool) -> None:
        """Show what the methods have said so far; of the earlier results, those that it compares with stay."""
        if not scores:
            return
        results = [self._result(method) for method in scores]

        def change(document: Document) -> None:
            document.results, document.scored = results, self.evidence
            document.previous = changes.kept(self.earlier, results)

        try:
            self.context.draft.put_results(change, save)
        finally:
            self.context.page.refresh(self.context.draft)

    def _result(self, scores: Scores) -> Result:
        specs = self.episode.classes
        return Result(
            scores=scores,
            classes=self.classes,
            queries=self.queries[: len(scores.probabilities)],
            support=[example.picture.sha256 for example in self.episode.support],
            device=str(runtime.device()),
            names=[spec.name for spec in specs],
            descriptions=["\n".join(spec.descriptions) for spec in specs],
            boxes={example.picture.sha256: example.boxes for example in self.episode.support if example.boxes},
        )
