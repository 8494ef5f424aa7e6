"""Drafts: two tabs, one document."""

import pytest

from fsl_demo.errors import UserError
from fsl_demo.store import StaleDraft, Workspace


def test_draft_comes_back(workspace: Workspace) -> None:
    data = {"classes": ["貓", "dog"], "nested": {"x": [1, 2.5, None]}}
    draft = workspace.create_draft(data)
    assert (draft.revision, draft.tab, draft.data) == (0, "", data)
    assert Workspace(workspace.folder).draft(draft.id) == draft
    assert workspace.draft("missing") is None


def test_each_save_is_a_revision(workspace: Workspace) -> None:
    draft = workspace.create_draft({})
    for number in range(1, 4):
        draft = workspace.save_draft(draft.id, {"n": number}, draft.revision, "one")
        assert (draft.revision, draft.tab) == (number, "one")
    assert workspace.draft(draft.id) == draft


def test_second_tab_does_not_overwrite_a_newer_draft(workspace: Workspace) -> None:
    draft = workspace.create_draft({})
    newer = workspace.save_draft(draft.id, {"by": "one"}, 0, "one")
    with pytest.raises(StaleDraft) as caught:
        workspace.save_draft(draft.id, {"by": "two"}, 0, "two")
    assert caught.value.current == newer == workspace.draft(draft.id)
    taken_over = workspace.save_draft(draft.id, {"by": "two"}, newer.revision, "two")
    assert (taken_over.revision, taken_over.data) == (2, {"by": "two"})


def test_the_same_tab_always_wins(workspace: Workspace) -> None:
    draft = workspace.create_draft({})
    workspace.save_draft(draft.id, {"n": 1}, 0, "one")
    late = workspace.save_draft(draft.id, {"n": 2}, 0, "one")
    assert (late.revision, late.data) == (2, {"n": 2})


def test_saving_a_draft_that_is_gone(workspace: Workspace) -> None:
    with pytest.raises(UserError) as caught:
        workspace.save_draft("missing", {}, 0, "one")
    assert caught.value.code == "draft_missing"


def test_recent_drafts_last_saved_first_until_deleted(workspace: Workspace) -> None:
    first, second = workspace.create_draft({"n": 1}), workspace.create_draft({"n": 2})
    workspace.save_draft(first.id, {"n": 3}, 0, "one")
    assert [draft.data for draft in workspace.recent_drafts()] == [{"n": 3}, {"n": 2}]
    assert len(workspace.recent_drafts(limit=1)) == 1
    workspace.delete_draft(first.id)
    assert [draft.id for draft in workspace.recent_drafts()] == [second.id]
