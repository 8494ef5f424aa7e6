"""The Collection tab: saved episodes; search, reopen, delete with undo, statistics, export and import; drafts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import Field

from fsl_demo.core.accounts import Role
from fsl_demo.core.errors import UserError
from fsl_demo.services.episodes import export_episodes
from fsl_demo.store import EpisodeFilter
from fsl_demo.store.browse import PAGE
from fsl_demo.store.exchange import FORMATS, Format
from fsl_demo.ui import settings, stored_document
from fsl_demo.ui.collection_doctor import CollectionDoctor, DiagnoseCollection, MarkRight, TakeBackRight
from fsl_demo.ui.context import Context
from fsl_demo.ui.drafts import Drafts, OpenDraft
from fsl_demo.ui.fields import Name, Text
from fsl_demo.ui.jobs import Job, Outcome
from fsl_demo.ui.requests import Edit, JobRequest, Opening, Panel, Tab
from fsl_demo.ui.saved_episode import from_episode
from fsl_demo.ui.tabs import named_collections

DRAFTS = 8
Ids = Annotated[list[Name], Field(max_length=10_000)]


class Episodes(Panel):
    """The saved episodes that match everything given, and the unsaved drafts.

    Attributes:
        pages: how many pages of episodes are on view.
        deleted: id of the episode whose deletion can be undone.
    """

    text: Text = ""
    class_name: Text = ""
    method: Name = ""
    since: Name = ""
    until: Name = ""
    pages: Annotated[int, Field(ge=1, le=10_000)] = 1
    deleted: Name = ""

    def html(self, context: Context) -> str:
        choices = context.workspace.episode_choices()
        wanted = EpisodeFilter(
            text=self.text, class_name=self.class_name, method=self.method, since=self.since, until=self.until
        )
        page = context.workspace.episode_page(wanted, limit=PAGE * self.pages)
        return context.render(
            "episodes.html",
            asked=self,
            everything=choices.episodes > 0,
            episodes=page.episodes,
            more=page.more,
            class_names=choices.classes,
            methods=choices.methods,
            formats=[(kind.id, _title(context, kind)) for kind in FORMATS.values()],
            drafts=_drafts(context),
            statistics=context.workspace.statistics(),
            collections=[summary.name for summary in context.workspace.collections.summaries()],
        )


def _title(context: Context, kind: Format) -> str:
    key = f"format.{kind.id}"
    return context.say(key) if context.language.has(key) else kind.title


def _drafts(context: Context) -> list[dict[str, Any]]:
    """Unsaved work of other pages and earlier days, which can be continued."""
    shown = []
    for draft in context.workspace.drafts.recent(account=context.draft.account):
        document = stored_document.read(draft.data)
        if draft.id == context.draft.id or not document.unsaved or document.is_empty():
            continue
        title = document.title or ", ".join(filter(None, document.class_names().values())) or context.say("untitled")
        pictures = [*document.support(), *document.queries][:6]
        shown.append({"id": draft.id, "title": title, "pictures": pictures, "updated_at": draft.updated_at})
    return shown[:DRAFTS]


class DeleteEpisode(Edit):
    undoable: ClassVar[bool] = False
    role: ClassVar[Role] = "reviewer"
    episode: Name

    def apply(self, context: Context) -> None:
        context.workspace.delete_episode(self.episode)


class RestoreEpisode(Edit):
    undoable: ClassVar[bool] = False
    role: ClassVar[Role] = "reviewer"
    episode: Name

    def apply(self, context: Context) -> None:
        context.workspace.restore_episode(self.episode)


class ForgetDraft(Edit):
    undoable: ClassVar[bool] = False
    draft: Name

    def apply(self, context: Context) -> None:
        context.workspace.drafts.delete(self.draft, context.draft.account)


class Reopen(Opening):
    """A saved episode as a new draft."""

    episode: Name

    def open(self, context: Context, drafts: Drafts) -> OpenDraft:
        stored = context.workspace.episode(self.episode)
        document = from_episode(stored, self.episode, stored.unreadable)
        if context.account is not None:
            context.names([*document.support(), *document.queries])
            settings.forget_files(context, document)
        return drafts.start(document, context.account)


class Continue(Opening):
    """A draft of another page or an earlier day."""

    draft: Name

    def open(self, context: Context, drafts: Drafts) -> OpenDraft:
        return drafts.get(self.draft, context.account)


class Export(JobRequest):
    """Write episodes to a file; without ids, all of them."""

    title: ClassVar[str] = "export"
    episodes: Ids
    format: Name

    def work(self, context: Context) -> Callable[[Job], None]:
        kind = FORMATS.get(self.format)
        if kind is None:
            raise UserError("import_unknown", file=self.format)

        def run(job: Job) -> None:
            job.progress(_title(context, kind))("write", 0, 0)
            path = context.exports / f"episodes-{datetime.now():%Y%m%d-%H%M%S}-{kind.id}{kind.suffix}"
            count = export_episodes(context.workspace, kind, ids=self.episodes, path=path, report=job.errors.append)
            job.outcome = Outcome("exported", count, path.name)

        return run


TAB = Tab(
    "collection",
    label="tab_collection",
    template="collection.html",
    requests=(
        Episodes,
        DeleteEpisode,
        RestoreEpisode,
        ForgetDraft,
        Reopen,
        Continue,
        Export,
        *named_collections.REQUESTS,
        DiagnoseCollection,
        CollectionDoctor,
        MarkRight,
        TakeBackRight,
    ),
    parts=lambda context: {},
)
