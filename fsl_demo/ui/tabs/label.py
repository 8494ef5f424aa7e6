"""The Label tab: one query at a time, by keyboard or mouse; how often each method is right; saving the episode."""

from __future__ import annotations

from typing import Any

from fsl_demo.core.episodes import LabelSource
from fsl_demo.ui import report
from fsl_demo.ui.context import Context
from fsl_demo.ui.document import NONE, GivenLabel
from fsl_demo.ui.fields import Key, Name, Sha
from fsl_demo.ui.requests import Edit, Tab
from fsl_demo.ui.saved_episode import to_episode
from fsl_demo.ui.uploads import move


class Label(Edit):
    """A person's word on a query.

    Attributes:
        answer: a class key, NONE, or "" to take the label back.
        suggestion: the class key that was on view as a suggestion, or "".
        seconds: how long the query was on view.
    """

    query: Sha
    answer: Key
    suggestion: Key = ""
    seconds: float = 0.0
    annotator: Name = ""

    def apply(self, context: Context) -> None:
        document = context.document
        keys = {row.key for row in document.rows()}
        if self.query not in document.queries or self.answer not in {"", NONE, *keys}:
            return
        if not self.answer:
            document.labels.pop(self.query, None)
            return
        suggestion = self.suggestion if self.suggestion in keys else ""
        source: LabelSource = "blind" if not suggestion else "accepted" if suggestion == self.answer else "corrected"
        seconds = round(min(max(self.seconds, 0.0), 86_400.0), 2)
        document.labels[self.query] = GivenLabel(
            answer=self.answer,
            suggestion=suggestion,
            source=source,
            annotator=context.annotator(self.annotator),
            seconds=seconds,
        )


class JoinSupport(Edit):
    """Move a labelled query into the support set of its class."""

    query: Sha

    def apply(self, context: Context) -> None:
        label = context.document.labels.get(self.query)
        if label is not None and label.answer != NONE:
            move(context, "queries", sha=self.query, target=label.answer)


class Save(Edit):
    """Keep the episode in the collection."""

    undoable = False

    def apply(self, context: Context) -> None:
        document = context.document
        labelled = to_episode(document, context.picture)
        labelled.episode.check()
        document.episode_id = context.workspace.save_episode(labelled, document.episode_id or None, context.account)
        document.unsaved = False
        place = context.workspace.folder.resolve() if context.account is None else context.say("tab_collection")
        context.tell("saved", place=place, id=document.episode_id)


def parts(context: Context) -> dict[str, Any]:
    document = context.document
    labelled = sum(query in document.labels for query in document.queries)
    return {
        **report.parts(context),
        "data:label": {"labelled": labelled, "saved": bool(document.episode_id) and not document.unsaved},
    }


TAB = Tab("label", label="tab_label", template="label.html", requests=(Label, JoinSupport, Save), parts=parts)
