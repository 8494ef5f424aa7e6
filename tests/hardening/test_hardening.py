"""A small part of each script of this folder."""

from __future__ import annotations

from tests.hardening import events


def test_events_drafts_imports_and_cards_with_anything_in_them() -> None:
    tried = events.run(48)
    assert all(count >= 10 for count in tried.values()), tried
