"""The open tabs: which document each browser tab works on, and saving it as a draft after every edit."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fsl_demo.errors import UserError
from fsl_demo.store import StaleDraft, Workspace
from fsl_demo.ui.document import Document
from fsl_demo.ui.searches import Searches

MAX_TABS = 200


@dataclass
class Tab:
    """One browser tab, and what it looks at.

    Attributes:
        conflict: another tab saved a newer draft; this one is no longer saved until the person chooses.
        batch, refused: the upload in progress, which comes in parts and is one step to undo; what it left out so far.
        sentences: keys of the classes whose sentences are on view.
        sort, page: of the results table.
        selected: the explained cell: query, method, class key or "", support picture or "".
        point: the place on a picture of the explanation whose attention is on view: x, y, "query" or "support".
        phrase: what is looked for on the explained query, in place of a class.
        caption: the caption on view in place of an explanation: query, captioner or "", its rank among the
            candidates, and the word whose map is shown, or -1 for the first that says something.
        blank: a sentence with a blank, about the query whose details are on view.
        blank_word: the word of it whose map is shown, or -1 for the blank.
        cursor, shown_at: the query being labelled, and since when (monotonic seconds).
        opened: the cell of a confusion matrix on view: method, true class, predicted class.
        filters, deleted: of the collection; the episode whose deletion can be undone.
        searches: what was searched for, and what is ticked.
        lock: serialises edits and the end of a prediction.
        stop: ends what runs in the background: a prediction, captions, a search, a download.
    """

    id: str
    draft_id: str
    revision: int
    document: Document
    conflict: bool = False
    batch: str = ""
    refused: list[UserError] = field(default_factory=list)
    sentences: set[str] = field(default_factory=set)
    sort: str = "order"
    page: int = 0
    selected: tuple[str, str, str, str] = ("", "", "", "")
    point: tuple[float, float, str] | None = None
    phrase: str = ""
    caption: tuple[str, str, int, int] = ("", "", 0, -1)
    blank: str = ""
    blank_word: int = -1
    cursor: str = ""
    shown_at: float = 0.0
    opened: tuple[str, str, str] = ("", "", "")
    filters: dict[str, Any] = field(default_factory=dict)
    deleted: str = ""
    searches: Searches = field(default_factory=Searches)
    lock: threading.RLock = field(default_factory=threading.RLock)
    stop: threading.Event = field(default_factory=threading.Event)


class Desk:
    """Finds the tab of a request; a tab that the process does not know (it was restarted) comes from its draft."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._tabs: OrderedDict[str, Tab] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, tab_id: str, draft_id: str | None) -> Tab:
        """Open a draft in a tab; a new draft when there is none of that id."""
        draft = self.workspace.draft(draft_id) if draft_id else None
        if draft is None:
            draft = self.workspace.create_draft(Document().to_json())
        return self._put(Tab(tab_id, draft.id, draft.revision, Document.from_json(draft.data)))

    def start(self, tab_id: str, document: Document) -> Tab:
        """Open a new draft that holds `document`."""
        draft = self.workspace.create_draft(document.to_json())
        return self._put(Tab(tab_id, draft.id, draft.revision, document))

    def tab(self, tab_id: str, draft_id: str | None = None) -> Tab:
        with self._lock:
            tab = self._tabs.get(tab_id)
            if tab is not None:
                self._tabs.move_to_end(tab_id)
                return tab
        return self.open(tab_id, draft_id)

    @contextmanager
    def edit(self, tab: Tab) -> Iterator[Document]:
        """Edit a tab's document and save it. A newer draft from another tab sets `tab.conflict` instead."""
        with tab.lock:
            yield tab.document
            tab.document.unsaved = True
            self.save(tab)

    def save(self, tab: Tab) -> None:
        if tab.conflict:
            return
        try:
            draft = self.workspace.save_draft(tab.draft_id, tab.document.to_json(), tab.revision, tab.id)
            tab.revision = draft.revision
        except StaleDraft:
            tab.conflict = True

    def _put(self, tab: Tab) -> Tab:
        with self._lock:
            self._tabs[tab.id] = tab
            while len(self._tabs) > MAX_TABS:
                self._tabs.popitem(last=False)
        return tab
