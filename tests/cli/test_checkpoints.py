"""`checkpoints`: versions and faults on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checkpoints.tiny import NAME, rewrite, save, value
from tests.cli.conftest import Call


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in (1.0, 2.0):
        save(tmp_path, number, data="digits", figures={"validation": {"what": "5-way 1-shot", "accuracy": 0.951}})
    return tmp_path


def test_versions_and_figures_are_listed(call: Call, folder: Path) -> None:
    outcome = call("checkpoints", "list", "--folder", folder)
    assert outcome.code == 0
    header, first, second = outcome.out.splitlines()
    assert header.split()[:2] == ["checkpoint", "version"]
    assert first.split()[:4] == [NAME, "1", "siamese", "digits"]
    assert second.split()[:5] == [NAME, "2", "yes", "siamese", "digits"] and "95.1% 5-way 1-shot" in second
    (entry,) = call("checkpoints", "list", "--folder", folder, "--format", "json").json()
    assert (entry["checkpoint"], entry["in_use"], entry["fault"]) == (NAME, 2, None)
    assert [version["card"]["parameters"] for version in entry["versions"]] == [6, 6]


def test_a_version_is_put_to_use_and_rolled_back(call: Call, folder: Path) -> None:
    outcome = call("checkpoints", "use", NAME, "1", "--folder", folder)
    assert (outcome.code, outcome.out, value(folder)) == (0, f"{NAME}: version 1 is in use\n", 1.0)
    outcome = call("checkpoints", "roll-back", NAME, "--folder", folder)
    assert (outcome.code, outcome.out, value(folder)) == (0, f"{NAME}: version 2 is in use\n", 2.0)


def test_faults_are_sentences_beside_what_is_whole(call: Call, folder: Path) -> None:
    save(folder, name="other", data="letters")
    rewrite(folder / NAME, seed="0")
    outcome = call("checkpoints", "list", "--folder", folder)
    assert outcome.code == 1 and "not usable" in outcome.out and "letters" in outcome.out
    assert f"The card of {NAME} cannot be used (seed:" in outcome.err
    listed = call("checkpoints", "list", "--folder", folder, "--format", "json").json()
    assert [version["fault"] is None for version in listed[1]["versions"]] == [False, True]
    outcome = call("checkpoints", "use", NAME, "1", "--folder", folder)
    assert outcome.code == 1 and "seed" in outcome.err and value(folder) == 2.0


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (("use", NAME, "9"), 1, "no version 9"),
        (("use", "nobody", "1"), 1, "not installed"),
        (("roll-back", "../etc"), 1, "cannot be the name"),
        (("use", NAME, "0"), 2, "1 or more"),
        (("use", NAME, "latest"), 2, "invalid"),
    ],
)
def test_what_cannot_be_done_is_said(
    call: Call, folder: Path, arguments: tuple[str, ...], code: int, part: str
) -> None:
    outcome = call("checkpoints", *arguments, "--folder", folder)
    assert outcome.code == code and part in outcome.err
