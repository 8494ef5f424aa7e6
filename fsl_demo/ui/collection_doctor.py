"""The doctor of a collection: its panel in the Collection tab. What its buttons change are words on pictures and which
pictures there are, by the edits of Review and of collections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from fsl_demo.core.errors import UserError
from fsl_demo.evaluation.diagnosis.findings import Duplicates, Finding
from fsl_demo.services import subjects
from fsl_demo.services.diagnosis import diagnose
from fsl_demo.services.predict import plans_of
from fsl_demo.ui.context import Context
from fsl_demo.ui.diagnosis import KINDS, SHOWN
from fsl_demo.ui.fields import Key, Name
from fsl_demo.ui.jobs import Job, Outcome
from fsl_demo.ui.requests import Edit, JobRequest, Panel

Findings = Annotated[list[Key], Field(min_length=1, max_length=10_000)]


class DiagnoseCollection(JobRequest):
    """Look at the labelled pictures of a collection, with the methods that suit them."""

    title: ClassVar[str] = "diagnosis.title"
    long: ClassVar[bool] = True
    collection: Name

    def work(self, context: Context) -> Callable[[Job], None]:
        members = context.labelled(self.collection)
        lost = context.workspace.lost([member.picture.sha256 for member in members])
        subject = subjects.of_members(member for member in members if member.picture.sha256 not in lost)
        pictures = [example.picture for example in subject.episode.support]
        if not pictures:
            raise UserError("diagnosis_empty")
        plans = plans_of(context.registry, None, pictures)

        def run(job: Job) -> None:
            job.errors += lost.values()
            made = diagnose(
                context.registry,
                subject,
                plans,
                progress=job.progress(self.collection),
                report=job.errors.append,
            )
            context.draft.diagnosed_collections[self.collection] = made
            settled = context.workspace.collections.settled(self.collection)
            job.outcome = Outcome("diagnosis.done_collection", len(made.open(settled)))

        return run


class MarkRight(Edit):
    """Mark findings in a collection as right, so that neither the doctor nor Review has them again."""

    undoable: ClassVar[bool] = False
    collection: Name
    findings: Findings
    annotator: Name = ""

    def apply(self, context: Context) -> None:
        annotator = context.annotator(self.annotator)
        context.workspace.collections.settle(self.collection, self.findings, annotator)


class TakeBackRight(Edit):
    """Undo `MarkRight`."""

    undoable: ClassVar[bool] = False
    collection: Name
    findings: Findings
    annotator: Name = ""

    def apply(self, context: Context) -> None:
        annotator = context.annotator(self.annotator)
        context.workspace.collections.unsettle(self.collection, self.findings, annotator)


class CollectionDoctor(Panel):
    """What was found in a collection, and what was done about it last.

    Attributes:
        collection: its name; "" shows nothing.
    """

    collection: Name = ""
    done: Literal["", "moved", "taken_out", "settled", "again"] = ""

    def html(self, context: Context) -> str:
        diagnosis = context.draft.diagnosed_collections.get(self.collection)
        if diagnosis is None:
            return ""
        classes = {
            member.picture.sha256: member.label.class_name
            for member in context.labelled(self.collection)
            if member.label
        }
        marks = context.workspace.collections.settled(self.collection)
        applying = [finding for finding in diagnosis.findings if _applies(finding, classes)]
        findings = [finding for finding in applying if finding.key not in marks]
        groups = [(kind, [finding for finding in findings if finding.kind == kind]) for kind in KINDS]
        return context.render(
            "diagnosis.html#collection_report",
            asked=self,
            diagnosis=diagnosis,
            findings=findings,
            groups=[(kind, members[:SHOWN], len(members)) for kind, members in groups if members],
            copies={
                finding.key: [copy for copy in finding.copies if classes.get(copy.picture.sha256) == copy.label]
                for finding in findings
                if isinstance(finding, Duplicates)
            },
            effects=diagnosis.influences[:SHOWN],
            right=[(finding, marks[finding.key]) for finding in applying if finding.key in marks],
        )


def _applies(finding: Finding, classes: Mapping[str, str | None]) -> bool:
    """Whether its pictures still are there, in the class that they were in."""
    if isinstance(finding, Duplicates):
        return sum(classes.get(copy.picture.sha256) == copy.label for copy in finding.copies) > 1
    return all(classes.get(picture.sha256) == finding.classes[0] for picture in finding.pictures)
