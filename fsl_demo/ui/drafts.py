"""The drafts that pages have open: one document each, however many pages show it; every edit is saved."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fsl_demo import store
from fsl_demo.core.accounts import Account
from fsl_demo.core.errors import UserError
from fsl_demo.services.region_check import RegionCheck
from fsl_demo.store import Draft, StaleDraft, Workspace
from fsl_demo.ui import ranking, stored_document
from fsl_demo.ui.board import ID_LENGTH, Board
from fsl_demo.ui.curve import Curve
from fsl_demo.ui.document import Document
from fsl_demo.ui.history import Before, History
from fsl_demo.ui.ranking import QueryAnswer
from fsl_demo.ui.result import Result
from fsl_demo.ui.texts import Language

if TYPE_CHECKING:
    from fsl_demo.evaluation.diagnosis.diagnosis import Diagnosis
    from fsl_demo.ui.diagnosis import Diagnosed

MAX_OPEN = 200
ATTEMPTS = 3
"""To save, while other processes save the same draft."""


@dataclass(frozen=True)
class DocumentChange:
    """A change of a document.

    Attributes:
        make: changes the document that it is given; what it raises leaves the document as it was.
        batch: changes of one batch that follow each other are undone in one step.
        undoable: whether it is a step that can be undone.
    """

    make: Callable[[Document], None]
    batch: str = ""
    undoable: bool = True


class OpenDraft:
    """A draft in memory.

    Attributes:
        account: id of the account that it belongs to; None is the person at the machine itself.
        document: edit it through `make` or `edit` only.
        taken: by browser tab, the number of the last edit that was made.
        boards: what its pages have on view, by language.
        answered: by browser tab, what it has of its board since its last edit was answered.
        proposals: the methods that are proposed for the support pictures that were looked at last.
        captions: of queries that were looked up, by hash, with whether they are doubtful.
        curve: how the fine-tuning goes that was started in it last; None before the first.
        checked: what leave-one-out said of the best regions last, and of which support set.
        diagnosed: what the doctor said last; of collections, by name.
        lock: serialises edits, and what jobs put in.
    """

    def __init__(self, workspace: Workspace, stored: Draft) -> None:
        self.workspace = workspace
        self.id, self.account = stored.id, stored.account
        self.lock = threading.RLock()
        self.boards: dict[str, tuple[Language, Board]] = {}
        self.answered: dict[str, str] = {}
        self.proposals: dict[tuple[str, ...], list[str]] = {}
        self.captions: dict[str, tuple[str, bool] | None] = {}
        self.curve: Curve | None = None
        self.checked: tuple[object, list[RegionCheck]] = (None, [])
        self.diagnosed: Diagnosed | None = None
        self.diagnosed_collections: dict[str, Diagnosis] = {}
        self._names: dict[str, str] = {}
        self._answers: tuple[list[Result], dict[str, QueryAnswer]] = ([], {})
        self._take(stored)

    def _take(self, stored: Draft) -> None:
        self.revision = stored.revision
        self.document = stored_document.read(stored.data, stored.results)
        steps, as_stored = stored_document.read_steps(stored.steps, self.document)
        self.history = History(steps, as_stored)
        self.taken: dict[str, int] = dict(stored.taken)
        lost = any(part.place.startswith(("results", "previous")) for part in self.document.unreadable)
        self._stored_results = ([], []) if lost else (self.document.results, self.document.previous)

    def edit(self, make: Callable[[Document], None]) -> None:
        """Change the document in one step and save it.

        Raises:
            UserError: what `make` raises, or why nothing can be saved; the document is then as it was.
        """
        (wrong,) = self.make([DocumentChange(make)])
        if wrong is not None:
            raise wrong

    def make(self, changes: Sequence[DocumentChange], taken: Mapping[str, int] | None = None) -> list[Exception | None]:
        """Make several changes and save them at once. When another process has saved meanwhile, its state is changed.

        Args:
            taken: by browser tab, the number of the last of these edits.

        Returns:
            For each change what went wrong with it, or None.

        Raises:
            UserError: why nothing can be saved; the document is then as it was.
        """
        with self.lock:
            if self.workspace.drafts.revision(self.id) != self.revision:
                self._reload()
            for left in reversed(range(ATTEMPTS)):
                outcome = [self._make(change) for change in changes]
                self.taken.update(taken or {})
                try:
                    self._save()
                    break
                except UserError as error:
                    self._reload()
                    if not (isinstance(error, StaleDraft) and left):
                        raise
            return outcome

    def undo(self, document: Document) -> None:
        """An edit that takes back the last one."""
        self.history.take_back(document)

    def put_results(self, change: Callable[[Document], None], save: bool) -> None:
        """Let a job put what it found into the document; what is not saved is found again after a crash."""
        with self.lock:
            change(self.document)
            if save:
                try:
                    self._save()
                except StaleDraft:
                    self._reload()
                    change(self.document)
                    self._save()

    def answers(self) -> dict[str, QueryAnswer]:
        """What the methods say of each query, by hash."""
        with self.lock:
            if self._answers[0] is not self.document.results:
                self._answers = (self.document.results, ranking.answers(self.document.results))
            return self._answers[1]

    def names(self) -> dict[str, str]:
        """Names of the pictures, by hash; one that is not stored is called by the beginning of its hash."""
        with self.lock:
            wanted = [*self.document.queries, *self.document.support()]
            missing = [sha for sha in wanted if sha not in self._names]
            if missing:
                self._names |= self.workspace.names(missing)
            unknown = {sha: sha[:ID_LENGTH] for sha in missing if sha not in self._names}
            return self._names | unknown if unknown else self._names

    def _make(self, change: DocumentChange) -> Exception | None:
        before = Before.of(self.document)
        try:
            change.make(self.document)
        except Exception as error:
            self.history.put_back(before, self.document)
            if not isinstance(error, UserError):
                logging.getLogger(__name__).exception("an edit failed", exc_info=error)
            return error
        step = before.step(self.document)
        if step:
            self.document.unsaved = True
        if step and change.undoable:
            self.history.push(step, change.batch)
        return None

    def _save(self) -> None:
        results = (self.document.results, self.document.previous)
        fresh = any(new is not old for new, old in zip(results, self._stored_results, strict=True))
        change = store.DraftRevision(
            data=self.document.to_json(),
            results=self.document.results_json() if fresh else None,
            kept_steps=self.history.saved,
            new_steps=self.history.steps[self.history.saved :],
            taken=self.taken,
        )
        self.revision = self.workspace.drafts.save(self.id, change, self.revision)
        self.history.saved = len(self.history.steps)
        self._stored_results = results

    def _reload(self) -> None:
        stored = self.workspace.drafts.find(self.id)
        if stored is None:
            raise UserError("draft_missing")
        self._take(stored)


class Drafts:
    """Finds the open draft of an id; one that the process does not know (it was restarted) comes from the store."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._open: OrderedDict[str, OpenDraft] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, draft_id: str, account: Account | None = None) -> OpenDraft:
        """
        Args:
            account: who asks.

        Raises:
            UserError: `draft_missing`, for one of somebody else too.
        """
        draft = self._find(draft_id)
        if draft.account != (account.id if account else None):
            raise UserError("draft_missing")
        return draft

    def _find(self, draft_id: str) -> OpenDraft:
        with self._lock:
            known = self._open.get(draft_id)
            if known is not None and self.workspace.drafts.revision(draft_id) is None:  # somebody has deleted it
                del self._open[draft_id]
                known = None
            if known is None:
                stored = self.workspace.drafts.find(draft_id)
                if stored is None:
                    raise UserError("draft_missing")
                known = self._keep(OpenDraft(self.workspace, stored))
            self._open.move_to_end(draft_id)
            return known

    def start(self, document: Document, account: Account | None = None) -> OpenDraft:
        """Open a new draft that holds `document`."""
        first = store.DraftRevision(document.to_json(), document.results_json())
        stored = self.workspace.drafts.create(first, account.id if account else None)
        with self._lock:
            return self._keep(OpenDraft(self.workspace, stored))

    def all(self) -> list[OpenDraft]:
        with self._lock:
            return list(self._open.values())

    def _keep(self, draft: OpenDraft) -> OpenDraft:
        self._open[draft.id] = draft
        while len(self._open) > MAX_OPEN:
            self._open.popitem(last=False)
        return draft
