"""A small part of each script of this folder."""

from __future__ import annotations

import pytest

from tests.hardening import archives, events, kills, sessions


def test_events_drafts_imports_and_cards_with_anything_in_them() -> None:
    tried = events.run(24)
    assert all(count >= 5 for count in tried.values()), tried


def test_zips_with_anything_wrong_in_them() -> None:
    outcomes = archives.run(90, bombs=False)
    assert outcomes["read read"] > 0 and len(outcomes) > 3, outcomes


@pytest.mark.process
@pytest.mark.slow
def test_what_a_killed_server_acknowledged_is_there() -> None:
    outcome = kills.run(2)
    assert outcome["lost"] == 0 and outcome["acknowledged"] > 0, outcome


@pytest.mark.process
@pytest.mark.slow
def test_no_label_of_several_people_is_lost() -> None:
    assert sessions.run(people=4, labels=5)["labels"] == 20
