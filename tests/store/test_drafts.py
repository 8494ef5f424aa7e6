"""Drafts: revisions, what lies beside them, and two processes on one of them."""

from __future__ import annotations

import pytest

from fsl_demo.core.errors import UserError
from fsl_demo.store import Change, StaleDraft, Workspace


def test_draft_comes_back(workspace: Workspace) -> None:
    data = {"classes": ["貓", "dog"], "nested": {"x": [1, 2.5, None]}}
    draft = workspace.create_draft(Change(data, results=[1], new_steps=[{"title": "a"}], taken={"one": 3}))
    assert (draft.revision, draft.data, draft.results, draft.taken) == (0, data, [1], {"one": 3})
    assert Workspace(workspace.folder).draft(draft.id) == draft
    assert workspace.draft("missing") is None


def test_each_save_is_a_revision_and_results_stay_until_they_are_replaced(workspace: Workspace) -> None:
    draft = workspace.create_draft(Change({}, results=["large"]))
    for number in range(1, 4):
        assert workspace.save_draft(draft.id, Change({"n": number}), number - 1) == number
    stored = workspace.draft(draft.id)
    assert stored is not None
    assert (stored.revision, stored.data, stored.results) == (3, {"n": 3}, ["large"])
    workspace.save_draft(draft.id, Change({}, results=[]), 3)
    assert workspace.draft(draft.id).results == []  # type: ignore[union-attr]


def test_steps_are_cut_and_continued(workspace: Workspace) -> None:
    draft = workspace.create_draft(Change({}))
    workspace.save_draft(draft.id, Change({}, new_steps=[{"n": 0}, {"n": 1}, {"n": 2}]), 0)
    workspace.save_draft(draft.id, Change({}, kept_steps=1, new_steps=[{"n": 9}]), 1)
    assert workspace.draft(draft.id).steps == ({"n": 0}, {"n": 9})  # type: ignore[union-attr]


def test_the_last_edit_of_each_browser_tab_is_known(workspace: Workspace) -> None:
    draft = workspace.create_draft(Change({}))
    workspace.save_draft(draft.id, Change({}, taken={"one": 4}), 0)
    workspace.save_draft(draft.id, Change({}, taken={"two": 1}), 1)
    workspace.save_draft(draft.id, Change({}, taken={"one": 6}), 2)
    assert workspace.draft(draft.id).taken == {"one": 6, "two": 1}  # type: ignore[union-attr]


def test_another_process_does_not_overwrite_a_newer_draft(workspace: Workspace) -> None:
    draft = workspace.create_draft(Change({}))
    workspace.save_draft(draft.id, Change({"by": "one"}), 0)
    with pytest.raises(StaleDraft):
        workspace.save_draft(draft.id, Change({"by": "two"}), 0)
    assert workspace.draft(draft.id).data == {"by": "one"}  # type: ignore[union-attr]
    assert workspace.save_draft(draft.id, Change({"by": "two"}), 1) == 2


def test_saving_a_draft_that_is_gone(workspace: Workspace) -> None:
    with pytest.raises(UserError) as caught:
        workspace.save_draft("missing", Change({}), 0)
    assert caught.value.code == "draft_missing"


def test_recent_drafts_last_saved_first_until_deleted(workspace: Workspace) -> None:
    first, second = workspace.create_draft(Change({"n": 1})), workspace.create_draft(Change({"n": 2}))
    workspace.save_draft(first.id, Change({"n": 3}, results=[1], taken={"one": 1}, new_steps=[{}]), 0)
    assert [draft.data for draft in workspace.recent_drafts()] == [{"n": 3}, {"n": 2}]
    assert len(workspace.recent_drafts(limit=1)) == 1
    workspace.delete_draft(first.id)
    assert [draft.id for draft in workspace.recent_drafts()] == [second.id]
