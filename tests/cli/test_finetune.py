"""`finetune` and `receipt`: from a workspace's frozen collection to a version and what it is worth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fsl_demo import checkpoints
from fsl_demo.backbones import networks
from fsl_demo.checkpoints import layout
from fsl_demo.core.collections import CollectionLabel
from fsl_demo.store import Workspace
from tests import tuned
from tests.cli.conftest import Call
from tests.tuned import DIGITS


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "FOLDER", tuned.shipped(tmp_path / "checkpoints"))
    monkeypatch.setattr(networks, "Networks", lambda *_: tuned.networks())


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """With the collection "mine", frozen once."""
    folder = tmp_path / "workspace"
    tuned.stored(Workspace(folder))
    return folder


def test_a_collection_becomes_a_version_and_a_receipt(call: Call, workspace: Path, tmp_path: Path) -> None:
    places = ("--workspace", workspace, "--root", tmp_path)
    made = call("finetune", "siamese", "--collection", "mine", "--from", DIGITS, "--epochs", "1", *places)
    assert made.code == 0 and "epoch 1/1  loss" in made.err
    verdict, receipt, use = made.out.splitlines()
    assert verdict.startswith(f"{DIGITS}@2") or f"whether {DIGITS}@2" in verdict or f"by {DIGITS}@2" in verdict
    assert Path(receipt.removeprefix("receipt: ")).is_file() and use.endswith(f"checkpoints use {DIGITS} 2")
    assert checkpoints.entry(DIGITS).in_use == 1
    again = call(
        "finetune",
        "siamese",
        "--collection",
        "mine@1",
        "--from",
        f"{DIGITS}@1",
        "--epochs",
        "1",
        *places,
        "--format",
        "json",
    )
    assert again.code == 0 and "epoch" not in again.err
    out = tmp_path / "out.json"
    asked = call("receipt", f"{DIGITS}@2", "--collection", "mine@1", "--out", out, *places)
    assert asked.code == 0 and asked.out.strip() in verdict
    written = json.loads(out.read_text())
    assert (
        written["figures"] == again.json()["figures"]
        and written["episodes"]["seed"] == again.json()["episodes"]["seed"]
    )
    page = tmp_path / "out.html"
    assert call("receipt", f"{DIGITS}@2", "--collection", "mine", "--out", page, *places).code == 0
    assert page.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("siamese", "--collection", "nobody", "--from", DIGITS), "nobody"),
        (("siamese", "--collection", "mine@7", "--from", DIGITS), "7"),
        (("siamese", "--collection", "mine", "--from", f"{DIGITS}@9"), "has no version 9. There are: 1"),
        (("siamese", "--collection", "mine", "--from", "missing"), "missing"),
        (("can", "--collection", "mine", "--from", DIGITS), "of another method: siamese"),
    ],
)
def test_what_is_not_there_is_said(call: Call, workspace: Path, arguments: tuple[str, ...], sentence: str) -> None:
    refused = call("finetune", *arguments, "--workspace", workspace)
    assert refused.code == 1 and sentence in refused.err


def test_a_collection_that_was_never_frozen_is_said(call: Call, workspace: Path) -> None:
    with_one = Workspace(workspace)
    with_one.collections.create("fresh")
    with_one.collections.add("fresh", {tuned.digits()["one"][0]: [CollectionLabel("one")]})
    refused = call("finetune", "siamese", "--collection", "fresh", "--from", DIGITS, "--workspace", workspace)
    assert refused.code == 1 and "fresh" in refused.err and "reeze" in refused.err


def test_a_bundle_goes_out_and_what_comes_of_it_comes_back(call: Call, workspace: Path, tmp_path: Path) -> None:
    file, place = tmp_path / "mine.zip", ("--workspace", workspace)
    asked = ("siamese", "--collection", "mine", "--from", DIGITS, "--epochs", "1")
    made = call("finetune", *asked, "--bundle", file, *place)
    assert made.code == 0 and "finetune --from-bundle mine.zip" in made.out and file.is_file()
    assert len(checkpoints.entry(DIGITS).versions) == 1
    there = call("finetune", "--from-bundle", file, "--root", tmp_path)
    assert there.code == 0 and there.out.splitlines()[-1].endswith("checkpoints add mine-done.zip")
    assert len(checkpoints.entry(DIGITS).versions) == 1
    added = call("checkpoints", "add", tmp_path / "mine-done.zip")
    assert added.code == 0 and f"{DIGITS}: version 2 is there, and not in use" in added.out
    assert checkpoints.entry(DIGITS).in_use == 1
    both = call("finetune", "can", "--from-bundle", file)
    assert both.code == 1 and "The bundle says method" in both.err
    neither = call("finetune", "can", *place)
    assert neither.code == 1 and "takes METHOD, --collection and --from" in neither.err
