"""Checkpoints are what their cards say, or are refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fsl_demo import checkpoints
from fsl_demo.backbones.trained import TrainedNetwork
from fsl_demo.core.errors import UserError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    checkpoints.save(
        "tiny", {"weights": np.arange(6, dtype=np.float32).reshape(2, 3)}, card={"seed": 0}, folder=tmp_path
    )
    return tmp_path


def test_what_is_saved_is_loaded(folder: Path) -> None:
    loaded = checkpoints.load("tiny", folder)
    np.testing.assert_array_equal(loaded.arrays["weights"], [[0, 1, 2], [3, 4, 5]])
    assert loaded.card.parameters == 6 and loaded.card.seed == 0
    assert loaded.card.bytes == (folder / "tiny/model.safetensors").stat().st_size
    assert loaded.sha256 == loaded.card.sha256


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


def altered(folder: Path, card: dict[str, Any], arrays: dict[str, np.ndarray] | None = None) -> TrainedNetwork:
    """A shipped checkpoint with other entries on its card, and other arrays."""
    shipped = checkpoints.load("can_faces")
    kept = {key: value for key, value in shipped.card.as_dict().items() if key not in ("parameters", "bytes", "sha256")}
    given = {key: value for key, value in (kept | card).items() if value is not None}
    return TrainedNetwork(checkpoints.save("altered", dict(shipped.arrays) | (arrays or {}), card=given, folder=folder))


@pytest.mark.parametrize(
    "card",
    [
        {"architecture": {"backbone": "twin", "preprocessing": "ink28", "dimension": 32}},
        {"architecture": {"backbone": "resnet10", "preprocessing": "face64", "dimension": 128}},
        {"architecture": {"backbone": "lenet", "preprocessing": "face64", "dimension": 256}},
        {"size": [7, 7]},
    ],
)
def test_weights_that_do_not_fit_the_card_are_said(tmp_path: Path, card: dict[str, Any]) -> None:
    with pytest.raises(UserError) as refused:
        altered(tmp_path, card).load()
    assert refused.value.code == "card_differs" and "altered" in str(refused.value)


def test_a_map_size_that_the_attention_does_not_fit_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        altered(tmp_path, {"size": [7, 7]}).attention()
    assert refused.value.code == "card_differs" and "attention" in str(refused.value)


def test_an_embedder_may_be_another_checkpoint_s(tmp_path: Path) -> None:
    borrowing, lending = TrainedNetwork("can_faces"), TrainedNetwork("siamese_faces")
    for name, value in lending.load().state_dict().items():
        assert torch.equal(value, borrowing.load().state_dict()[name])
    assert borrowing.attention() is not None and borrowing.weights != lending.weights
    for embedder in ({"name": "siamese_faces", "sha256": "0" * 64}, {"name": "absent", "sha256": "0" * 64}):
        with pytest.raises(UserError) as refused:
            altered(tmp_path, {"embedder": embedder})
        assert refused.value.code == ("weights_missing" if embedder["name"] == "absent" else "card_differs")


@pytest.mark.parametrize(
    "card",
    [{"architecture": None}, {"size": None}, {"size": "large"}, {"architecture": {}}, {"embedder": {"name": "absent"}}],
)
def test_a_card_that_says_too_little_is_said(tmp_path: Path, card: dict[str, Any]) -> None:
    with pytest.raises(UserError) as refused:
        altered(tmp_path, card)
    assert refused.value.code == "card_incomplete"


def test_shipped_checkpoints_are_whole_and_documented() -> None:
    shipped = [place.parent for place in checkpoints.FOLDER.glob("*/card.json")]
    assert shipped
    assert sum((place / "model.safetensors").stat().st_size for place in shipped) <= 60_000_000
    for place in shipped:
        card = checkpoints.load(place.name).card
        assert {"architecture", "preprocessing", "data", "seed", "command", "figures", "parameters"} <= set(
            card.as_dict()
        )
        assert json.loads((place / "card.json").read_text(encoding="utf-8"))["bytes"] <= 16_000_000
