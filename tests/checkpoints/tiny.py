"""A tiny checkpoint, and ways to damage it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from fsl_demo import checkpoints

NAME = "tiny"


def save(folder: Path, value: float = 1.0, name: str = NAME, **card: object) -> Path:
    """A version whose weights are this value. Returns the checkpoint's folder."""
    weights = {"weights": np.full((2, 3), value, np.float32)}
    return checkpoints.save(name, weights, card={"method": "siamese", "seed": 0, **card}, folder=folder)


def value(folder: Path, name: str = NAME) -> float:
    """Of the version in use."""
    return float(checkpoints.load(name, folder).arrays["weights"][0, 0])


def rewrite(home: Path, **fields: Any) -> None:
    """Change fields of the card by hand; None takes one away."""
    card = json.loads((home / "card.json").read_text())
    card = {key: value for key, value in (card | fields).items() if value is not None}
    (home / "card.json").write_text(json.dumps(card))


def replace_weights(home: Path, data: bytes) -> None:
    """Other bytes for weights, with a card that vouches for them."""
    from hashlib import sha256

    (home / "model.safetensors").write_bytes(data)
    rewrite(home, bytes=len(data), sha256=sha256(data).hexdigest())
