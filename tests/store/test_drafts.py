"""Drafts: revisions, what lies beside them, and two processes on one of them."""

from __future__ import annotations

import pytest

from fsl_demo.core.errors import UserError
from fsl_demo.store import DraftRevision, StaleDraft, Workspace


def test_draft_comes_back(workspace: Workspace) -> None:
    data = {"classes": ["貓", "dog"], "nested": {"x": [1, 2.5, None]}}
    draft = workspace.drafts.create(DraftRevision(data, results=[1], new_steps=[{"title": "a"}], taken={"one": 3}))
    assert (draft.revision, draft.data, draft.results, draft.taken) == (0, data, [1], {"one": 3})
    assert Workspace(workspace.folder).drafts.find(draft.id) == draft
    assert workspace.drafts.find("missing") is None


def test_each_save_is_a_revision_and_results_stay_until_they_are_replaced(workspace: Workspace) -> None:
    draft = workspace.drafts.create(DraftRevision({}, results=["large"]))
    for number in range(1, 4):
        assert workspace.drafts.save(draft.id, DraftRevision({"n": number}), number - 1) == number
    stored = workspace.drafts.find(draft.id)
    assert stored is not None
    assert (stored.revision, stored.data, stored.results) == (3, {"n": 3}, ["large"])
    workspace.drafts.save(draft.id, DraftRevision({}, results=[]), 3)
    assert workspace.drafts.find(draft.id).results == []  # type: ignore[union-attr]


def test_steps_are_cut_and_continued(workspace: Workspace) -> None:
    draft = workspace.drafts.create(DraftRevision({}))
    workspace.drafts.save(draft.id, DraftRevision({}, new_steps=[{"n": 0}, {"n": 1}, {"n": 2}]), 0)
    workspace.drafts.save(draft.id, DraftRevision({}, kept_steps=1, new_steps=[{"n": 9}]), 1)
    assert workspace.drafts.find(draft.id).steps == ({"n": 0}, {"n": 9})  # type: ignore[union-attr]


def test_the_last_edit_of_each_browser_tab_is_known(workspace: Workspace) -> None:
    draft = workspace.drafts.create(DraftRevision({}))
    workspace.drafts.save(draft.id, DraftRevision({}, taken={"one": 4}), 0)
    workspace.drafts.save(draft.id, DraftRevision({}, taken={"two": 1}), 1)
    workspace.drafts.save(draft.id, DraftRevision({}, taken={"one": 6}), 2)
    assert workspace.drafts.find(draft.id).taken == {"one": 6, "two": 1}  # type: ignore[union-attr]


def test_another_process_does_not_overwrite_a_newer_draft(workspace: Workspace) -> None:
    draft = workspace.drafts.create(DraftRevision({}))
    workspace.drafts.save(draft.id, DraftRevision({"by": "one"}), 0)
    with pytest.raises(StaleDraft):
        workspace.drafts.save(draft.id, DraftRevision({"by": "two"}), 0)
    assert workspace.drafts.find(draft.id).data == {"by": "one"}  # type: ignore[union-attr]
    assert workspace.drafts.save(draft.id, DraftRevision({"by": "two"}), 1) == 2


def test_saving_a_draft_that_is_gone(workspace: Workspace) -> None:
    with pytest.raises(UserError) as caught:
        workspace.drafts.save("missing", DraftRevision({}), 0)
    assert caught.value.code == "draft_missing"


def test_recent_drafts_last_saved_first_until_deleted(workspace: Workspace) -> None:
    first, second = workspace.drafts.create(DraftRevision({"n": 1})), workspace.drafts.create(DraftRevision({"n": 2}))
    workspace.drafts.save(first.id, DraftRevision({"n": 3}, results=[1], taken={"one": 1}, new_steps=[{}]), 0)
    assert [draft.data for draft in workspace.drafts.recent()] == [{"n": 3}, {"n": 2}]
    assert len(workspace.drafts.recent(limit=1)) == 1
    workspace.drafts.delete(first.id)
    assert [draft.id for draft in workspace.drafts.recent()] == [second.id]
