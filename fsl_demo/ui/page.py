"""The page as its routes see it: requests in, what changed out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from fsl_demo import checkpoints, runtime
from fsl_demo.backbones.cache import FeatureCache
from fsl_demo.core.capabilities import Method
from fsl_demo.core.errors import UserError
from fsl_demo.core.exports import folder_within
from fsl_demo.core.registry import Registry
from fsl_demo.services.review.suggestions import Suggester
from fsl_demo.services.review.suspicions import Suspicions
from fsl_demo.store import Workspace
from fsl_demo.ui import header, ranking
from fsl_demo.ui.board import ID_LENGTH, Board
from fsl_demo.ui.captions import shown_caption
from fsl_demo.ui.context import Asker, Context
from fsl_demo.ui.document import Document
from fsl_demo.ui.drafts import DocumentChange, Drafts, OpenDraft
from fsl_demo.ui.incoming import Uploads
from fsl_demo.ui.job_display import shown_job
from fsl_demo.ui.jobs import Job, Jobs
from fsl_demo.ui.metrics import Metrics
from fsl_demo.ui.requests import Data, Edit, JobRequest, Opening, Panel
from fsl_demo.ui.tabs import REGISTRY, TABS
from fsl_demo.ui.texts import Language

MOST_UNREADABLE = 20
"""Parts of a draft that cannot be shown which are listed."""


class SentEdit(BaseModel):
    """An edit as the browser sends it.

    Attributes:
        n: counts the edits of a browser tab, from 1.
        type: name of the edit.
        values: its fields.
    """

    n: int = Field(ge=1)
    type: str
    values: dict[str, Any]


class Page:
    """Carries out what browsers ask for; all state is in the drafts, the jobs and the workspace.

    Attributes:
        ready: set once the networks are loaded.
        web: the unpacked npm package onnxruntime-web, with which classifiers are taken away as web pages.
    """

    def __init__(
        self,
        workspace: Workspace,
        registry: Registry,
        frame_methods: dict[str, Method] | None = None,
        features: FeatureCache | None = None,
    ) -> None:
        """
        Args:
            frame_methods: the methods as they are used for pictures of which nothing is to be kept.
            features: what the registry's networks share.
        """
        self.workspace, self.registry = workspace, registry
        self.frame_methods = frame_methods or registry.methods
        self.drafts = Drafts(workspace)
        self.jobs = Jobs()
        self.uploads = Uploads(workspace.folder)
        self.suggester, self.suspicions = Suggester(), Suspicions(registry)
        self.features = features or FeatureCache()
        self.web: Path | None = None
        self.ready = threading.Event()
        self.metrics = Metrics(self)

    def exports(self, account: int | None = None) -> Path:
        """Where an account's files for download are written; None is the person at the machine itself."""
        folder = folder_within(self.workspace.folder.resolve() / "exports")
        return folder if account is None else folder_within(folder / f"account-{account}")

    def context(self, draft_id: str, asker: Asker) -> Context:
        """A request about a draft.

        Raises:
            UserError: `draft_missing`.
        """
        return Context(self, self.drafts.get(draft_id, asker.account), asker.language, account=asker.account)

    def open(
        self,
        draft_id: str,
        name: str,
        values: Mapping[str, Any],
        asker: Asker,
    ) -> dict[str, Any]:
        """Open another draft in a page, or the one that it had, or a new one where that is gone."""
        try:
            draft = self.drafts.get(draft_id, asker.account)
        except UserError:
            draft = self.drafts.start(Document(), asker.account)
        context = Context(self, draft, asker.language, account=asker.account)
        with guard(context):
            opening: Opening = _asked(context, "openings", name=name, values=values)
            draft = opening.open(context, self.drafts)
        return {"draft": draft.id, "notices": context.notices.to_json(asker.language)}

    def edit(
        self,
        draft_id: str,
        tab: str,
        edits: Sequence[SentEdit],
        at: str,
        asker: Asker,
    ) -> dict[str, Any]:
        """Make edits that were not made before, in order, and save them.

        Returns:
            The number of the last edit that is in the store, and what is newer than `at`.

        Raises:
            UserError: why nothing could be saved; the edits can be sent again.
        """
        context = self.context(draft_id, asker)
        draft = context.draft
        with draft.lock:
            fresh = [sent for sent in edits if sent.n > draft.taken.get(tab, 0)]
            if fresh:
                changes = [change for sent in fresh if (change := _change(context, sent)) is not None]
                for wrong in draft.make(changes, {tab: max(sent.n for sent in fresh)}):
                    _tell(context, wrong)
                with guard(context):
                    self.refresh(draft)
            newer = self.board(draft, asker.language).since(at)
            draft.answered[tab] = newer["at"]
            return {"taken": draft.taken.get(tab, 0), "notices": context.notices.to_json(asker.language), **newer}

    def panel(
        self,
        draft_id: str,
        name: str,
        values: Mapping[str, Any],
        asker: Asker,
    ) -> dict[str, Any]:
        """The HTML of a panel; None where it cannot be had, which is then told."""
        context, html = self.context(draft_id, asker), None
        with guard(context):
            panel: Panel = _asked(context, "panels", name=name, values=values)
            html = panel.html(context)
        return {"html": html, "notices": context.notices.to_json(asker.language)}

    def data(self, draft_id: str, name: str, values: Mapping[str, Any], asker: Asker) -> dict[str, Any]:
        """What a script reads; None where it cannot be had, which is then told."""
        context, read = self.context(draft_id, asker), None
        with guard(context):
            data: Data = _asked(context, "data", name=name, values=values)
            read = data.values(context)
        return {"data": read, "notices": context.notices.to_json(asker.language)}

    def start(
        self,
        draft_id: str,
        name: str,
        values: Mapping[str, Any],
        asker: Asker,
    ) -> dict[str, Any]:
        """Put a job in line."""
        context, started = self.context(draft_id, asker), ""
        draft = context.draft
        with guard(context):
            request: JobRequest = _asked(context, "jobs", name=name, values=values)
            job = Job(
                name,
                draft=draft.id,
                title=request.title,
                work=request.work(context),
                report=lambda: self.refresh_jobs(draft),
                long=request.long,
            )
            started = self.jobs.start(job).id
        return {"job": started, "notices": context.notices.to_json(asker.language)}

    def board(self, draft: OpenDraft, language: Language) -> Board:
        with draft.lock:
            if language.code not in draft.boards:
                draft.boards[language.code] = (language, Board())
                self.refresh(draft)
            return draft.boards[language.code][1]

    def refresh(self, draft: OpenDraft) -> None:
        """Work out again what pages show of a draft."""
        with draft.lock, checkpoints.one_look():
            document = draft.document
            rows = ranking.rows(document, draft.answers(), names=draft.names(), captions=self.captions(draft))
            order = [query[:ID_LENGTH] for query in document.queries]
            for language, board in draft.boards.values():
                context = Context(self, draft, language)
                parts: dict[str, Any] = {
                    "header": header.part(context),
                    "unreadable": context.render("unreadable.html", parts=document.unreadable, most=MOST_UNREADABLE),
                    "data:classes": [
                        {
                            "key": row.key,
                            "name": row.spec().name or context.say("class_n", n=n),
                            "counts": not row.is_blank(),
                        }
                        for n, row in enumerate(document.classes, start=1)
                    ],
                    "data:draft": {
                        "steps": len(draft.history.steps),
                        "outdated": document.outdated,
                        "episode": document.episode_id,
                    },
                    "data:jobs": self._jobs(context),
                }
                for tab in TABS:
                    parts |= tab.parts(context)
                board.replace_parts(parts)
                board.replace_rows(rows, order)

    def refresh_jobs(self, draft: OpenDraft) -> None:
        """Show how far the jobs of a draft are."""
        for language, board in list(draft.boards.values()):
            board.put_parts({"data:jobs": self._jobs(Context(self, draft, language))})

    def _jobs(self, context: Context) -> list[dict[str, Any]]:
        return [shown_job(context, job) for job in self.jobs.of(context.draft.id)]

    def captions(self, draft: OpenDraft) -> dict[str, tuple[str, bool]]:
        """The caption that is shown of each query that was described, by hash, with whether it is doubtful."""
        missing = [query for query in draft.document.queries if query not in draft.captions]
        if missing:
            stored = self.workspace.captions(missing)
            for query in missing:
                shown = shown_caption(draft.document, stored.get(query, ()))
                caption = shown.captions[0] if shown else None
                draft.captions[query] = (caption.text, caption.doubtful) if caption else None
        return {query: caption for query, caption in draft.captions.items() if caption is not None}


@contextmanager
def guard(context: Context) -> Iterator[None]:
    """Turn whatever goes wrong in a request into a sentence, so that the page stays usable."""
    try:
        with runtime.memory_trouble():
            yield
    except Exception as error:
        if not isinstance(error, UserError):
            logging.getLogger(__name__).exception("a request failed", exc_info=error)
        _tell(context, error)


def _change(context: Context, sent: SentEdit) -> DocumentChange | None:
    """What an edit does to the document; None for one that is not understood, which is told."""
    try:
        edit: Edit = _asked(context, "edits", name=sent.type, values=sent.values)
    except UserError as error:
        context.refuse([error])
        return None
    return DocumentChange(lambda _: edit.apply(context), edit.batch, edit.undoable)


def _asked(context: Context, kind: str, name: str, values: Mapping[str, Any]) -> Any:
    """The request of that name, if whoever asks has the role for it."""
    request = REGISTRY.parse(kind, name, dict(values))
    context.require(request.role)
    return request


def _tell(context: Context, error: Exception | None) -> None:
    if isinstance(error, UserError):
        context.refuse([error])
    elif error is not None:
        context.notices.errors.append(context.unexpected(error))
