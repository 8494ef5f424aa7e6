"""Named collections, a section of the Collection tab: a grid, labels counted, frozen versions and what they differ in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import Field

from fsl_demo.core.accounts import Role
from fsl_demo.core.collections import PARTS, CollectedPicture, CollectionLabel, difference
from fsl_demo.core.errors import UserError
from fsl_demo.core.file_names import folder_name
from fsl_demo.services import freezing
from fsl_demo.services.splitting import Shares
from fsl_demo.store import CollectionFilter
from fsl_demo.store.collected_pages import PAGE, State
from fsl_demo.store.exchange import CLASSIFIED
from fsl_demo.ui.context import Context
from fsl_demo.ui.fields import Name
from fsl_demo.ui.jobs import Job, Outcome
from fsl_demo.ui.requests import JobRequest, Panel, Request
from fsl_demo.ui.tabs.collection_edits import EDITS

Percent = Annotated[int, Field(ge=0, le=100)]
SHOWN_CHANGES = 200


class Collections(Panel):
    """The named collections, or one of them with its pictures and versions.

    Attributes:
        opened: name of the collection that is on view; "" is the list.
        class_name, state: which pictures of it.
        pages: how many pages of pictures are on view.
        deleted: name of the collection whose deletion can be undone.
        taken_out: how many pictures were taken out last.
    """

    opened: Name = ""
    class_name: Name = ""
    state: State = ""
    pages: Annotated[int, Field(ge=1, le=10_000)] = 1
    deleted: Name = ""
    taken_out: int = 0

    def html(self, context: Context) -> str:
        store = context.workspace.collections
        if not self.opened:
            return context.render("collections.html#all", asked=self, summaries=store.summaries())
        summary = store.summary(self.opened)
        wanted = CollectionFilter(class_name=self.class_name, state=self.state)
        page = store.page(self.opened, wanted, limit=PAGE * self.pages)
        return context.render(
            "collections.html#opened",
            asked=self,
            summary=summary,
            pictures=[_tile(context, collected) for collected in page.pictures],
            more=page.after is not None,
            versions=store.versions(self.opened),
            parts=PARTS,
            shares=Shares(),
            formats=list(CLASSIFIED),
        )


def _tile(context: Context, collected: CollectedPicture) -> dict[str, Any]:
    return {
        "sha": collected.picture.sha256,
        "name": collected.picture.name,
        "word": _word(context, collected.label),
        "by": "" if collected.label is None else collected.label.annotator,
        "disputed": collected.disputed,
        "words": "; ".join(f"{label.annotator or '–'}: {_word(context, label)}" for label in collected.labels),
    }


def _word(context: Context, label: CollectionLabel | None) -> str:
    if label is None:
        return ""
    return context.say("none") if label.class_name is None else label.class_name


class VersionChanges(Panel):
    """What a frozen version changed: from the one before it."""

    collection: Name
    number: Annotated[int, Field(ge=2)]

    def html(self, context: Context) -> str:
        store = context.workspace.collections
        changes = difference(
            store.version(self.collection, self.number - 1), store.version(self.collection, self.number)
        )
        return context.render(
            "collections.html#changes",
            rows=[
                ("added", [(new.picture, f"{new.class_name}, {_part(context, new.part)}") for new in changes.added]),
                (
                    "removed",
                    [(old.picture, f"{old.class_name}, {_part(context, old.part)}") for old in changes.removed],
                ),
                (
                    "relabelled",
                    [(new.picture, f"{old.class_name} → {new.class_name}") for old, new in changes.relabelled],
                ),
                (
                    "moved",
                    [
                        (new.picture, f"{_part(context, old.part)} → {_part(context, new.part)}")
                        for old, new in changes.moved
                    ],
                ),
            ],
            most=SHOWN_CHANGES,
        )


def _part(context: Context, part: str) -> str:
    return context.say(f"collections.part.{part}")


class Freeze(JobRequest):
    """Freeze a collection as a numbered version."""

    title: ClassVar[str] = "collections.freeze"
    role: ClassVar[Role] = "reviewer"
    collection: Name
    train: Percent = 60
    validation: Percent = 20
    test: Percent = 20
    seed: int = 0

    @property
    def how(self) -> freezing.Freezing:
        """The shares and the seed.

        Raises:
            UserError: `shares_bad`.
        """
        return freezing.Freezing(Shares(self.train, self.validation, self.test), self.seed)

    def work(self, context: Context) -> Callable[[Job], None]:
        how = self.how
        context.workspace.collections.summary(self.collection)

        def run(job: Job) -> None:
            frozen = freezing.freeze(
                context.workspace,
                context.registry,
                name=self.collection,
                how=how,
                progress=job.progress(context.say("collections.freeze")),
                report=job.errors.append,
            )
            job.outcome = Outcome("collections.frozen", frozen.number)

        return run


class ExportVersion(JobRequest):
    """Write a frozen version to a zip: of class folders, or in a format of other tools.

    Attributes:
        format: its id; "" is class folders.
    """

    title: ClassVar[str] = "export"
    collection: Name
    number: Annotated[int, Field(ge=1)]
    format: Name = ""

    def work(self, context: Context) -> Callable[[Job], None]:
        frozen = context.workspace.collections.version(self.collection, self.number)
        kind = CLASSIFIED.get(self.format)
        if self.format and kind is None:
            raise UserError("import_unknown", file=self.format)

        def run(job: Job) -> None:
            ending = f"-{kind.id}" if kind else ""
            name = f"{folder_name(frozen.name)}-{frozen.number}-{datetime.now():%Y%m%d-%H%M%S}{ending}.zip"
            if kind is None:
                freezing.export(frozen, context.exports / name, job.errors.append)
            else:
                freezing.export_as(kind, frozen, path=context.exports / name, report=job.errors.append)
            job.outcome = Outcome("collections.exported", len(frozen.pictures), name)

        return run


REQUESTS: tuple[type[Request], ...] = (Collections, VersionChanges, *EDITS, Freeze, ExportVersion)
