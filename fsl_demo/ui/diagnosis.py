"""The doctor: what may be wrong with the classes' pictures, with a button for each finding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from fsl_demo.core.episodes import check_classes
from fsl_demo.core.errors import UserError
from fsl_demo.evaluation.diagnosis.diagnosis import Diagnosis
from fsl_demo.evaluation.diagnosis.findings import Copy, Duplicates, Finding
from fsl_demo.services.diagnosis import Subject, diagnose
from fsl_demo.services.predict import Plan
from fsl_demo.ui.context import Context
from fsl_demo.ui.document import Document
from fsl_demo.ui.fields import Key, Sha
from fsl_demo.ui.jobs import Job, Outcome
from fsl_demo.ui.proposals import chosen_methods
from fsl_demo.ui.requests import Edit, JobRequest
from fsl_demo.ui.settings import settings_of

SHOWN = 12
"""Findings of a kind, and pictures with influence, that are on view."""
KINDS = ("wrong_label", "duplicates", "influence", "weak_class", "poor")


@dataclass(frozen=True)
class Diagnosed:
    """What was said of a draft.

    Attributes:
        looked_at: what it depends on, as it was then.
        keys: of the classes by name.
    """

    diagnosis: Diagnosis
    looked_at: object
    keys: Mapping[str, str]

    def applies(self, finding: Finding, document: Document) -> bool:
        """Whether its pictures still are where they were, and its classes are there."""
        keys = [self.keys[name] for name in finding.classes]
        if isinstance(finding, Duplicates):
            return len(copies_left(self, finding, document)) > 1
        row = document.row(keys[0])
        return row is not None and all(picture.sha256 in row.pictures for picture in finding.pictures)


class Diagnose(JobRequest):
    """Look at the pictures of all classes, with the chosen methods."""

    title: ClassVar[str] = "diagnosis.title"
    long: ClassVar[bool] = True

    def work(self, context: Context) -> Callable[[Job], None]:
        document = context.document
        with context.draft.lock:
            lost = context.workspace.lost([*document.support(), *document.queries])
            episode = document.episode(context.picture, without=lost)
            keys = {row.spec().name: row.key for row in document.rows()}
            place = {row.key: index for index, row in enumerate(document.rows())}
            truths = tuple(_truth(document, picture.sha256, place) for picture in episode.queries)
            looked_at = _looked_at(document)
        check_classes(episode.classes)
        if not episode.support:
            raise UserError("diagnosis_empty")
        methods = context.registry.chosen(chosen_methods(context))
        plans = [Plan(method, settings_of(method, document)) for method in methods]

        def run(job: Job) -> None:
            job.errors += lost.values()
            progress = job.progress(context.say("diagnosis.title"))
            made = diagnose(
                context.registry,
                Subject(episode, truths),
                plans,
                progress=progress,
                report=job.errors.append,
            )
            context.draft.diagnosed = Diagnosed(made, looked_at, keys)
            job.outcome = Outcome("diagnosis.done", len(made.open(document.settled)))
            context.page.refresh(context.draft)

        return run


class KeepCopy(Edit):
    """Take the other near-duplicates of a finding out, of the classes and of the queries."""

    finding: Key
    sha: Sha
    source: Key

    def apply(self, context: Context) -> None:
        diagnosed = context.draft.diagnosed
        known = diagnosed.diagnosis.findings if diagnosed else ()
        finding = next((known for known in known if known.key == self.finding), None)
        if diagnosed is None or not isinstance(finding, Duplicates):
            raise UserError("finding_gone")
        for copy, source in copies_left(diagnosed, finding, context.document):
            if (copy.picture.sha256, source) != (self.sha, self.source):
                context.document.remove_picture(source, copy.picture.sha256)


class SettleFinding(Edit):
    """Mark a finding as right, so that it does not come again."""

    finding: Key

    def apply(self, context: Context) -> None:
        context.document.settled = list(dict.fromkeys([*context.document.settled, self.finding]))


EDITS = (KeepCopy, SettleFinding)


def copies_left(diagnosed: Diagnosed, finding: Duplicates, document: Document) -> list[tuple[Copy, str]]:
    """The near-duplicates that still are where they were: a class's key, or "queries"."""
    left = []
    for copy in finding.copies:
        source = "queries" if copy.query else diagnosed.keys[copy.label or ""]
        row = document.row(source)
        members = document.queries if copy.query else row.pictures if row else []
        if copy.picture.sha256 in members:
            left.append((copy, source))
    return left


def part(context: Context) -> str:
    """The panel below the classes."""
    document, diagnosed = context.document, context.draft.diagnosed
    count = len(document.support())
    if diagnosed is None:
        return context.render("diagnosis.html#begin", count=count)
    diagnosis = diagnosed.diagnosis
    findings = [finding for finding in diagnosis.open(document.settled) if diagnosed.applies(finding, document)]
    groups = [(kind, [finding for finding in findings if finding.kind == kind]) for kind in KINDS]
    return context.render(
        "diagnosis.html#report",
        diagnosis=diagnosis,
        outdated=diagnosed.looked_at != _looked_at(document),
        findings=findings,
        groups=[(kind, members[:SHOWN], len(members)) for kind, members in groups if members],
        keys=diagnosed.keys,
        copies={
            finding.key: copies_left(diagnosed, finding, document)
            for finding in findings
            if isinstance(finding, Duplicates)
        },
        effects=diagnosis.influences[:SHOWN],
        settled=len(diagnosis.findings) - len(diagnosis.open(document.settled)),
        count=count,
    )


def _looked_at(document: Document) -> tuple[Any, ...]:
    """What a diagnosis depends on."""
    rows = [(row.key, row.spec(), tuple(row.pictures)) for row in document.rows()]
    known = sorted((sha, document.labels[sha].answer) for sha in document.queries if sha in document.labels)
    return rows, tuple(document.queries), known


def _truth(document: Document, sha256: str, place: Mapping[str, int]) -> int | None:
    """Index of the class that a person has given a query."""
    label = document.labels.get(sha256)
    return place.get(label.answer) if label else None
