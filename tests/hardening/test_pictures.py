"""A small part of what `make harden` does to pictures."""

from __future__ import annotations

import pytest

from tests.hardening import pictures


@pytest.mark.process
def test_mutated_pictures_are_read_or_refused_in_words() -> None:
    report = pictures.run(300, seconds=60)
    assert [fault for fault, _ in report.faults if not fault.endswith(" s")] == []
    assert report.megabytes < pictures.MAX_MEGABYTES
    assert report.answers["read"] > 30
    assert report.answers["picture_broken"] > 30
    assert set(report.answers) <= {
        "read",
        "picture_broken",
        "picture_unknown",
        "picture_pixels",
        "picture_kind_unread",
        "picture_costly",
    }


def test_a_mutation_can_be_made_again_from_its_number() -> None:
    files = pictures.seeds()
    assert [pictures.mutated(files, number) for number in range(40)] == [
        pictures.mutated(files, number) for number in range(40)
    ]
    assert len({pictures.mutated(files, number) for number in range(40)}) > 35
