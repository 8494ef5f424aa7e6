"""Checkpoints: `<name>/model.safetensors` and `card.json`, which names the hash of the weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fsl_demo.core import shipped
from fsl_demo.core.errors import UserError

FOLDER = shipped.CHECKPOINTS


@dataclass(frozen=True)
class Checkpoint:
    """Verified weights and their card.

    Attributes:
        arrays: by name.
        card: architecture, data, split, seed, command, figures, size, sha256.
        sha256: of model.safetensors.
    """

    arrays: Mapping[str, np.ndarray]
    card: Mapping[str, Any]
    sha256: str


def load(name: str, folder: Path = FOLDER) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        UserError: `weights_missing`, or `weights_differ` when the weights are not the ones on the card.
    """
    from safetensors.numpy import load as parse

    try:
        card = json.loads((folder / name / "card.json").read_text(encoding="utf-8"))
        data = (folder / name / "model.safetensors").read_bytes()
    except OSError as error:
        raise UserError("weights_missing", name=name) from error
    except ValueError as error:
        raise UserError("weights_differ", name=name) from error
    sha256 = hashlib.sha256(data).hexdigest()
    if not isinstance(card, dict) or sha256 != card.get("sha256"):
        raise UserError("weights_differ", name=name)
    return Checkpoint(parse(data), card, sha256)


def of_method(method: str, folder: Path = FOLDER) -> list[str]:
    """Names of the checkpoints whose cards are of this method, in order."""
    names = []
    for file in sorted(folder.glob("*/card.json")):
        with suppress(OSError, ValueError, AttributeError):
            if json.loads(file.read_text(encoding="utf-8")).get("method") == method:
                names.append(file.parent.name)
    return names


def save(name: str, arrays: Mapping[str, np.ndarray], card: Mapping[str, Any], folder: Path = FOLDER) -> Path:
    """Write a checkpoint; size, parameters and hash are added to the card. Returns its folder."""
    from safetensors.numpy import save as serialise

    data = serialise({key: np.ascontiguousarray(array) for key, array in arrays.items()})
    target = folder / name
    target.mkdir(parents=True, exist_ok=True)
    (target / "model.safetensors").write_bytes(data)
    added = {
        "parameters": int(sum(array.size for array in arrays.values())),
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    text = json.dumps({"name": name, **card, **added}, ensure_ascii=False, indent=2)
    (target / "card.json").write_text(text + "\n", encoding="utf-8")
    return target
