"""`doctor` and `methods`: what is there, and what is wrong with it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fsl_demo import checkpoints, runtime
from fsl_demo.backbones.efficientnet_lite0 import EfficientNetLite0
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import ingest
from fsl_demo.store import Workspace
from tests.checkpoints.tiny import rewrite
from tests.cli.conftest import Call


@pytest.fixture(autouse=True)
def device_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_device", "cpu")


def test_all_is_well(call: Call, queries: Path, tmp_path: Path) -> None:
    Workspace(tmp_path).add_picture(ingest(queries / "brick 1.png"))
    outcome = call("doctor", "--workspace", tmp_path, "--format", "json")
    assert outcome.code == 0
    findings = outcome.json()
    assert findings["faults"] == []
    assert "cpu" in findings["devices"]
    assert findings["packages"]["torch"].startswith("2.")
    assert all("sha256" in state for state in findings["weights"].values())
    assert findings["methods"][:2] == ["prototype", "asif"]
    assert "whole" in findings["workspace"]


@pytest.mark.slow
def test_faults_are_listed(call: Call, queries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Workspace(tmp_path).add_picture(ingest(queries / "brick 1.png"))
    (stored,) = (file for file in (tmp_path / "blobs").rglob("*") if file.is_file())
    stored.write_bytes(b"damaged")

    def lost(self: EfficientNetLite0, progress: object = None) -> None:
        raise UserError("weights_missing", name="EfficientNet-Lite0")

    monkeypatch.setattr(EfficientNetLite0, "load", lost)
    outcome = call("doctor", "--workspace", tmp_path)
    assert outcome.code == 1
    assert "not usable" in outcome.out
    assert "`make install`" in outcome.out
    assert "1 faults" in outcome.out


@pytest.mark.slow
def test_a_workspace_that_is_none(call: Call, tmp_path: Path) -> None:
    outcome = call("doctor", "--workspace", tmp_path / "none")
    assert outcome.code == 0
    assert "none yet" in outcome.out
    assert not (tmp_path / "none").exists()
    (tmp_path / "fsl_demo.db").write_bytes(b"this is no database, whatever its name says" * 100)
    outcome = call("doctor", "--workspace", tmp_path)
    assert outcome.code == 1
    assert "damaged" in outcome.out


@pytest.mark.usefixtures("shared")
def test_methods(call: Call) -> None:
    table = call("methods").out
    assert "asif.blend" in table
    assert "automatic" in table
    cards = {card["id"]: card for card in call("methods", "--format", "json").json()}
    assert (cards["prototype"]["needs"], cards["asif"]["needs"]) == ("pictures", "pictures or text")
    assert cards["asif"]["reads_text"] is True
    for card in cards.values():
        assert card["paper"]
        for setting in card["settings"]:
            assert set(setting) - {"name", "default", "help", "kind", "label"} in (
                {"low", "high", "step"},
                {"choices"},
                {"example", "usual"},
                {"example"},
            )


@pytest.mark.usefixtures("device_as_it_was")
def test_a_faulty_checkpoint_is_named_and_the_others_are_read(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "checkpoints"
    shutil.copytree(checkpoints.FOLDER / "siamese_digits", folder / "siamese_digits")
    shutil.copytree(checkpoints.FOLDER / "siamese_digits", folder / "mine")
    rewrite(folder / "mine", seed="0")
    monkeypatch.setattr(checkpoints.layout, "FOLDER", folder)
    outcome = call("doctor", "--workspace", tmp_path / "none", "--format", "json")
    assert outcome.code == 1
    findings = outcome.json()
    assert any("The card of mine cannot be used (seed" in fault for fault in findings["faults"])
    assert findings["weights"]["mine"] == "not usable" and "sha256" in findings["weights"]["siamese_digits"]
