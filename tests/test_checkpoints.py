"""Checkpoints are what their cards say, or are refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from fsl_demo import checkpoints
from fsl_demo.errors import UserError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    checkpoints.save("tiny", {"weights": np.arange(6, dtype=np.float32).reshape(2, 3)}, {"seed": 0}, tmp_path)
    return tmp_path


def test_what_is_saved_is_loaded(folder: Path) -> None:
    loaded = checkpoints.load("tiny", folder)
    np.testing.assert_array_equal(loaded.arrays["weights"], [[0, 1, 2], [3, 4, 5]])
    assert loaded.card["parameters"] == 6 and loaded.card["seed"] == 0
    assert loaded.card["bytes"] == (folder / "tiny/model.safetensors").stat().st_size
    assert loaded.sha256 == loaded.card["sha256"]


@pytest.mark.parametrize("damage", ["truncated", "modified", "empty", "card", "card is a list"])
def test_a_damaged_checkpoint_is_refused(folder: Path, damage: str) -> None:
    weights, card = folder / "tiny/model.safetensors", folder / "tiny/card.json"
    data = weights.read_bytes()
    if damage.startswith("card"):
        card.write_text("[]" if "list" in damage else card.read_text()[:-20])
    else:
        weights.write_bytes({"truncated": data[:-4], "modified": data[:-1] + b"\x01", "empty": b""}[damage])
    with pytest.raises(UserError) as refused:
        checkpoints.load("tiny", folder)
    assert refused.value.code == "weights_differ" and "tiny" in str(refused.value)


@pytest.mark.parametrize("absent", ["model.safetensors", "card.json"])
def test_an_absent_file_is_said(folder: Path, absent: str) -> None:
    (folder / "tiny" / absent).unlink()
    with pytest.raises(UserError) as missing:
        checkpoints.load("tiny", folder)
    assert missing.value.code == "weights_missing"


def test_shipped_checkpoints_are_whole_and_documented() -> None:
    shipped = [place.parent for place in checkpoints.FOLDER.glob("*/card.json")]
    assert shipped
    for place in shipped:
        card = checkpoints.load(place.name).card
        assert {"architecture", "preprocessing", "data", "seed", "command", "figures", "parameters"} <= set(card)
        assert json.loads((place / "card.json").read_text(encoding="utf-8"))["bytes"] < 30_000_000
